"""Computes, at a tick of an agency, the counts that changed since its last tick and the buckets that the tick closes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from mekong.schemas.counts import Window
from mekong.schemas.times import minute_of
from mekong.schemas.zones import day_ends, day_in
from mekong.streams.core.counts.book import ALL, Book, Tallies, Tally

_ROLLING_MINUTES = {window: window.minutes for window in Window if window.minutes}
_ROLLING_DAYS = {window: window.days for window in Window if window.days}
_ROLLING_WINDOWS = {window.value for window in (*_ROLLING_MINUTES, *_ROLLING_DAYS)}
_NOTHING = [0, 0, 0]
_Value = dict[str, Any]


class TickOutputs(NamedTuple):
    """The result of a tick: JSON values of ``mekong.schemas.counts.Count`` and ``Bucket``."""

    counts: list[dict[str, Any]]
    buckets: list[dict[str, Any]]


def tick(book: Book, at: str, offset: int) -> TickOutputs | None:
    """Move the time to ``at``; ``offset`` is the tick's offset in the journal. None when nothing can have changed, as in most minutes.

    The result has only the counts and buckets that changed. It depends on the journal alone, not on how the journal was cut into runs.
    """
    moment = datetime.fromisoformat(at)
    minute = minute_of(moment)
    if book.is_quiet(minute, _ROLLING_WINDOWS):
        return None
    clock = book.clock()
    clock["next"] = _next_change(book, minute, minute_of(day_ends(moment, clock["zone"])))
    today = day_in(moment, clock["zone"])
    base = {"format": 1, "agency": book.agency}
    stamp = {"as_of": at, "tick_offset": offset}
    counts = [
        {**base, **_series(group), "window": window, "start": "", **stamp, **_sums(sums)}
        for window, group, sums in _rolling(book, clock["told"], minute, today)
    ]
    changed, buckets = _of_buckets(book, clock, base, stamp, today)
    return TickOutputs(counts + changed, buckets)


def _of_buckets(book: Book, clock: _Value, base: _Value, stamp: _Value, today: date) -> tuple[list[_Value], list[_Value]]:
    """The counts of changed days, months and phases, and the buckets that are over. Days and months that are not over stay open."""
    counts: list[_Value] = []
    buckets: list[_Value] = []
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
        stamps = {"bucket": kind, "start": _first_day(kind, start), "revision": bucket["r"], "closed_at": stamp["as_of"]}
        stamps["tick_offset"] = stamp["tick_offset"]
        buckets += [{**base, **_series(group), **stamps, **_sums(sums)} for group, sums in told]
    return counts, buckets


def _rolling(book: Book, told: dict[str, Any], minute: int, today: date) -> Iterator[tuple[Window, str, Tally]]:
    """The rolling counts that changed since the last tick; it updates ``told``."""
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


def _next_change(book: Book, minute: int, end: int) -> int:
    """The first minute after ``minute`` at which time alone changes a count: an entry enters or leaves a window, or the day ends."""
    longest = max(_ROLLING_MINUTES.values())
    changes = [end]
    for known in book.known_minutes(minute - longest + 1, end):
        changes += [known] if known > minute else [known + length for length in _ROLLING_MINUTES.values() if known + length > minute]
    return min(changes)


def _is_over(kind: str, start: str, today: date) -> bool:
    return start < today.isoformat()[: 10 if kind == "day" else 7]


def _first_day(kind: str, start: str) -> str:
    return f"{start}-01" if kind == "month" else start


def _series(group: str) -> dict[str, Any]:
    return {"commodity_group": None if group == ALL else group}


def _sums(sums: Tally) -> dict[str, int]:
    return dict(zip(("cases", "lines", "mass_mg"), sums, strict=True))
