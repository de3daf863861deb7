"""Draws what members write to each other: joint cases, warnings and feedback.

Published: 6 warnings and 1 feedback on the 164 cases of phase I; 96 alerts and 5 summary reports of Viet Nam in five phases, about
19 a phase, on 123 cases in phase V. How many cases are joint, and whom a warning goes to, is invented.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from mekong.producers.simulation.cases import Case
from mekong.producers.simulation.history import Reported, Sent
from mekong.producers.simulation.members import Member
from mekong.producers.simulation.phases import Phase

WARNINGS = 6 / 164
WARNINGS_OF_VIET_NAM = 19 / 123
FEEDBACK = 1 / 6
TWO_BODIES = 0.2
"""The share of the cases of a country's smaller body that the larger body reports too."""
ACROSS_BORDERS = 0.01
_NEAR_S = 3 * 86_400
_ANSWERS = ("found", "partly_found", "not_found", "not_checked", "acknowledged", "forwarded")
_SHARES = (10, 10, 30, 20, 20, 10)
_MOST_NAMED = 6
EventId = Callable[[str, str], str]
"""Agency and case number -> the event id that the deployment gives it."""


def joined(chance: Random, cases: Sequence[Case], members: Sequence[Member]) -> list[Case]:
    """The cases, some of them joint with an earlier one of another agency. The number of cases stays as it is."""
    country = {member.agency: member.country for member in members}
    size = {member.agency: member.ways.cases for member in members}
    past = _Past(cases)
    found = []
    for case in cases:
        near = past.near(case) if case.plant is None else []
        same = [one for one in near if country[one.agency] == country[case.agency] and size[one.agency] > size[case.agency]]
        other = [one for one in near if country[one.agency] != country[case.agency]]
        if same and chance.random() < TWO_BODIES:
            twin = chance.choice(same)
            found.append(case._replace(at=twin.at, known_to=twin.known_to, content=twin.content, joint=twin.number))
        elif other and chance.random() < ACROSS_BORDERS:
            found.append(case._replace(joint=chance.choice(other).number))
        else:
            found.append(case)
    return found


class _Past:
    """The cases that nobody planted, by group and time."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._of: dict[str, list[tuple[float, str, Case]]] = {}
        for case in cases:
            if case.plant is None:
                self._of.setdefault(case.group, []).append((case.at.timestamp(), case.number, case))
        for group in self._of.values():
            group.sort(key=lambda one: one[:2])

    def near(self, case: Case) -> list[Case]:
        """Those of its group in the three days up to it."""
        group, until = self._of[case.group], case.at.timestamp()
        first = bisect_left(group, until - _NEAR_S, key=lambda one: one[0])
        last = bisect_right(group, until, key=lambda one: one[0])
        return [one for _, _, one in group[first:last]]


def warnings(
    chance: Random, phase: Phase, members: Sequence[Member], found: Sequence[Reported], event_id: EventId | None
) -> Iterator[Sent]:
    """Warnings drawn from the cases, and the feedback to them. Without ``event_id`` nothing can be answered, so feedback is left out."""
    agencies = [member.agency for member in members]
    numbers: dict[str, int] = {}
    for case, arrives_at in found:
        if chance.random() >= _rate(phase, case):
            continue
        others = [agency for agency in agencies if agency != case.agency]
        to = sorted(chance.sample(others, min(len(others), chance.randint(1, _MOST_NAMED))))
        at = arrives_at + timedelta(minutes=chance.randint(20, 600))
        warning = _warning(case, _number(numbers, case, "W"), to)
        if event_id:
            warning["related_to"] = [event_id(case.agency, case.number)]
        yield Sent(at, {**warning, "reported_at": at, "feedback_by": at + timedelta(days=14)})
        answered, delay, outcome = chance.random(), chance.lognormvariate(1.6, 0.7), chance.choices(_ANSWERS, _SHARES)[0]
        if event_id and answered < FEEDBACK:
            answer = {"agency": to[0], "in_reply_to": event_id(case.agency, warning["case_no"]), "outcome": outcome}
            back = at + timedelta(seconds=round(delay * 86_400))
            number = f"{warning['case_no']}-F"
            yield Sent(back, {**answer, "message_type": "feedback", "case_no": number, "reported_at": back, "simulated": True})


def _rate(phase: Phase, case: Case) -> float:
    if phase.totals.warnings is not None:
        return phase.totals.warnings / phase.totals.cases
    return WARNINGS_OF_VIET_NAM if case.agency.startswith("VN-") else WARNINGS


def _warning(case: Case, number: str, to: list[str]) -> dict[str, Any]:
    names = list(dict.fromkeys(line["substance_or_taxon"] for line in case.content["lines"]))
    return {
        "message_type": "warning",
        "agency": case.agency,
        "case_no": number,
        "simulated": True,
        "to": to,
        "commodity_groups": [case.group],
        "substances_or_taxa": names,
        "transport_mode": case.content["transport_mode"],
        "concealment_methods": case.content["concealment_methods"],
        "route": case.content["route"],
        "method_note": "Simulated warning.",
    }


def _number(numbers: dict[str, int], case: Case, letter: str) -> str:
    numbers[case.agency] = numbers.get(case.agency, 0) + 1
    return f"{case.number.rpartition('-')[0]}-{letter}{numbers[case.agency]:03d}"
