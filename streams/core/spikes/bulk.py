"""BULK_REPORT: the number that came today is unusual, and it is about days gone by. Keeps what arrives, and how late."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.alerts import MOST_EVENTS, Alert, Kind, State, Tier
from streams.core.spikes import completeness, explain, queries, retro, wording
from streams.core.spikes.case import Case
from streams.core.spikes.desk import Desk
from streams.core.spikes.detector import Detector, Tick
from streams.core.spikes.regressors import Regressors
from streams.core.spikes.series import Series
from streams.core.spikes.shape import ARRIVALS

_SERIES = ("cases", "sendings")
_LEARNT: dict[str, Any] = dict.fromkeys(_SERIES)
"""A series each of what comes in a day."""
_EMPTY: dict[str, Any] = {"today": None, "opened": False, "sent": 0, "waiting": []}
"""What has come today, whether it is told of, sendings in all; of days that the series have not learnt: day, cases, sendings."""
_MOST_WAITING = 32


def on_case(desk: Desk, case: Case) -> Iterator[Alert]:
    """Count what comes."""
    if case.added is None or case.version > 1 or desk.today is None or case.is_history:
        return
    part = _arrivals(desk)
    arrived = part["today"]
    if arrived is None:
        arrived = part["today"] = {"n": 0, "old": 0, "delays": {}, "batches": {}, "events": []}
    arrived["n"] += 1
    arrived["batches"][case.batch] = 1
    if case.added.has_day:
        delay = desk.today - case.added.day
        arrived["old"] += delay > 0
        if case.added.day >= desk.since:
            arrived["delays"][str(delay)] = arrived["delays"].get(str(delay), 0) + 1
        if delay > 0 and (len(arrived["events"]) < MOST_EVENTS or case.event_id < arrived["events"][-1]):
            insort(arrived["events"], case.event_id)
            del arrived["events"][MOST_EVENTS:]
    yield from ()


def on_day(desk: Desk, tick: Tick) -> Iterator[Alert]:
    """Judge the day's arrivals, if they can be a back-fill at all. Days are learnt when one is to be judged, or many are waiting."""
    if desk.who["since"] is None or desk.today is None:
        return
    arrived, was_opened = came_today(desk), _arrivals(desk, change=False)["opened"]
    _learn_delays(desk, arrived["delays"] if arrived else {})
    if arrived is None:
        if was_opened:
            _arrivals(desk)["opened"] = False
        return
    part, rules = _arrivals(desk), desk.rules.bulk
    part["today"] = None
    part["sent"] += len(arrived["batches"])
    part["waiting"].append([desk.today, arrived["n"], len(arrived["batches"])])
    can_be_bulk = arrived["n"] >= rules.min_cases and arrived["old"] > rules.old_share * arrived["n"]
    if not (can_be_bulk or was_opened):
        if len(part["waiting"]) >= _MOST_WAITING:
            learn(desk)
        return
    cases = learn(desk)["cases"]
    if cases.is_ready():
        verdict = cases.judge(cases.newest)
        is_bulk = can_be_bulk and verdict.p < rules.open_p
        if is_bulk and not was_opened and not _is_spike(desk):
            yield _alert(desk, tick, arrived, cases)
        part["opened"] = is_bulk or (was_opened and verdict.p < desk.rules.spike.clear_p)


def came_today(desk: Desk) -> dict[str, Any] | None:
    """What has come on the day that is open."""
    found: dict[str, Any] | None = _arrivals(desk, change=False)["today"]
    return found


def sent(desk: Desk) -> int:
    """Sendings that have come, but for today's."""
    return int(_arrivals(desk, change=False)["sent"])


def learn(desk: Desk) -> dict[str, Series]:
    """The series of what comes in a day, with all that has come, and today as their newest bucket."""
    part, kept, rows = _arrivals(desk), desk.part("arriving", _LEARNT), Regressors(ARRIVALS, desk.calendar)
    assert desk.today is not None  # noqa: S101 - asked for at the end of a day
    found, waiting = {}, part["waiting"]
    for place, name in enumerate(_SERIES):
        if kept[name]:
            series = Series.from_stored(kept[name]["now"], kept[name].get)
        else:
            series = Series.begin(ARRIVALS, waiting[0][0] if waiting else desk.today, rows, level=desk.rules.series.prior.level())
        for day, *counts in [*waiting, [desk.today, 0, 0]]:
            while series.newest < day:
                series.open_next(rows)
            series.add(day, counts[place])
        series.look_ahead(rows, ())
        kept[name] = {**(kept[name] or {}), **series.stored()}
        found[name] = series
    part["waiting"] = []
    return found


def _arrivals(desk: Desk, *, change: bool = True) -> dict[str, Any]:
    return desk.part("arrivals", {**_EMPTY, "waiting": []}, change=change)


def _learn_delays(desk: Desk, arrived: Mapping[str, int]) -> None:
    """Delays of what came today; and of the day that leaves the guard band, how much of it had come in time."""
    assert desk.today is not None  # noqa: S101 - asked for at the end of a day
    over = desk.today - completeness.AGES
    delays = desk.delays
    if not arrived and not any(int(day) <= over for day in delays.get("days", ())):
        return
    delays = desk.part("delays", completeness.begin())
    by_delay = {int(delay): count for delay, count in sorted(arrived.items())}
    if by_delay:
        completeness.record(delays, by_delay, desk.today)
    by_day: dict[str, list[int]] = delays.setdefault("days", {})
    for delay, count in by_delay.items():
        if 0 <= delay < completeness.AGES:
            total = by_day.setdefault(str(desk.today - delay), [0, 0])
            total[0] += count * (delay == 0)
            total[1] += count
    for day in [day for day in by_day if int(day) <= over]:
        completeness.record_day(delays, *by_day.pop(day))


def _is_spike(desk: Desk) -> bool:
    """Whether the days of seizure are unusual themselves: then that is what has been told."""
    is_open = any(track.standing.opened is not None for track in desk.tracks.values())
    return is_open or desk.part("retro", retro.EMPTY, change=False)["on"] == desk.today


def _alert(desk: Desk, tick: Tick, arrived: dict[str, Any], cases: Series) -> Alert:
    verdict = cases.judge(cases.newest)
    day = explain.span_of("day", cases.newest)
    return explain.alert(
        desk,
        Kind.BULK_REPORT,
        State.OPEN,
        Tier.NOTICE,
        group="",
        opener=day.start.isoformat(),
        bucket=day,
        raised_at=tick.at,
        facts={
            "observed": arrived["n"],
            "old": arrived["old"],
            "sendings": len(arrived["batches"]),
            "expected": wording.number(verdict.expected),
        },
        sql=queries.of_arrivals(desk.agency, day, desk.who["offset"]),
        events=arrived["events"],
        count=arrived["n"],
        late_share=explain.rounded(arrived["old"] / arrived["n"]),
        explain=explain.explained(verdict, verdict.evidence),
        **explain.figures(verdict),
    )


DETECTOR = Detector(Kind.BULK_REPORT, "Only the arrivals are unusual: old cases came at once.", on_case, on_day)
