"""Decides what to plant in a phase from its rates, and draws the cases of a plant.

The size of a burst or rise is a multiple of the standard deviation of the simulation itself. So some plants are easy to see and some
are hard. An agency has one plant, so the truth of a series is one plant. Plants are 15 % of the phase at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import NamedTuple

from mekong.producers.simulation.calendar import PHI
from mekong.producers.simulation.cases import Case, one_case
from mekong.producers.simulation.goods import RESERVED, measured
from mekong.producers.simulation.members import Member
from mekong.producers.simulation.phases import GROUPS, Phase
from mekong.producers.simulation.scene import RESERVED_CONCEALMENT, RESERVED_ORIGINS, Fixed, places
from mekong.producers.simulation.truth import EXPECT, Kind, Planted

Rates = Mapping[tuple[str, str], list[float]]
"""(agency, group) -> expected cases of each day."""

COUNTS: dict[Kind, int] = {
    "giant": 2,
    "burst": 4,
    "silence": 2,
    "new_route": 2,
    "bulk_dump": 1,
    "rise": 3,
    "new_concealment": 2,
    "new_substance": 1,
    "network_rise": 1,
}
"""At the size of phase V; fewer in smaller phases, one of each at least while there is room."""
_FULL = 1715
_ROOM = 0.15
_QUIET_START, _QUIET_END = 42, 10  # days of a phase without plants, so that there is a past to differ from, and time to report
_WEEK = 7
_LONGEST = 42  # days of a silence that ends
_FOR_GOOD = 0.5  # of the silences last to the end of the phase
_A_WEEK: dict[Kind, float] = {"silence": 1.5, "bulk_dump": 2.0, "rise": 1.0}  # cases that an agency must have
_A_WEEK_ELSE = 0.5
_GIANTS = (
    ("fauna", measured("fauna", "Carcharhinus falciformis", "FIN", "11900", "kg")),
    ("drug", measured("drug", "Methamphetamine", None, "1480", "kg")),
    ("fauna", measured("fauna", "Manis spp.", "SCA", "3200", "kg")),
    ("timber", measured("timber", "Dalbergia cochinchinensis", "LOG", "58", "t")),
    ("drug", measured("drug", "Ketamine", None, "960", "kg")),
)


class Plan(NamedTuple):
    """One thing to plant. ``members`` has several only where it is the network's."""

    kind: Kind
    members: tuple[Member, ...]
    group: str | None
    first: int
    """Days from the start of the phase."""
    days: int
    size: int
    expected: float
    fixed: Fixed = Fixed()
    only: str | None = None
    giant: Mapping[str, object] | None = None

    @property
    def span(self) -> range:
        """Its days, counted from the start of the phase."""
        return range(self.first, self.first + self.days)


def plan(chance: Random, phase: Phase, members: Sequence[Member], rates: Rates) -> list[Plan]:
    """What to plant in the phase; nothing where the phase has no room."""
    free = list(members)
    found: list[Plan] = []
    for kind, most in COUNTS.items():
        for _ in range(min(most, max(1, round(most * phase.totals.cases / _FULL)))):
            able = [member for member in free if _able(kind, phase, member, rates)]
            if not able or phase.days <= 2 * _QUIET_START:
                continue
            one = _planned(chance, kind, phase, able, rates)
            if sum(each.size for each in [*found, one] if each.kind != "bulk_dump") > _ROOM * phase.totals.cases:
                continue
            found.append(one)
            free = [member for member in free if one.kind == "network_rise" or member not in one.members]
    return found


def plant(chance: Random, phase: Phase, plans: Sequence[Plan]) -> Iterator[Case]:
    """The cases that the plans add; a bulk dump and a silence add none."""
    for number, one in enumerate(plans):
        if one.kind in {"bulk_dump", "silence"} or one.group is None:
            continue
        for index in range(one.size):
            member = one.members[index % len(one.members)]
            day = chance.choice(one.span)
            case = one_case(chance, phase, member, one.group, day, fixed=one.fixed, only=one.only, plant=number)
            yield case._replace(content={**case.content, "lines": [one.giant]}) if one.giant else case


def silent(plans: Sequence[Plan]) -> set[tuple[str, int]]:
    """(agency, day) on which nothing is seized."""
    return {(one.members[0].agency, day) for one in plans if one.kind == "silence" for day in one.span}


def truth(phase: Phase, one: Plan) -> Planted:
    """The line of the truth file, without its cases."""
    bucket = {1: "day", _WEEK: "week"}.get(one.days, "days")
    detail = {key: str(value) for key, value in one.fixed._asdict().items() if value}
    return Planted.model_validate(
        {
            "kind": one.kind,
            "expect": EXPECT[one.kind],
            "agency": one.members[0].agency if one.kind != "network_rise" else None,
            "commodity_group": one.group,
            "bucket": bucket,
            "start": phase.start + timedelta(days=one.first),
            "end": phase.start + timedelta(days=one.span[-1]),
            "size": one.size,
            "expected": round(one.expected, 3),
            "detail": {**detail, "substance_or_taxon": one.only} if one.only else detail,
        }
    )


