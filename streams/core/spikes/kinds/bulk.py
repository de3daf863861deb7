"""Raises BULK_REPORT when the number of cases that arrived today is unusual, and they are about earlier days. Keeps arrivals and delays."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping
from typing import Any

from mekong.schemas.alerts import MOST_EVENTS, Alert, Kind, State, Tier
from mekong.streams.core.collections import Table
from mekong.streams.core.spikes.case import Case
from mekong.streams.core.spikes.kinds import retro
from mekong.streams.core.spikes.kinds.detector import Detector, Tick
from mekong.streams.core.spikes.series import completeness
from mekong.streams.core.spikes.series.regressors import Regressors
from mekong.streams.core.spikes.series.series import Series
from mekong.streams.core.spikes.statistics.shape import ARRIVALS
from mekong.streams.core.spikes.store import DetectorStore
from mekong.streams.core.spikes.wording import explain, queries

_SERIES = ("cases", "sendings")
_LEARNT: dict[str, Any] = dict.fromkeys(_SERIES)
"""Two series: the cases and the sendings that arrive in a day."""
_EMPTY: dict[str, Any] = {"today": None, "opened": False, "sent": 0, "waiting": []}
"""Today's arrivals, whether an alert is open, and the number of sendings before today.

``waiting`` has day, cases and sendings of each day that is not in the series yet.
"""
_MOST_WAITING = 32


def on_case(store: DetectorStore, case: Case) -> Iterator[Alert]:
    """Count the arrival of a case."""
    if case.added is None or case.version > 1 or store.today is None or case.is_history:
        return
    part = _arrivals(store)
    arrived = part["today"]
    if arrived is None:
        arrived = part["today"] = {"n": 0, "old": 0, "delays": {}, "events": []}
    arrived["n"] += 1
    batches = _batches(store)
    if case.batch not in batches:
        batches.put(case.batch)
    if case.added.has_day:
        delay = store.today - case.added.day
        arrived["old"] += delay > 0
        if case.added.day >= store.since:
            age = str(min(delay, completeness.AGES))  # all longer delays are counted together
            arrived["delays"][age] = arrived["delays"].get(age, 0) + 1
        if delay > 0 and (len(arrived["events"]) < MOST_EVENTS or case.event_id < arrived["events"][-1]):
            insort(arrived["events"], case.event_id)
            del arrived["events"][MOST_EVENTS:]
    yield from ()


def on_day(store: DetectorStore, tick: Tick) -> Iterator[Alert]:
    """Judge the day's arrivals, if they can be a back-fill. The series get the waiting days when a day is judged, or when many wait."""
    if store.who["since"] is None or store.today is None:
        return
    arrived, was_opened = came_today(store), _arrivals(store, change=False)["opened"]
    _learn_delays(store, arrived["delays"] if arrived else {})
    if arrived is None:
        if was_opened:
            _arrivals(store)["opened"] = False
        return
    part, rules = _arrivals(store), store.rules.bulk
    sendings = _close_day(store, arrived["n"])
    can_be_bulk = arrived["n"] >= rules.min_cases and arrived["old"] > rules.old_share * arrived["n"]
    if not (can_be_bulk or was_opened):
        if len(part["waiting"]) >= _MOST_WAITING:
            learn(store)
        return
    cases = learn(store)["cases"]
    if cases.is_ready():
        verdict = cases.judge(cases.newest)
        is_bulk = can_be_bulk and verdict.p < rules.open_p
        if is_bulk and not was_opened and not _is_spike(store):
            yield _alert(store, tick, arrived | {"sendings": sendings}, cases)
        part["opened"] = is_bulk or (was_opened and verdict.p < store.rules.spike.clear_p)


def came_today(store: DetectorStore) -> dict[str, Any] | None:
    """The arrivals of the open day; None when nothing has arrived."""
    found: dict[str, Any] | None = _arrivals(store, change=False)["today"]
    return found


