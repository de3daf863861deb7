"""Draws the cases of a phase as they happened, from a member and its expected cases (nothing is reported yet)."""

from __future__ import annotations

import math
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from mekong.producers.simulation.calendar import PHI
from mekong.producers.simulation.goods import lines
from mekong.producers.simulation.members import Member
from mekong.producers.simulation.phases import Phase, scope
from mekong.producers.simulation.scene import Fixed, scene

TWINS = 0.013
"""Share of the rows that are identical in all fields to another case's: measured in real files (they are different cases)."""
_LARGE = 30.0
_TIMED = {"live": 0.8, "desk": 0.45, "weekly": 0.15}
"""Share of the cases whose time of day is known, by habit. Invented."""
_HOURS = (2, 2, 1, 1, 2, 3, 5, 6, 8, 9, 9, 8, 6, 7, 8, 8, 7, 6, 5, 4, 4, 3, 3, 2)  # invented: more by day


class Case(NamedTuple):
    """One case as it happened. ``at`` is local time; ``content`` holds the other fields of a seizure."""

    agency: str
    group: str
    at: datetime
    content: dict[str, Any]
    plant: int | None = None
    """The plant that the case is part of. None: a usual case."""
    known_to: str = "time"
    """How exactly the agency knows the time: ``time``, ``day`` or ``month``."""
    number: str = ""
    joint: str | None = None
    """The number of another agency's case that it belongs with."""


def base_cases(chance: Random, phase: Phase, member: Member, rates: dict[str, list[float]]) -> list[Case]:
    """The usual cases. ``rates`` has the expected cases of each group by day; the count of a day is negative binomial."""
    found: list[Case] = []
    for index in range(phase.days):
        by_group = {group: days[index] for group, days in rates.items()}
        for _ in range(_overdispersed(chance, sum(by_group.values()))):
            group = chance.choices(list(by_group), list(by_group.values()))[0]
            case = one_case(chance, phase, member, group, index)
            found.append(case)
            if chance.random() < TWINS / (1 - TWINS):
                found.append(case)
    return found


def one_case(
    chance: Random,
    phase: Phase,
    member: Member,
    group: str,
    day: int,
    *,
    fixed: Fixed = Fixed(),  # noqa: B008 - a NamedTuple cannot change
    only: str | None = None,
    plant: int | None = None,
) -> Case:
    """One case on a day of the phase."""
    hour = chance.choices(range(24), _HOURS)[0]
    at = datetime.combine(phase.start + timedelta(days=day), time(hour, chance.randrange(60)), member.zone)
    content = {**scene(chance, member, group, fixed), "lines": lines(chance, group, scope(phase), only=only)}
    known_to = "time" if chance.random() < _TIMED[member.ways.habit] else "day"
    return Case(member.agency, group, at, content, plant, known_to)


def poisson(chance: Random, mean: float) -> int:
    """A Poisson count: products of uniforms (Knuth), large means in parts."""
    found = 0
    while mean > _LARGE:
        found += poisson(chance, _LARGE)
        mean -= _LARGE
    bound, product = math.exp(-mean), chance.random()
    while product > bound:
        found += 1
        product *= chance.random()
    return found


def _overdispersed(chance: Random, mean: float) -> int:
    """A count with mean ``mean`` and variance ``PHI * mean``: Poisson with a gamma mean."""
    return poisson(chance, chance.gammavariate(mean / (PHI - 1), PHI - 1)) if mean > 0 else 0
