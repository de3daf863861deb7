"""Counts of past buckets in, the forecast of the next ones out: a discounted Poisson-gamma dynamic model of one series.

The log-rate of a bucket is a sum of regressors with coefficients that may change slowly. A bucket's count is folded in through
the gamma distribution that matches mean and variance of the log-rate (West, Harrison and Migon, JASA 80, 1985); how much it
weighs goes down with overdispersion, and with the square of how far above the forecast it is, so that an old spike does not
become the norm (as Noufaily et al., 2013, weigh theirs).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from streams.core.spikes.gammas import digamma, inverse_trigamma, trigamma
from streams.core.spikes.negbin import mid_p
from streams.core.spikes.shape import CALENDAR_VARIANCES, MOST_LEVEL, Row, Shape

ROBUST = 2.2
"""Standard deviations above which a past count loses weight."""
FIRST_WEIGHT = 10.0
"""Buckets that the first guess of the overdispersion is worth."""
FLAT = (0.0, MOST_LEVEL)
"""Mean and variance of the log-rate when nothing is known."""
UNSURE = 1.0
"""Variance of the log-rate from which on no count is an outlier: the rate itself is not known to a factor of e."""
LEAST_LEVEL = math.log(1e-3)
"""A series of zeros is not believed to be rarer than a case in a thousand buckets."""
SHIFT = 0.5
"""Added to the level's variance in each bucket of a run of high ones that is too long for a spike."""
_LEAST_VARIANCE = 1e-10
_LEAST_P = 1e-12


class Forecast(NamedTuple):
    """Of one bucket: the mean count, and the variance of the log-rate."""

    mean: float
    log_variance: float


class Outlook(NamedTuple):
    """Forecasts of buckets that follow each other, and of the sums of the newest of them."""

    forecasts: list[Forecast]
    wide: list[float]
    """Variance of the log of each window's mean (``Shape.windows``): what is not known of the weekdays, say, is not all in a week."""


