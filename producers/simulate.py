"""Simulates a phase from a seed: canonical messages in order of arrival, and the truth about what was planted.

The same arguments give the same messages, except for the last digits of a platform's logarithm. Random generators are made only here.
Each part of the simulation has its own generator, named after the part, so a change in one part does not change the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from random import Random
from typing import NamedTuple

from mekong.producers.simulation.calendar import shape
from mekong.producers.simulation.cases import TWINS, Case, base_cases
from mekong.producers.simulation.exchange import EventId, joined, warnings
from mekong.producers.simulation.history import WITHDRAWN, Reported, Sent, messages, reported
from mekong.producers.simulation.members import Member, expected, members_of
from mekong.producers.simulation.phases import Phase, by_group, phase_named
from mekong.producers.simulation.plants import Plan, Rates, plan, plant, silent, truth
from mekong.producers.simulation.truth import Planted
from mekong.schemas.messages import MESSAGE, Correction, Feedback, Seizure, Warning, Withdrawal

_SLOPE = 0.15
AnyMessage = Seizure | Correction | Withdrawal | Warning | Feedback


class Simulated(NamedTuple):
    """A simulated phase."""

    phase: Phase
    members: tuple[Member, ...]
    messages: list[tuple[datetime, AnyMessage]]
    """(arrives_at, message), in order of arrival."""
    truth: list[Planted]
    """What was planted, in order of its first day."""


def simulate(
    phase: str,
    seed: int,
    *,
    cases: int | None = None,
    start: date | None = None,
    planted: bool = True,
    event_id: EventId | None = None,
) -> Simulated:
    """One phase (``V`` or ``OMD-V``) of 154 days.

    ``cases`` scales it to another expected number of cases, ``start`` moves its first day. ``planted=False`` plants nothing: a world
    in which every SPIKE is a false one. ``event_id`` gives the ids that the deployment makes of agency and case number; without it
    nothing can refer to a case, so feedback and the ``related_to`` of joint cases are left out, and all else is the same.
    Raises Refused for a phase that is not known, or fewer cases than 1.
    """
    what = phase_named(phase, cases, start)
    dice = _Dice(f"{what.code}/{seed}")
    members = members_of(what)
    wanted = by_group(what.totals)
    shapes = _shapes(what, members, dice)
    anyhow = _rates(members, wanted, shapes)
    plans = plan(dice.of("plants"), what, members, anyhow) if planted else []
    plans.sort(key=lambda one: (one.first, one.kind))
    rates = _rates(members, _without(wanted, anyhow, plans), shapes)
    happened = _happened(what, members, rates, plans, dice, seed)
    found = _reported(what, members, happened, plans, dice)
    sent = _sent(what, members, found, dice, event_id)
    return Simulated(what, members, [(at, MESSAGE.validate_python(message)) for at, message in sent], _truth(what, plans, found))


class _Dice:
    """A generator for each purpose, all of one seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def of(self, purpose: str) -> Random:
        return Random(f"{self._seed}/{purpose}")  # noqa: S311 - a simulation, no secret


def _shapes(phase: Phase, members: Sequence[Member], dice: _Dice) -> dict[str, list[float]]:
    """How the cases of each agency fall on the days; each rises or falls a little over the phase."""
    slopes = {member.agency: dice.of(f"slope/{member.agency}").uniform(-_SLOPE, _SLOPE) for member in members}
    return {member.agency: shape(member.country, phase.start, phase.days, slopes[member.agency]) for member in members}


def _rates(members: Sequence[Member], groups: dict[str, float], shapes: Mapping[str, list[float]]) -> Rates:
    totals = expected(tuple(members), groups)
    return {(agency, group): [total * day for day in shapes[agency]] for (agency, group), total in totals.items()}


def _without(wanted: dict[str, float], rates: Rates, plans: Sequence[Plan]) -> dict[str, float]:
    """The usual cases. With plants, silences, twins and withdrawals, they give the published totals."""
    lost = silent(plans)
    found = {}
    for group, total in wanted.items():
        added = sum(one.size for one in plans if one.group == group)
        missing = sum(rates[agency, group][day] for agency, day in sorted(lost))
        found[group] = max(0.0, total - added + missing) * (1 - TWINS) / (1 - WITHDRAWN)
    return found


def _happened(phase: Phase, members: Sequence[Member], rates: Rates, plans: Sequence[Plan], dice: _Dice, seed: int) -> list[Case]:
    """Every case, numbered by agency in order of time."""
    lost = silent(plans)
    cases = list(plant(dice.of("planted"), phase, plans))
    for member in members:
        own = {
            group: [0.0 if (agency, day) in lost else one for day, one in enumerate(days)]
            for (agency, group), days in rates.items()
            if agency == member.agency
        }
        cases += base_cases(dice.of(f"cases/{member.agency}"), phase, member, own)
    cases.sort(key=lambda case: (case.agency, case.at))
    numbered = [
        case._replace(number=f"{agency}-SIM{seed}-{phase.numeral}-{number:04d}")
        for agency, own_cases in groupby(cases, key=lambda case: case.agency)
        for number, case in enumerate(own_cases, 1)
    ]
    return joined(dice.of("joint"), numbered, members)


def _reported(phase: Phase, members: Sequence[Member], cases: Sequence[Case], plans: Sequence[Plan], dice: _Dice) -> list[Reported]:
    """Every case with its first arrival, in order of arrival."""
    found = []
    for member in members:
        dumps = [one for one in plans if one.kind == "bulk_dump" and member in one.members]
        own = [case for case in cases if case.agency == member.agency]
        found += reported(dice.of(f"reports/{member.agency}"), phase, member, own, dumps)
    return sorted(found, key=lambda one: (one.arrives_at, one.case.number))


def _sent(phase: Phase, members: Sequence[Member], found: Sequence[Reported], dice: _Dice, event_id: EventId | None) -> list[Sent]:
    """Every message, in order of arrival."""
    agency_of = {one.case.number: one.case.agency for one in found}
    joint = {one.case.joint for one in found if one.case.joint}
    related: Mapping[str, str] = {number: event_id(agency_of[number], number) for number in sorted(joint)} if event_id else {}
    sent: list[Sent] = []
    for member in members:
        own = [one for one in found if one.case.agency == member.agency]
        sent += messages(dice.of(f"history/{member.agency}"), member, own, related)
    sent += warnings(dice.of("warnings"), phase, members, found, event_id)
    return sorted(sent, key=lambda one: (one.arrives_at, one.message["agency"], one.message["case_no"]))


def _truth(phase: Phase, plans: Sequence[Plan], found: Sequence[Reported]) -> list[Planted]:
    lines = []
    for number, one in enumerate(plans):
        own = [each for each in found if each.case.plant == number]
        if one.kind == "bulk_dump":
            own = [
                each for each in found if each.case.agency == one.members[0].agency and (each.case.at.date() - phase.start).days in one.span
            ]
        said = truth(phase, one)
        if own:
            added = {"first_reported_at": own[0].arrives_at, "last_reported_at": own[-1].arrives_at}
            said = said.model_copy(update={**added, "case_nos": tuple(each.case.number for each in own), "size": len(own)})
        lines.append(said)
    return lines
