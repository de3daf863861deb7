"""Chooses the bucket size of a series, and the beginning of its history."""

from __future__ import annotations

from collections.abc import Mapping

from mekong.streams.core.spikes.rules import SeriesRules
from mekong.streams.core.spikes.statistics.shape import DAY, SHAPES, WEEK, Shape, Size

LEAST_HISTORY = 20
"""The number of cases before an agency's first day that make a history. Fewer cases are single old cases."""
_STRAY = 0.05  # the share of a history's oldest cases that is ignored: one mistyped year does not make a history
_BACK = 1.5  # a series returns to days when its mean is this many times the mean below which it uses weeks
_LOOK_BACK = 182  # the days that the choice uses
_DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375}


def fitting(known: tuple[int, int], counts: Mapping[int, int], since: int, today: int, current: Size | None, rules: SeriesRules) -> Shape:
    """Months when most cases have no day (``known``: with a day, without); weeks when the mean is low; days in all other cases.

    ``counts`` are cases by day. The prior replaces days that were not observed yet.
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
    """The first bucket of a series: the agency's first, or the first of its history without the ignored oldest cases."""
    history = sorted(bucket for bucket in counts if bucket < first)
    total = sum(counts[bucket] for bucket in history)
    stray = 0
    for bucket in history if total >= LEAST_HISTORY else ():
        stray += counts[bucket]
        if stray > _STRAY * total:
            return bucket
    return first


def days_in(shape: Shape) -> float:
    """The length of a bucket in days."""
    return _DAYS[shape.size]