class Model:
    """What is known of a series: coefficients, their covariance, and the overdispersion as a weighted mean."""

    __slots__ = ("covariance", "dispersion_sum", "dispersion_weight", "first", "mean", "phase", "run", "shape")

    def __init__(self, shape: Shape, mean: Row, covariance: Row, dispersion: tuple[float, float], first: tuple[float, float]) -> None:
        self.shape, self.mean, self.covariance, self.first = shape, mean, covariance, first
        self.run = 0  # newest buckets in a row that were too high
        self.phase = 0.0  # share of the newest bucket that lay in a phase
        self.dispersion_sum, self.dispersion_weight = dispersion

    @classmethod
    def begin(cls, shape: Shape, level: tuple[float, float] = FLAT) -> Model:
        """Nothing learnt yet; ``level`` is mean and variance of the log-rate of a bucket (``prior.Prior.level``)."""
        mean, variances = np.zeros(shape.width), shape.most_variances().copy()
        mean[0], variances[0] = level
        return cls(shape, mean, np.diag(variances), (FIRST_WEIGHT * shape.first_dispersion, FIRST_WEIGHT), level)

    @classmethod
    def from_stored(cls, shape: Shape, stored: dict[str, Any]) -> Model:
        """Read what ``stored`` gave."""
        covariance = np.zeros((shape.width, shape.width))
        upper = _upper(shape.width)
        covariance[upper] = covariance.T[upper] = stored["c"]
        found = cls(shape, np.array(stored["m"]), covariance, (stored["d"][0], stored["d"][1]), (stored["l"][0], stored["l"][1]))
        found.run, found.phase = stored["r"], stored["p"]
        return found

    def stored(self) -> dict[str, Any]:
        """Plain JSON values; floats come back exactly."""
        upper = self.covariance[_upper(self.shape.width)]
        return {
            "m": self.mean.tolist(),
            "c": upper.tolist(),
            "d": [self.dispersion_sum, self.dispersion_weight],
            "l": list(self.first),
            "r": self.run,
            "p": self.phase,
        }

    def copy(self) -> Model:
        """One that can learn apart."""
        dispersion = (self.dispersion_sum, self.dispersion_weight)
        found = Model(self.shape, self.mean.copy(), self.covariance.copy(), dispersion, self.first)
        found.run, found.phase = self.run, self.phase
        return found

    @property
    def dispersion(self) -> float:
        """Variance over mean of the counts, at least 1."""
        return max(1.0, self.dispersion_sum / self.dispersion_weight)

    def forecast(self, rows: Iterable[Row]) -> Outlook:
        """The buckets that follow the last one learnt, in order. Uncertainty grows by the same amount each bucket."""
        mean, covariance, phase = self.mean, self.covariance, self.phase
        drift: Row | None = None
        found, seen = [], []
        for row in rows:
            mean, covariance = _step(mean, covariance)
            phase = self._enter(mean, covariance, row, phase)
            if drift is None:
                drift = covariance * (self.shape.inflation() - 1)
            covariance = covariance + drift
            eta, q = float(row @ mean), float(row @ covariance @ row)
            found.append(Forecast(math.exp(eta + q / 2), q))
            seen.append(found[-1].mean * row)
        wide = []
        for length in self.shape.windows:
            window = np.sum(seen[-length:], axis=0) / sum(one.mean for one in found[-length:])  # the mean regressors of its cases
            wide.append(float(window @ covariance @ window))
        return Outlook(found, wide)

    def learn(self, count: int, row: Row) -> None:
        """Fold in the next bucket. A run of high ones longer than ``patience`` is the new norm, and is learnt quickly."""
        mean, covariance = _step(self.mean, self.covariance)
        self.phase = self._enter(mean, covariance, row, self.phase)
        covariance = _no_less_than_at_first(covariance * self.shape.inflation(), self.shape)
        is_shift = self.run >= self.shape.patience
        if is_shift:
            covariance[0, 0] += SHIFT
        eta, spread = float(row @ mean), covariance @ row
        q = max(float(row @ spread), _LEAST_VARIANCE)
        shape = inverse_trigamma(q)  # gamma with the mean and variance of the log-rate
        rate = math.exp(digamma(shape) - eta)
        expected, variance, dispersion = shape / rate, shape / rate**2, self.dispersion
        weight = _weight(count, expected, dispersion * expected + variance) if q < UNSURE else 1.0
        self.run = self.run + 1 if weight < 1 else 0
        if is_shift:
            weight = 1.0
        worth = weight / dispersion
        learnt, learnt_rate = shape + worth * count, rate + worth
        self.mean = mean + spread * ((digamma(learnt) - math.log(learnt_rate) - eta) / q)
        self.mean[0] = max(self.mean[0], LEAST_LEVEL)
        self.covariance = covariance - np.outer(spread, spread) * ((1 - trigamma(learnt) / q) / q)
        # The last factor keeps errors of the mean, large at first, from passing for overdispersion. The square root: with the full
        # weight the tail that belongs to the distribution is lost too (FPR .0126 at .01 where there never was a spike, then .0113).
        own = dispersion * expected
        sure = math.sqrt(weight) * expected / (expected + 1) * (own / (own + variance)) ** 2
        kept = self.shape.dispersion
        self.dispersion_sum = kept * self.dispersion_sum + sure * ((count - expected) ** 2 - variance) / expected
        self.dispersion_weight = kept * self.dispersion_weight + sure

    def _enter(self, mean: Row, covariance: Row, row: Row, before: float) -> float:
        """A phase that begins: an agency that is quiet between phases is as unknown as at first. Returns the bucket's share in a phase.

        Without it a phase would begin with alarms, and the zeros of half a year would hold the level down for weeks.
        """
        now = float(row[-1]) if self.shape.calendar == len(CALENDAR_VARIANCES) else 0.0
        if now > 0 and not before and mean[0] < self.first[0]:
            mean[0] = self.first[0]
            covariance[0, :] = covariance[:, 0] = 0.0
            covariance[0, 0] = self.first[1]
        return now


@cache
def _upper(width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the upper half of a square matrix stands: the other half is the same."""
    return np.triu_indices(width)


def _step(mean: Row, covariance: Row) -> tuple[Row, Row]:
    """One bucket later: the slope is added to the level."""
    mean, covariance = mean.copy(), covariance.copy()
    mean[0] += mean[1]
    covariance[0] += covariance[1]
    covariance[:, 0] += covariance[:, 1]
    return mean, covariance


def _no_less_than_at_first(covariance: Row, shape: Shape) -> Row:
    """Forgetting stops at the variances of the beginning: a series of nothing but zeros would grow beyond all bounds."""
    over = covariance.diagonal() / shape.most_variances()
    if over.max() <= 1:
        return covariance
    scale = 1 / np.sqrt(np.maximum(over, 1))
    return covariance * np.outer(scale, scale)


def _weight(count: int, expected: float, variance: float) -> float:
    """1, or less for a count far above what was expected."""
    p = min(max(mid_p(count, expected, variance), _LEAST_P), 1 - _LEAST_P)
    z = -float(ndtri(p))
    return (ROBUST / z) ** 2 if z > ROBUST else 1.0