def sent(store: DetectorStore) -> int:
    """The number of sendings that arrived before today."""
    return int(_arrivals(store, change=False)["sent"])


def learn(store: DetectorStore) -> dict[str, Series]:
    """Add all waiting days to the series of arrivals, and return the series. Today is their newest bucket."""
    part, kept, rows = _arrivals(store), store.part("arriving", _LEARNT), Regressors(ARRIVALS, store.calendar)
    assert store.today is not None  # noqa: S101 - asked for at the end of a day
    found, waiting = {}, part["waiting"]
    for place, name in enumerate(_SERIES):
        if kept[name]:
            series = Series.from_stored(kept[name]["now"], kept[name].get)
        else:
            series = Series.begin(ARRIVALS, waiting[0][0] if waiting else store.today, rows, level=store.rules.series.prior.level())
        for day, *counts in [*waiting, [store.today, 0, 0]]:
            while series.newest < day:
                series.open_next(rows)
            series.add(day, counts[place])
        series.look_ahead(rows, ())
        kept[name] = {**(kept[name] or {}), **series.stored()}
        found[name] = series
    part["waiting"] = []
    return found


def _close_day(store: DetectorStore, cases: int) -> int:
    """Close the day: its figures wait until they are added to the series. Returns the number of its sendings."""
    part, sendings = _arrivals(store), len(_batches(store).clear())
    part["today"] = None
    part["sent"] += sendings
    part["waiting"].append([store.today, cases, sendings])
    return sendings


def _batches(store: DetectorStore) -> Table:
    """The names of today's sendings."""
    return Table(store, "batches")


def _arrivals(store: DetectorStore, *, change: bool = True) -> dict[str, Any]:
    return store.part("arrivals", {**_EMPTY, "waiting": []}, change=change)


def _learn_delays(store: DetectorStore, arrived: Mapping[str, int]) -> None:
    """Record the delays of today's arrivals, and for each day that leaves the guard band, how many of its cases arrived in time."""
    assert store.today is not None  # noqa: S101 - asked for at the end of a day
    over = store.today - completeness.AGES
    delays = store.delays
    if not arrived and not any(int(day) <= over for day in delays.get("days", ())):
        return
    delays = store.part("delays", completeness.begin())
    by_delay = {int(delay): count for delay, count in sorted(arrived.items())}
    if by_delay:
        completeness.record(delays, by_delay, store.today)
    by_day: dict[str, list[int]] = delays.setdefault("days", {})
    for delay, count in by_delay.items():
        if 0 <= delay < completeness.AGES:
            total = by_day.setdefault(str(store.today - delay), [0, 0])
            total[0] += count * (delay == 0)
            total[1] += count
    for day in [day for day in by_day if int(day) <= over]:
        completeness.record_day(delays, *by_day.pop(day))


def _is_spike(store: DetectorStore) -> bool:
    """Whether the days of seizure themselves are unusual. Then an alert about these days exists already."""
    is_open = any(track.standing.opened is not None for track in store.tracks.values())
    return is_open or store.part("retro", retro.EMPTY, change=False)["on"] == store.today


def _alert(store: DetectorStore, tick: Tick, arrived: dict[str, Any], cases: Series) -> Alert:
    verdict = cases.judge(cases.newest)
    day = explain.span_of("day", cases.newest)
    return explain.alert(
        store,
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
            "sendings": arrived["sendings"],
            "expected": verdict.expected,
        },
        sql=queries.of_arrivals(store.agency, day, store.who["zone"]),
        events=arrived["events"],
        count=arrived["n"],
        late_share=explain.rounded(arrived["old"] / arrived["n"]),
        explain=explain.explained(verdict, verdict.evidence),
        **explain.figures(verdict),
    )


DETECTOR = Detector(Kind.BULK_REPORT, "Only the arrivals are unusual: old cases came at once.", on_case, on_day)
