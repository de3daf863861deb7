"""Forecasts the next buckets of one series from the counts of past buckets: a discounted Poisson-gamma dynamic model.

The log-rate of a bucket is a sum of regressors with coefficients that may change slowly. A bucket's count updates the model through
the gamma distribution that matches mean and variance of the log-rate (West, Harrison and Migon, JASA 80, 1985). The weight of a count
decreases with overdispersion, and with the square of its distance above the forecast. So an old spike does not become the norm (Noufaily
et al., 2013, use such weights too).
"""

from __future__ import annotations

import math
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from mekong.streams.core.spikes.statistics.ahead import ahead_of, wide_of
from mekong.streams.core.spikes.statistics.gammas import digamma, inverse_trigamma, trigamma
from mekong.streams.core.spikes.statistics.negbin import mid_p
from mekong.streams.core.spikes.statistics.shape import CALENDAR_VARIANCES, MOST_LEVEL, Row, Shape

ROBUST = 2.2
"""Standard deviations above which a past count loses weight."""
FIRST_WEIGHT = 10.0
"""The weight, in buckets, of the first guess of the overdispersion."""
FLAT = (0.0, MOST_LEVEL)
"""Mean and variance of the log-rate when nothing is known."""
UNSURE = 1.0
"""From this variance of the log-rate on, no count is an outlier, because the rate itself is not known to a factor of e."""
LEAST_LEVEL = math.log(1e-3)
"""The lowest level: even a series of zeros has at least one case in a thousand buckets."""
SHIFT = 0.5
"""The value added to the level's variance in each bucket of a run of high buckets that is too long for a spike."""
_LEAST_VARIANCE = 1e-10
_LEAST_P = 1e-12
_ROBUST_P = float(ndtr(-ROBUST))


class Outlook(NamedTuple):
    """Forecasts of consecutive buckets, and of the sums of the newest of them."""

    means: list[float]
    """The means of the counts."""
    log_variances: list[float]
    """The variances of the log-rates."""
    wide: list[float]
    """Variance of the log of each window's mean (``Shape.windows``). In a sum over a week, for example, unknown weekdays matter less."""


