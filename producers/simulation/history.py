"""Draws what is sent of each case and when it arrives: reports, corrections, withdrawals, and repeated messages.

Published: delays of minutes to a year. The rest is invented. Each agency has one of three habits. ``live`` systems send within the
hour, ``desk`` officers within a day or two, ``weekly`` ones upload a sheet on Monday. Each agency also reports some cases months later.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from mekong.producers.simulation.cases import Case
from mekong.producers.simulation.members import Member
from mekong.producers.simulation.phases import OPERATION, Phase
from mekong.producers.simulation.plants import Plan
from mekong.producers.simulation.weights import rounded

LATE = 0.04
CORRECTED, AGAIN_CORRECTED, IMPLICIT = 0.06, 0.2, 0.3
WITHDRAWN = 0.01
SENT_AGAIN, SHEET_AGAIN = 0.02, 0.08
_FIRST, _LAST = timedelta(minutes=1), timedelta(days=365)
_HOURS = {"live": (0.75, 1.6), "desk": (20.0, 1.1)}  # median hours and sigma of a lognormal
_LATE_HOURS = (45 * 24.0, 0.9)
_MONTH_ONLY = 0.3  # of the late
_REASONS = ("entered_in_error", "duplicate_case", "not_illicit", "laboratory_negative")
_LATER = ("charged", "administrative", "referred", "closed_no_offender")


class Sent(NamedTuple):
    """One message as it is sent: a canonical message in plain values."""

    arrives_at: datetime
    message: dict[str, Any]


class Reported(NamedTuple):
    """A case, and when its first report arrives."""

    case: Case
    arrives_at: datetime


def reported(chance: Random, phase: Phase, member: Member, cases: Sequence[Case], dumps: Sequence[Plan]) -> list[Reported]:
    """When each case of one member is first reported. Cases in the span of a bulk dump arrive together, two working hours after it."""
    found = []
    for index, case in enumerate(cases):
        day = (case.at.date() - phase.start).days
        dump = next((one for one in dumps if day in one.span), None)
        if dump:
            end = phase.start + timedelta(days=dump.span[-1] + 1)
            found.append(Reported(case, _local(end, time(10), member) + timedelta(seconds=20 * index)))
            continue
        late = case.plant is None and chance.random() < LATE
        arrives_at = _arrival(chance, member, case, late=late)
        by_month = late and chance.random() < _MONTH_ONLY and _whole_month(phase, case.at.date())
        found.append(Reported(case._replace(known_to="month") if by_month else case, arrives_at))
    return found


def messages(chance: Random, member: Member, found: Sequence[Reported], related: Mapping[str, str]) -> Iterator[Sent]:
    """All that is sent of one member's cases. ``related`` names the event id of another's case by its number."""
    sheets: dict[date, bool] = {}
    for case, arrives_at in found:
        first = message_of(case, arrives_at, related)
        yield Sent(arrives_at, first)
        last = arrives_at
        if case.plant is None and chance.random() < CORRECTED:
            for sent in _corrections(chance, first, arrives_at):
                yield sent
                last = sent.arrives_at
        if case.plant is None and chance.random() < WITHDRAWN:
            at = last + _lognormal(chance, 14 * 24, 1)
            yield Sent(at, {**_envelope(case, at), "message_type": "withdrawal", "reason": chance.choice(_REASONS)})
        again = chance.random()
        if member.ways.habit == "weekly":
            sheet = arrives_at.date()
            if sheets.setdefault(sheet, again < SHEET_AGAIN):
                yield Sent(arrives_at + timedelta(days=1, hours=2), first)
        elif again < SENT_AGAIN:
            yield Sent(arrives_at + _lognormal(chance, 24, 1), first)


def message_of(case: Case, arrives_at: datetime, related: Mapping[str, str]) -> dict[str, Any]:
    """The seizure that reports a case."""
    known = {"time": case.at.isoformat(timespec="minutes"), "day": f"{case.at:%Y-%m-%d}", "month": f"{case.at:%Y-%m}"}
    content = {key: value for key, value in case.content.items() if value is not None}
    if case.joint in related:
        content["related_to"] = [related[case.joint or ""]]
    envelope = {**_envelope(case, arrives_at), "message_type": "seizure", "operation": OPERATION}
    return {**envelope, "seized_at": known[case.known_to], **content}


def _envelope(case: Case, at: datetime) -> dict[str, Any]:
    return {"agency": case.agency, "case_no": case.number, "reported_at": at, "simulated": True}


def _corrections(chance: Random, first: dict[str, Any], arrives_at: datetime) -> Iterator[Sent]:
    """The laboratory weighs again, or the case goes on. Some agencies only upload the sheet again with the change in it."""
    now, at = first, arrives_at
    while True:
        at += _lognormal(chance, 9 * 24, 1)
        kind = "seizure" if chance.random() < IMPLICIT else "correction"
        now = {**now, **_changed(chance, now), "message_type": kind, "reported_at": at}
        yield Sent(at, now)
        if chance.random() >= AGAIN_CORRECTED:
            return


def _changed(chance: Random, now: Mapping[str, Any]) -> dict[str, Any]:
    line, *others = now["lines"]
    if chance.random() < 2 / 3 and line.get("unit") in {"g", "kg", "l"}:
        weighed = rounded(float(line["quantity"]) * chance.uniform(0.7, 0.97))
        if weighed != Decimal(line["quantity"]):
            return {"lines": [{**line, "quantity": str(weighed), "quantity_kind": "exact"}, *others]}
    return {"outcome": chance.choice([one for one in _LATER if one != now["outcome"]])}


def _arrival(chance: Random, member: Member, case: Case, *, late: bool) -> datetime:
    if late:
        delay = max(timedelta(days=8), _lognormal(chance, *_LATE_HOURS))
    elif member.ways.habit == "weekly":
        monday = case.at.date() + timedelta(days=7 - case.at.weekday())
        return _local(monday, time(9, chance.randrange(30), chance.randrange(60)), member)
    else:
        delay = _lognormal(chance, *_HOURS[member.ways.habit])
    return _utc(case.at + delay)


def _lognormal(chance: Random, median_hours: float, sigma: float) -> timedelta:
    hours = median_hours * math.exp(sigma * chance.gauss(0, 1))
    return min(max(timedelta(seconds=round(hours * 3_600)), _FIRST), _LAST)


def _whole_month(phase: Phase, day: date) -> bool:
    """Whether the complete month of ``day`` is in the phase. Only then a case with only a month is a case of the phase."""
    last = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return phase.start <= day.replace(day=1) and last < phase.start + timedelta(days=phase.days)


def _local(day: date, at: time, member: Member) -> datetime:
    return _utc(datetime.combine(day, at, member.zone))


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
