"""Estimates which share of a day's reports has arrived after some days, from an agency's delays, and whether it reports in bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from mekong.streams.core.spikes.statistics.shape import DAY, WEEKDAYS, Size

AGES = 8
"""The number of delay classes: 0, 1, … 6 days, and all longer delays together."""
_KEPT = 0.995
"""The share of its weight that a day's reports keep at each later day."""
_FIRST = 5.0
"""The weight, in reports, of the first guess: all reports arrive on the same day."""
_LEAST = 0.05
_BULK = 2.0
"""The ratio of the variance to that of independent delays above which an agency reports in bulk."""


def begin() -> dict[str, Any]:
    """The first guess: reports arrive on the day itself, one by one."""
    return {"f": 1, "n": [_FIRST, *[0.0] * (AGES - 1)], "v": [10.0, 10.0], "on": None}


def record(delays: dict[str, Any], by_delay: Mapping[int, int], today: int) -> None:
    """Add the reports of one closed day of arrival: delay in days -> reports. Days without arrivals may be left out."""
    days = 1 if delays["on"] is None else today - delays["on"]
    kept = [weight * _KEPT**days for weight in delays["n"]]
    for delay, count in by_delay.items():
        kept[min(max(delay, 0), AGES - 1)] += count
    delays["n"], delays["on"] = kept, today


def record_day(delays: dict[str, Any], on_time: int, total: int) -> None:
    """Add how many reports of one event day arrived on that day. This shows whether delays are independent."""
    share = _shares(delays["n"])[0]
    expected = total * share * (1 - share)
    if expected > 0:
        seen, weight = delays["v"]
        delays["v"] = [_KEPT * seen + (on_time - total * share) ** 2, _KEPT * weight + expected]


def shares(delays: dict[str, Any], ages: Sequence[int]) -> list[float]:
    """The share of reports that should have arrived, by age of the bucket in days.

    For an agency that reports in bulk, the share is 1. Its cases do not arrive independently of each other; and a full day that counts as
    a tenth of a day would raise false alarms.
    """
    if delays["v"][0] > _BULK * delays["v"][1]:
        return [1.0] * len(ages)
    by_age = _shares(delays["n"])
    return [by_age[min(age, AGES - 1)] for age in ages]


def shares_at_close(delays: dict[str, Any], size: Size) -> list[float]:
    """The shares of reports that should have arrived when a bucket closes, the newest bucket first; empty for months."""
    if size == "day":
        return shares(delays, range(DAY.guard + 1))
    if size == "week":
        return [sum(shares(delays, range(WEEKDAYS))) / WEEKDAYS]
    return []


def _shares(weights: Sequence[float]) -> list[float]:
    """The shares by age, from 0 to the oldest."""
    total = sum(weights)
    return [*(max(_LEAST, part / total) for part in accumulate(weights[:-1])), 1.0]