class Model:
    """The state of a series: coefficients, their covariance, and the overdispersion as a weighted mean."""

    __slots__ = ("covariance", "dispersion_sum", "dispersion_weight", "first", "mean", "phase", "run", "shape")

    def __init__(self, shape: Shape, mean: Row, covariance: Row, dispersion: tuple[float, float], first: tuple[float, float]) -> None:
        self.shape, self.mean, self.covariance, self.first = shape, mean, covariance, first
        self.run = 0  # newest buckets in a row that were too high
        self.phase = 0.0  # share of the newest bucket that was in a phase
        self.dispersion_sum, self.dispersion_weight = dispersion

    @classmethod
    def begin(cls, shape: Shape, level: tuple[float, float] = FLAT) -> Model:
        """A model without data. ``level`` is mean and variance of the log-rate of a bucket (``prior.Prior.level``)."""
        mean, variances = np.zeros(shape.width), shape.most_variances().copy()
        mean[0], variances[0] = level
        return cls(shape, mean, np.diag(variances), (FIRST_WEIGHT * shape.first_dispersion, FIRST_WEIGHT), level)

    @classmethod
    def from_stored(cls, shape: Shape, stored: dict[str, Any]) -> Model:
        """A model from what ``stored`` returned."""
        upper = np.frombuffer(a2b_base64(stored["c"]), "<f8")
        first, dispersion = stored["l"], stored["d"]
        covariance = upper.take(_places(shape.width)[1]).astype(np.float64, copy=False)
        found = cls(shape, np.array(stored["m"]), covariance, (dispersion[0], dispersion[1]), (first[0], first[1]))
        found.run, found.phase = stored["r"], stored["p"]
        return found

    def stored(self) -> dict[str, Any]:
        """The model as plain JSON values with exact floats. Base64 for the covariance's upper half needs a third of the length and time."""
        upper = self.covariance.take(_places(self.shape.width)[0]).astype("<f8", copy=False)
        return {
            "m": self.mean.tolist(),
            "c": b2a_base64(upper.tobytes(), newline=False).decode("ascii"),
            "d": [self.dispersion_sum, self.dispersion_weight],
            "l": list(self.first),
            "r": self.run,
            "p": self.phase,
        }

    @property
    def dispersion(self) -> float:
        """Variance over mean of the counts, at least 1."""
        return max(1.0, self.dispersion_sum / self.dispersion_weight)

    def forecast(self, rows: Sequence[Row] | Row) -> Outlook:
        """Forecast the buckets after the last learnt one, in order. Uncertainty grows by the same amount each bucket.

        The form is closed: bucket ``k`` from here has the regressors plus ``k`` times the slope's, and ``k`` times the drift of one bucket.
        """
        matrix = np.asarray(rows)
        if self._meets_a_phase(matrix):
            return self._forecast_by_bucket(matrix)
        mean, covariance, ahead = self.mean, self.covariance, ahead_of(len(matrix), self.shape.width)
        drift = covariance * self.shape.growth()
        own, moved = matrix.dot(covariance), matrix.dot(drift)
        # The slope moves the level's variance in each bucket; it shares no block with another regressor, so it drifts apart.
        level = self.shape.growth().item(0, 0) * (2 * covariance.item(0, 1) + covariance.item(1, 1))
        more = ahead.sums.dot(np.array([covariance.item(1, 1), level, drift.item(1, 1)]))
        variances = (((ahead.column * moved) + own) * matrix).dot(ahead.ones) + ahead.twice * own[:, 1] + more
        slope, log_variances = mean.item(1), variances.tolist()
        etas = enumerate(matrix.dot(mean).tolist(), 1)
        means = [math.exp(eta + k * slope + q / 2) for (k, eta), q in zip(etas, log_variances, strict=True)]
        wide = [wide_of(means[-length:], matrix, own, moved) + more.item(-1) for length in self.shape.windows[1:]]
        return Outlook(means, log_variances, [log_variances[-1], *wide])

    def learn(self, count: int, row: Row) -> None:
        """Update the model with the next bucket. A run of high buckets longer than ``patience`` is the new norm, and is learnt quickly.

        A count below 0 counts as 0: a case that was counted before the series began may be subtracted from it.
        """
        count = max(0, count)
        is_shift = self.run >= self.shape.patience
        self._evolve(row)
        mean, covariance = self.mean, self.covariance
        if is_shift:
            covariance[0, 0] += SHIFT
        spread = covariance.dot(row)
        eta, q = float(row.dot(mean)), max(float(row.dot(spread)), _LEAST_VARIANCE)
        shape = inverse_trigamma(q)  # gamma with the mean and variance of the log-rate
        rate = math.exp(digamma(shape) - eta)
        expected, variance, dispersion = shape / rate, shape / rate**2, self.dispersion
        weight = _weight(count, expected, dispersion * expected + variance) if q < UNSURE and count > expected else 1.0
        self.run = self.run + 1 if weight < 1 else 0
        if is_shift:
            weight = 1.0
        worth = weight / dispersion
        learnt, learnt_rate = shape + worth * count, rate + worth
        mean += spread * ((digamma(learnt) - math.log(learnt_rate) - eta) / q)
        mean[0] = max(mean.item(0), LEAST_LEVEL)
        known = spread[:, None] * spread  # first, so that the halves stay the same to the last bit
        known *= (1 - trigamma(learnt) / q) / q
        covariance -= known
        self._learn_dispersion(count, expected, variance, weight)

    def _learn_dispersion(self, count: int, expected: float, variance: float, weight: float) -> None:
        """Update the overdispersion with the distance between the count and the expected count.

        The last factor keeps errors of the mean, which are large at first, from counting as overdispersion. The weight has a square root,
        because with the full weight the tail of the distribution itself is lost too (series without a spike have an FPR of .0126 at .01
        with the full weight, and of .0113 with the square root).
        """
        own = self.dispersion * expected
        sure = math.sqrt(weight) * expected / (expected + 1) * (own / (own + variance)) ** 2
        kept = self.shape.dispersion
        self.dispersion_sum = kept * self.dispersion_sum + sure * ((count - expected) ** 2 - variance) / expected
        self.dispersion_weight = kept * self.dispersion_weight + sure

    def _evolve(self, row: Row) -> None:
        """Move one bucket on, before its count is known: add the slope, and lose certainty."""
        mean, covariance = self.mean, self.covariance
        _step(mean, covariance)
        self.phase = self._enter(mean, covariance, row, self.phase)
        covariance *= self.shape.inflation()
        most = self.shape.most_variances()
        if np.count_nonzero(covariance.diagonal() > most):  # the limit of forgetting: without it, a series of zeros grows without a limit
            scale = 1 / np.sqrt(np.maximum(covariance.diagonal() / most, 1))
            covariance *= np.outer(scale, scale)

    def _meets_a_phase(self, matrix: Row) -> bool:
        """Whether a phase begins in one of the buckets."""
        shares = matrix[:, -1].tolist() if self.shape.calendar == len(CALENDAR_VARIANCES) else [0.0]
        return max(shares) > 0 and any(now > 0 and not before for before, now in pairwise([self.phase, *shares]))

    def _forecast_by_bucket(self, matrix: Row) -> Outlook:
        """As ``forecast``, but one bucket after the other, because the state changes when a phase begins."""
        mean, covariance, phase = self.mean.copy(), self.covariance.copy(), self.phase
        drift: Row | None = None
        means, log_variances, seen = [], [], []
        for row in matrix:
            _step(mean, covariance)
            phase = self._enter(mean, covariance, row, phase)
            if drift is None:
                drift = covariance * (self.shape.inflation() - 1)
            covariance += drift
            eta, q = float(row @ mean), float(row @ covariance @ row)
            log_variances.append(q)
            means.append(math.exp(eta + q / 2))
            seen.append(means[-1] * row)
        wide = []
        for length in self.shape.windows:
            window = np.sum(seen[-length:], axis=0) / sum(means[-length:])
            wide.append(float(window @ covariance @ window))
        return Outlook(means, log_variances, wide)

    def _enter(self, mean: Row, covariance: Row, row: Row, before: float) -> float:
        """When a phase begins, reset the level of an agency that was quiet between phases. Returns the bucket's share in a phase.

        Without the reset, a phase would begin with false alarms, and the zeros of half a year would keep the level low for weeks.
        """
        now = row.item(-1) if self.shape.calendar == len(CALENDAR_VARIANCES) else 0.0
        if now > 0 and not before and mean[0] < self.first[0]:
            mean[0] = self.first[0]
            covariance[0, :] = covariance[:, 0] = 0.0
            covariance[0, 0] = self.first[1]
        return now


@cache
def _places(width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places of the upper half in a square matrix, and the place of each element of the matrix in its upper half."""
    rows, columns = np.triu_indices(width)
    back = np.zeros((width, width), np.intp)
    back[rows, columns] = back[columns, rows] = np.arange(len(rows))
    return rows * width + columns, back


def _step(mean: Row, covariance: Row) -> None:
    """Move one bucket on, in place: add the slope to the level."""
    mean[0] += mean[1]
    covariance[0] += covariance[1]
    covariance[:, 0] += covariance[:, 1]


def _weight(count: int, expected: float, variance: float) -> float:
    """The weight of a count: 1, or less for a count far above the expected one."""
    p = mid_p(count, expected, variance)
    if p >= _ROBUST_P:
        return 1.0
    return (ROBUST / -float(ndtri(max(p, _LEAST_P)))) ** 2
