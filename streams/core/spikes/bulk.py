"""BULK_REPORT: the number that came today is unusual, and it is about days gone by. Keeps what arrives, and how late."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from typing import Any

from schemas.alerts import MOST_EVENTS, Alert, Kind, State, Tier
from streams.core.spikes import completeness, explain, queries, retro, wording
from streams.core.spikes.case import Case
from streams.core.spikes.desk import Desk
from streams.core.spikes.detector import Detector, Tick
from streams.core.spikes.series import Series
from streams.core.spikes.shape import ARRIVALS, Row

KEPT: dict[str, Any] = {"cases": None, "sendings": None, "sent": 0}
"""What changes when a day of arrival closes: two series, and how many sendings there were in all."""
_EMPTY: dict[str, Any] = {"n": 0, "old": 0, "delays": {}, "batches": {}, "events": []}


def on_case(desk: Desk, case: Case) -> Iterator[Alert]:
    """Count what comes."""
    if case.added is None or case.version > 1 or desk.today is None or case.is_history:
        return
    arrived = desk.part("arrivals", {"today": fresh(), "opened": False})["today"]
    arrived["n"] += 1
    arrived["batches"][case.batch] = 1
    if case.added.has_day:
        delay = desk.today - case.added.day
        arrived["old"] += delay > 0
        if case.added.day >= desk.since:
            arrived["delays"][str(delay)] = arrived["delays"].get(str(delay), 0) + 1
        if delay > 0:
            insort(arrived["events"], case.event_id)
            del arrived["events"][MOST_EVENTS:]
    yield from ()


def on_day(desk: Desk, tick: Tick) -> Iterator[Alert]:
    """Judge the day's arrivals, learn from them, and begin the next day."""
    part = desk.part("arrivals", {"today": fresh(), "opened": False})
    if desk.who["since"] is None:
        return
    arrived, rules = part["today"], desk.rules.bulk
    delays = desk.part("delays", completeness.begin())
    _learn_delays(desk, delays, arrived)
    kept = desk.part("arriving", KEPT)
    cases, sendings = series_of(desk, "cases", kept), series_of(desk, "sendings", kept)
    cases.add(cases.newest, arrived["n"])
    sendings.add(sendings.newest, len(arrived["batches"]))
    if cases.is_ready():
        verdict = cases.judge(cases.newest)
        is_old = arrived["old"] > rules.old_share * arrived["n"]
        is_bulk = verdict.p < rules.open_p and arrived["n"] >= rules.min_cases and is_old
        if is_bulk and not part["opened"] and not _is_spike(desk):
            yield _alert(desk, tick, arrived, cases)
        part["opened"] = is_bulk or (part["opened"] and verdict.p < desk.rules.spike.clear_p)
    for name, series in (("cases", cases), ("sendings", sendings)):
        while series.newest < tick.today:
            series.close(rows_of(desk), ())
        kept[name] = dict(zip(("closed", "now"), series.stored(), strict=True))
    kept["sent"] += len(arrived["batches"])
    part["today"] = fresh()


def fresh() -> dict[str, Any]:
    """Nothing has come yet today."""
    return {name: type(value)(value) for name, value in _EMPTY.items()}


def series_of(desk: Desk, name: str, kept: dict[str, Any]) -> Series:
    """The series of what arrives a day: ``cases`` or ``sendings``."""
    if kept[name]:
        return Series.from_stored(kept[name]["closed"], kept[name]["now"])
    assert desk.today is not None  # noqa: S101 - asked for at the end of a day
    return Series.begin(ARRIVALS, desk.today, rows_of(desk), level=desk.rules.series.prior.level())


def rows_of(desk: Desk) -> Any:
    """Regressors of a day of arrival."""

    def rows(day: int) -> Row:
        return ARRIVALS.row(day, desk.calendar.shares("day", day))

    return rows


def _learn_delays(desk: Desk, delays: dict[str, Any], arrived: dict[str, Any]) -> None:
    """Delays of what came today; and of the day that leaves the guard band, how much of it had come in time."""
    by_delay = {int(delay): count for delay, count in sorted(arrived["delays"].items())}
    completeness.record(delays, by_delay)
    by_day: dict[str, list[int]] = delays.setdefault("days", {})
    assert desk.today is not None  # noqa: S101 - asked for at the end of a day
    for delay, count in by_delay.items():
        if 0 <= delay < completeness.AGES:
            total = by_day.setdefault(str(desk.today - delay), [0, 0])
            total[0] += count * (delay == 0)
            total[1] += count
    for day in [day for day in by_day if int(day) <= desk.today - completeness.AGES]:
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
