"""How many of a day's reports have come after so many days: an agency's delays, and whether they come one by one or in bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

AGES = 8
"""Delays of 0, 1, … 6 days, and longer ones together."""
_KEPT = 0.995
"""Of the weight of each day's reports, at every later day."""
_FIRST = 5.0
"""Reports that the first guess, all on the same day, is worth."""
_LEAST = 0.05
_BULK = 2.0
"""Variance over what independent delays would give, above which reports come in bulk."""


def begin() -> dict[str, Any]:
    """Nothing known: reports come on the day itself, one by one."""
    return {"f": 1, "n": [_FIRST, *[0.0] * (AGES - 1)], "v": [10.0, 10.0], "on": None}


def record(delays: dict[str, Any], by_delay: Mapping[int, int], today: int) -> None:
    """Take in the reports of one closed day of arrival: delay in days -> reports. Days on which nothing came may be left out."""
    days = 1 if delays["on"] is None else today - delays["on"]
    kept = [weight * _KEPT**days for weight in delays["n"]]
    for delay, count in by_delay.items():
        kept[min(max(delay, 0), AGES - 1)] += count
    delays["n"], delays["on"] = kept, today


def record_day(delays: dict[str, Any], on_time: int, total: int) -> None:
    """Take in how many of one event day's reports came on that day; says whether delays are independent."""
    share = _shares(delays["n"])[0]
    expected = total * share * (1 - share)
    if expected > 0:
        seen, weight = delays["v"]
        delays["v"] = [_KEPT * seen + (on_time - total * share) ** 2, _KEPT * weight + expected]


def shares(delays: dict[str, Any], ages: Sequence[int]) -> list[float]:
    """The share of reports that should be in, by age of the bucket in days.

    All of them for a bulk reporter: whether its next dump has come is no coin toss for each case, and taking a full day for a
    tenth of one would raise alarm.
    """
    if delays["v"][0] > _BULK * delays["v"][1]:
        return [1.0] * len(ages)
    by_age = _shares(delays["n"])
    return [by_age[min(age, AGES - 1)] for age in ages]


def _shares(weights: Sequence[float]) -> list[float]:
    """By age, from 0 to the oldest."""
    total = sum(weights)
    return [*(max(_LEAST, part / total) for part in accumulate(weights[:-1])), 1.0]
