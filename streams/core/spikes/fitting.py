"""Which bucket suits a series, and where its history begins."""

from __future__ import annotations

from collections.abc import Mapping

from streams.core.spikes.rules import SeriesRules
from streams.core.spikes.shape import DAY, SHAPES, WEEK, Shape, Size

LEAST_HISTORY = 20
"""Cases before an agency's first day that make a history; fewer are stray old cases."""
_STRAY = 0.05  # of a history's cases, the oldest: one mistyped year is no history
_BACK = 1.5  # a series goes back to days at so many times the mean that sent it to weeks
_LOOK_BACK = 182  # days that the choice looks at
_DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375}


def fitting(known: tuple[int, int], counts: Mapping[int, int], since: int, today: int, current: Size | None, rules: SeriesRules) -> Shape:
    """Months where most cases ``known`` (with a day, without) have none; else weeks where the mean is low; else days.

    ``counts`` are cases by day. The prior stands in for what has not been seen yet.
    """
    if known[1] > known[0]:
        return SHAPES["month"]
    start = max(since, today - _LOOK_BACK)
    cases, days = sum(n for day, n in counts.items() if start <= day < today), today - start
    history = {day: n for day, n in counts.items() if day < since}
    if days < _LOOK_BACK and sum(history.values()) >= LEAST_HISTORY:
        cases, days = cases + sum(history.values()), today - min(history)
    mean = (rules.prior_shape + cases) / (rules.prior_rate + days)
    return WEEK if mean < rules.week_below * (_BACK if current == "week" else 1) else DAY


def start_of(counts: Mapping[int, int], first: int) -> int:
    """The bucket that a series begins with: the agency's first, or that of its history without the stray oldest cases."""
    history = sorted(bucket for bucket in counts if bucket < first)
    total = sum(counts[bucket] for bucket in history)
    stray = 0
    for bucket in history if total >= LEAST_HISTORY else ():
        stray += counts[bucket]
        if stray > _STRAY * total:
            return bucket
    return first


def days_in(shape: Shape) -> float:
    """Length of a bucket."""
    return _DAYS[shape.size]
