"""Keeps counts by bucket number as in JSON. Most runs need none of them, so they are converted to numbers only when they are used."""

from __future__ import annotations

from mekong.streams.core.spikes.series.spans import number_of

Counts = dict[str, int]


def add(counts: Counts, number: int, cases: int) -> None:
    """Add cases to a bucket. A bucket without cases is not kept."""
    name = str(number)
    counts[name] = counts.get(name, 0) + cases
    if not counts[name]:
        del counts[name]


def in_order(counts: Counts) -> Counts:
    """The counts sorted by bucket, so that the result does not depend on the order of arrival."""
    return dict(sorted(counts.items())) if len(counts) > 1 else counts


def by_month(months: Counts, days: dict[int, int]) -> dict[int, int]:
    """Cases by month: those whose day is not known, and those of ``days``."""
    counts = dict(months)
    for day, cases in days.items():
        add(counts, number_of("month", day), cases)
    return numbers(counts)


def numbers(counts: Counts) -> dict[int, int]:
    """Bucket number -> cases."""
    return {int(number): cases for number, cases in counts.items()}
