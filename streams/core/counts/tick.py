"""A tick of one agency in; the counts that changed since its last tick, and the buckets it closes, out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from schemas.counts import Window
from schemas.times import minute_of
from streams.core.counts.book import ALL, Book, Tallies, Tally

_ROLLING_MINUTES = {Window.HOUR_1: 60, Window.HOURS_24: 1_440}
_ROLLING_DAYS = {Window.DAYS_7: 7, Window.DAYS_30: 30}
_NOTHING = [0, 0, 0]


class Told(NamedTuple):
    """What a tick gave: JSON values of ``schemas.counts.Count`` and ``Bucket``."""

    counts: list[dict[str, Any]]
    buckets: list[dict[str, Any]]


def tick(book: Book, at: str, offset: int) -> Told:
    """Let time pass to ``at`` (its journal offset is ``offset``).

    Only what changed is told, so a quiet minute costs nothing; it depends on the journal alone, not on how it was cut into runs.
    """
    clock = book.clock()
    moment = datetime.fromisoformat(at)
    today = (moment + timedelta(minutes=clock["offset"])).date()
    base = {"format": 1, "agency": book.agency}
    stamp = {"as_of": at, "tick_offset": offset}
    counts = [
        {**base, **_series(group), "window": window, "start": "", **stamp, **_sums(sums)}
        for window, group, sums in _rolling(book, clock["told"], minute_of(moment), today)
    ]
    buckets = []
    dirty, clock["dirty"] = clock["dirty"], {}
    for name in sorted(dirty.keys() | clock["open"].keys()):
        kind, _, start = name.partition("/")
        bucket = book.get(name)
        assert bucket is not None  # noqa: S101 - it was written before it was marked
        told = sorted(bucket["n"].items())
        if name in dirty:
            counts += [
                {**base, **_series(group), "window": kind, "start": _first_day(kind, start), **stamp, **_sums(sums)} for group, sums in told
            ]
        if kind == "phase" or not _is_over(kind, start, today):
            if kind != "phase":
                clock["open"][name] = 1
            continue
        clock["open"].pop(name, None)
        bucket = book.edit(name, {})
        bucket["r"] = bucket.get("r", -1) + 1
        stamps = {"bucket": kind, "start": _first_day(kind, start), "revision": bucket["r"], "closed_at": at, "tick_offset": offset}
        buckets += [{**base, **_series(group), **stamps, **_sums(sums)} for group, sums in told]
    return Told(counts, buckets)


def _rolling(book: Book, told: dict[str, Any], minute: int, today: date) -> Iterator[tuple[Window, str, Tally]]:
    """The rolling counts that are not what they were at the last tick; ``told`` is brought up to date."""
    windows: dict[Window, Tallies] = {window: book.minutes(minute, length) for window, length in _ROLLING_MINUTES.items()}
    for window, length in _ROLLING_DAYS.items():
        windows[window] = book.days((today - timedelta(days=back)).isoformat() for back in range(length))
    for window, tallies in windows.items():
        before = told.get(window.value, {})
        for group in sorted(tallies.keys() | before.keys()):
            sums = tallies.get(group, _NOTHING)
            if sums != before.get(group, _NOTHING):
                yield window, group, sums
        told[window.value] = {group: sums for group, sums in tallies.items() if sums != _NOTHING}


def _is_over(kind: str, start: str, today: date) -> bool:
    return start < today.isoformat()[: 10 if kind == "day" else 7]


def _first_day(kind: str, start: str) -> str:
    return f"{start}-01" if kind == "month" else start


def _series(group: str) -> dict[str, Any]:
    return {"commodity_group": None if group == ALL else group}


def _sums(sums: Tally) -> dict[str, int]:
    return dict(zip(("cases", "lines", "mass_mg"), sums, strict=True))
