"""Estimates the rate of a new agency from the rates of many agencies: an empirical-Bayes gamma distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from mekong.streams.core.spikes.statistics.gammas import digamma, trigamma

_LEAST_SPREAD = 1e-3


class Prior(NamedTuple):
    """Gamma distribution of an agency's cases a day: shape and rate."""

    shape: float
    rate: float

    @property
    def mean(self) -> float:
        """Cases a day."""
        return self.shape / self.rate

    def level(self, days: float = 1.0) -> tuple[float, float]:
        """Mean and variance of the log-rate of a bucket of ``days`` days."""
        return digamma(self.shape) - math.log(self.rate / days), trigamma(self.shape)


def fit(counts: Sequence[int], days: Sequence[float]) -> Prior:
    """Fit a prior by moments: ``counts[i]`` cases of agency i in ``days[i]`` days. Raises ValueError without a single case.

    The difference between the rates beyond chance is the spread of the prior.
    """
    total = sum(days)
    mean = sum(counts) / total if total else 0.0
    if mean <= 0:
        raise ValueError("no cases: the rates cannot be estimated")
    spread = sum(n * (count / n - mean) ** 2 for count, n in zip(counts, days, strict=True)) / total
    variance = max(spread - mean * len(counts) / total, _LEAST_SPREAD * mean * mean)
    return Prior(mean * mean / variance, mean / variance)
