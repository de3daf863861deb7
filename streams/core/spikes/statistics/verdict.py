"""Judges the counts of a guard band by their forecast, and finds the count that is improbable enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mekong.streams.core.spikes.statistics import negbin
from mekong.streams.core.spikes.statistics.model import Outlook
from mekong.streams.core.spikes.statistics.shape import Shape

_MOST_LOG_VARIANCE = 6.0


class Verdict(NamedTuple):
    """The expected count of the newest ``length`` buckets up to ``bucket``, and how improbable their count is.

    It describes the least probable of the tested windows; ``p`` joins all windows.
    """

    bucket: int
    length: int
    observed: int
    expected: float
    variance: float
    p: float
    evidence: float
    """Likelihood ratio of the bucket alone, for the evidence process."""
    dispersion: float
    completeness: float


class Open(NamedTuple):
    """The forecast that the buckets of the guard band are judged by. It does not change after the newest bucket opened."""

    outlook: Outlook
    dispersion: float
    shares: list[float]
    """The share of its reports that should have arrived, for each bucket of the band."""


def judge(shape: Shape, counts: Sequence[int], band: Open, place: int, *, alone: bool = False) -> Verdict:
    """Judge ``counts[place]`` of a guard band; ``alone``: only by its own bucket."""
    windows = [
        (sum(counts[place - length + 1 : place + 1]), length, mean, variance)
        for length, mean, variance in _windows(shape, band, place, alone=alone)
    ]
    ps = [negbin.mid_p(observed, mean, variance) for observed, _, mean, variance in windows]
    observed, length, mean, variance = windows[ps.index(min(ps))]
    return Verdict(
        bucket=place,
        length=length,
        observed=observed,
        expected=mean,
        variance=variance,
        p=negbin.join(ps),
        evidence=negbin.evidence(counts[place], *windows[0][2:]),
        dispersion=band.dispersion,
        completeness=band.shares[place],
    )


def critical(shape: Shape, counts: Sequence[int], band: Open, place: int, p: float, *, alone: bool = False) -> int:
    """The smallest value of ``counts[place]`` that is less probable than ``p``, when the other counts do not change."""
    spans = _windows(shape, band, place, alone=alone)
    window = [(sum(counts[place - length + 1 : place]), mean, variance) for length, mean, variance in spans]

    def is_low(count: int) -> bool:
        return negbin.join([negbin.mid_p(others + count, mean, variance) for others, mean, variance in window]) < p

    low, high = _around(is_low, max(1, round(window[0][1] + 3 * window[0][2] ** 0.5) - window[0][0]))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_low(middle) else (middle, high)
    return high


def _around(is_low: Callable[[int], bool], guess: int) -> tuple[int, int]:
    """A count that is not improbable enough (or 0), and one that is. The search starts at ``guess``, because the result is near it."""
    step = 1
    if is_low(guess):
        low, high = guess - 1, guess
        while low > 0 and is_low(low):
            step *= 2
            low, high = max(0, low - step), low
        return low, high
    low, high = guess, guess + 1
    while not is_low(high):
        step *= 2
        low, high = high, high + step
    return low, high


def _windows(shape: Shape, band: Open, place: int, *, alone: bool) -> list[tuple[int, float, float]]:
    """Length, mean and variance of each sum that ends at ``place``, the shortest first; for an older bucket only its own.

    A report arrives in time with probability F, so counts are thinned: dispersion 1 + F (phi - 1) (binomial thinning).
    """
    (means, log_variances, wide), dispersion, shares = band
    is_newest = place == len(means) - 1 and not alone
    found, mean, variance, bucket = [], 0.0, 0.0, place
    for number, length in enumerate(shape.windows if is_newest else (1,)):
        first = place - length + 1
        if first < 0:
            continue
        while bucket >= first:
            share = shares[bucket]
            part = means[bucket] * share
            mean += part
            variance += part * (1 + share * (dispersion - 1))
            bucket -= 1
        known = wide[number] if is_newest else log_variances[place]
        found.append((length, mean, variance + negbin.spread(mean, min(known, _MOST_LOG_VARIANCE))))
    return found
