"""Computes the closed form of a forecast: how the state of a series spreads over the next buckets. ``model.Model.forecast`` uses it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from mekong.streams.core.spikes.statistics.shape import Row


class Ahead(NamedTuple):
    """The arrays that a forecast of the next buckets ``k`` = 1, 2, … needs."""

    column: Row
    twice: Row
    ones: Row
    sums: Row
    """The factors of three parts: the slope's variance, what the slope adds to the level's drift, and the drift of the slope."""


@cache
def ahead_of(buckets: int, width: int) -> Ahead:
    """The arrays for this number of buckets and of regressors. They are made once for each pair."""
    k = np.arange(1.0, buckets + 1)
    sums = np.stack([k * k, k, k * (k - 1) * (2 * k - 1) / 6], axis=1)
    return Ahead(k[:, None], 2 * k, np.ones(width), sums)


def wide_of(means: list[float], matrix: Row, own: Row, moved: Row) -> float:
    """The log-variance of the mean of the newest buckets, by their mean regressors, without the common part of slope and level."""
    ahead, length, total = len(matrix), len(means), sum(means)
    shares = np.array([mean / total for mean in means])
    if length < ahead:
        matrix, own, moved = matrix[-length:], own[-length:], moved[-length:]
    by_bucket = (moved * ahead + own).dot(shares.dot(matrix)) + (2 * ahead) * own[:, 1]
    return float(shares.dot(by_bucket))