def _planned(chance: Random, kind: Kind, phase: Phase, able: Sequence[Member], rates: Rates) -> Plan:
    if kind == "network_rise":
        return _network_rise(chance, phase, able, rates)
    member = chance.choice(able)
    lengths = {"burst": 1, "rise": _WEEK, "giant": 1, "bulk_dump": chance.randint(14, 21), "silence": chance.randint(28, _LONGEST)}
    days = lengths.get(kind, 10)
    first = chance.randint(_QUIET_START, phase.days - _QUIET_END - days)
    if kind == "silence" and chance.random() < _FOR_GOOD:
        first = chance.randint(_QUIET_START, phase.days - _LONGEST)
        days = phase.days - first
    if kind in {"silence", "bulk_dump"}:
        gap = Plan(kind, (member,), None, first, days, 0, 0.0)
        return gap._replace(expected=_sum(rates, (member,), None, gap.span))
    if kind == "giant":
        group, line = chance.choice([one for one in _GIANTS if rates[member.agency, one[0]][0] > 0])
        port = next((place.code for place in places(member.country) if place.fields["kind"] == "port"), None)
        fixed = Fixed(place=port, transport="maritime" if port else "air")
        return Plan(kind, (member,), group, first, 1, 1, _sum(rates, (member,), group, range(first, first + 1)), fixed, None, line)
    group = "drug" if kind == "new_substance" else _group(chance, member, rates)
    found = Plan(kind, (member,), group, first, days, 0, _sum(rates, (member,), group, range(first, first + days)))
    if kind in {"burst", "rise"}:
        size = _size(chance, found.expected, (4, 6, 8, 10) if kind == "burst" else (3, 4, 6), 4 if kind == "burst" else 6)
        return found._replace(size=size, fixed=_alike(chance, member))
    return _new(chance, found)


def _new(chance: Random, found: Plan) -> Plan:
    """A route, concealment or substance that is met nowhere else in the phase."""
    country = found.members[0].country
    if found.kind == "new_route":
        return found._replace(size=3, fixed=Fixed(origin=chance.choice(RESERVED_ORIGINS), destination=country))
    if found.kind == "new_concealment":
        return found._replace(size=3, fixed=Fixed(concealment=chance.choice(RESERVED_CONCEALMENT)))
    return found._replace(size=2, only=chance.choice(RESERVED))


def _network_rise(chance: Random, phase: Phase, able: Sequence[Member], rates: Rates) -> Plan:
    """A week in which one group rises at many members by a little each."""
    first = chance.randint(_QUIET_START, phase.days - _QUIET_END - _WEEK)
    group = "fauna" if any(rates[member.agency, "fauna"][0] > 0 for member in able) else "drug"
    able = [member for member in able if rates[member.agency, group][0] > 0]
    expected = sum(sum(days[first : first + _WEEK]) for (_, one), days in rates.items() if one == group)
    chosen = tuple(chance.sample(able, min(8, len(able))))
    return Plan("network_rise", chosen, group, first, _WEEK, _size(chance, expected, (4, 6), 6), expected)


def _size(chance: Random, expected: float, multiples: Sequence[int], least: int) -> int:
    return max(least, math.ceil(chance.choice(multiples) * math.sqrt(PHI * expected)))


def _alike(chance: Random, member: Member) -> Fixed:
    """In two of three plants the cases have the same place and transport, so that something stands out."""
    here = places(member.country)
    if not here or chance.random() > 2 / 3:
        return Fixed()
    place = chance.choice(here)
    transport = {"airport": ("air", "postal_express"), "port": ("maritime",), "border_gate": ("truck_van", "car_motorcycle")}
    return Fixed(place=place.code, transport=chance.choice(transport[place.fields["kind"]]))


def _group(chance: Random, member: Member, rates: Rates) -> str:
    """A group that the agency reports: drugs in two of three, else wildlife."""
    has = [group for group in ("drug", "fauna") if rates[member.agency, group][0] > 0]
    return has[0] if len(has) == 1 or chance.random() < 2 / 3 else has[1]


def _able(kind: Kind, phase: Phase, member: Member, rates: Rates) -> bool:
    """Whether the agency reports enough cases, and enough of the group that the plant needs."""
    if kind == "bulk_dump" and member.ways.habit == "weekly":
        return False  # each of its weeks is one
    if kind == "new_substance" and not rates[member.agency, "drug"][0]:
        return False
    cases = sum(sum(rates[member.agency, group]) for group in GROUPS)
    return cases * _WEEK / phase.days >= _A_WEEK.get(kind, _A_WEEK_ELSE)


def _sum(rates: Rates, members: Sequence[Member], group: str | None, span: range) -> float:
    groups = (group,) if group else GROUPS
    return sum(rates[member.agency, one][day] for member in members for one in groups for day in span)
