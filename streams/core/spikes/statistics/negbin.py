"""Computes tails, mid-p and quantiles of the negative binomial by mean and variance, and joins p-values."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special.cython_special import betainc, gammainc  # for one number at a time, five times as fast as for arrays

_POISSON = 1 + 1e-9
"""The ratio of variance to mean up to which it is a Poisson distribution."""
_MOST = 0.95
_LEAST = 1e-300


def tail(y: int, mean: float, variance: float) -> float:
    """P(Y >= y). The distribution is Poisson when the variance is not above the mean."""
    if y <= 0:
        return 1.0
    if variance <= mean * _POISSON:
        return float(gammainc(float(y), mean))
    r = mean * mean / (variance - mean)
    return float(betainc(float(y), r, mean / (r + mean)))


def mid_p(y: int, mean: float, variance: float) -> float:
    """Half of P(Y >= y) and half of P(Y > y): uniform enough under the null for counts as small as these (Lancaster 1961)."""
    if y <= 0 or variance <= mean * _POISSON:
        return 0.5 * (tail(y, mean, variance) + tail(y + 1, mean, variance))
    r = mean * mean / (variance - mean)
    share = mean / (r + mean)
    return 0.5 * float(betainc(float(y), r, share) + betainc(y + 1.0, r, share))


def log_none(mean: float, variance: float) -> float:
    """Log P(Y = 0)."""
    if variance <= mean * _POISSON:
        return -mean
    r = mean * mean / (variance - mean)
    return r * math.log(r / (r + mean))


def quantile(share: float, mean: float, variance: float) -> int:
    """The smallest y with P(Y <= y) >= share, for 0 < share < 1."""
    high = 1
    while 1 - tail(high + 1, mean, variance) < share:
        high *= 2
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if 1 - tail(middle + 1, mean, variance) >= share else (middle, high)
    return high


def interval(share: float, mean: float, variance: float) -> tuple[int, int]:
    """The central interval with at least ``share`` of the counts."""
    edge = (1 - share) / 2
    return quantile(edge, mean, variance), quantile(1 - edge, mean, variance)


def join(ps: Sequence[float]) -> float:
    """Join several dependent p-values into one: the aggregated Cauchy test (Liu and Xie, JASA 115, 2020), with equal weights.

    A p-value near 1 is a large negative number in the sum and would hide the others, so each is at most 0.95.
    """
    if not ps:
        return 1.0
    total = sum(1 / math.tan(math.pi * min(max(p, _LEAST), _MOST)) for p in ps) / len(ps)  # cotangents: exact for the smallest p
    return math.atan2(1.0, total) / math.pi


def spread(mean: float, log_variance: float) -> float:
    """What an uncertain mean adds to the variance of a count, when the mean is lognormal."""
    return mean * mean * math.expm1(log_variance)


def evidence(y: int, mean: float, variance: float) -> float:
    """Likelihood ratio of ``y`` (below 0: as 0) under a mean raised by 1, 2 or 3 standard deviations (a third each).

    Its expectation is 1 under the null.
    """
    y = max(0, y)
    r = mean * mean / max(variance - mean, 1e-6 * mean)
    log_share, step, total = math.log(r / (r + mean)), r * math.sqrt(variance) / mean, 0.0
    base = math.lgamma(y + r) - math.lgamma(r)
    for shift in (1, 2, 3):
        raised = r + shift * step
        log_ratio = math.lgamma(y + raised) - math.lgamma(raised) - base + (raised - r) * log_share
        total += math.exp(min(50.0, max(-50.0, log_ratio))) / 3
    return total
