"""Counts by bucket number as JSON has them: most runs need none of them, so they are turned into numbers only where they are used."""

from __future__ import annotations

Counts = dict[str, int]


def add(counts: Counts, number: int, cases: int) -> None:
    """Count in a bucket; one without cases is not kept."""
    name = str(number)
    counts[name] = counts.get(name, 0) + cases
    if not counts[name]:
        del counts[name]


def in_order(counts: Counts) -> Counts:
    """In an order that does not tell in which they came."""
    return dict(sorted(counts.items())) if len(counts) > 1 else counts


def numbers(counts: Counts) -> dict[int, int]:
    """Bucket number -> cases."""
    return {int(number): cases for number, cases in counts.items()}
