"""The detector of streams/core/spikes for many series at once: the same formulas on arrays, so that thousands can be judged.

A test holds it to the scalar core (1e-12); the figures of the benchmark are therefore figures of the core.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, digamma, gammainc, gammaln, ndtri, polygamma

from mekong.streams.core.spikes.statistics.model import FIRST_WEIGHT, FLAT, LEAST_LEVEL, ROBUST, SHIFT, UNSURE
from mekong.streams.core.spikes.statistics.shape import Shape

Array = NDArray[np.float64]
_NEWTON_STEPS = 12
_MOST_LOG_VARIANCE = 6.0


class Judged(NamedTuple):
    """Of each series and bucket: the joined p-value, that of the newest bucket alone, and the mean that was expected."""

    p: Array
    single: Array
    expected: Array


class Batch:
    """Models of many series of one shape. All arrays begin with the series."""

    def __init__(self, shape: Shape, series: int, level: tuple[Array | float, Array | float] = FLAT) -> None:
        self.shape = shape
        self.mean = np.zeros((series, shape.width))
        self.covariance = np.zeros((series, shape.width, shape.width))
        self.covariance[:] = np.diag(shape.most_variances())
        self.mean[:, 0], self.covariance[:, 0, 0] = level
        self.sums = np.full(series, FIRST_WEIGHT * shape.first_dispersion)
        self.weights = np.full(series, FIRST_WEIGHT)
        self.run = np.zeros(series, int)

    def copy(self) -> Batch:
        """One that can learn apart."""
        found = Batch(self.shape, 0)
        found.mean, found.covariance = self.mean.copy(), self.covariance.copy()
        found.sums, found.weights, found.run = self.sums.copy(), self.weights.copy(), self.run.copy()
        return found

    def repeat(self, times: int) -> Batch:
        """Each series ``times`` times, one behind the other."""
        found = Batch(self.shape, 0)
        found.mean, found.covariance = np.repeat(self.mean, times, 0), np.repeat(self.covariance, times, 0)
        found.sums, found.weights, found.run = (np.repeat(one, times) for one in (self.sums, self.weights, self.run))
        return found

    @property
    def dispersion(self) -> Array:
        """As ``Model.dispersion``."""
        return np.maximum(1.0, self.sums / self.weights)

    def forecast(self, rows: list[Array]) -> tuple[Array, Array]:
        """As ``Model.forecast``: means (bucket, series), and the log-variances of the windows (window, series)."""
        mean, covariance, drift = self.mean, self.covariance, None
        means = []
        for row in rows:
            mean, covariance = _step(mean, covariance)
            if drift is None:
                drift = covariance * (self.shape.inflation() - 1)
            covariance = covariance + drift
            q = np.einsum("i,sij,j->s", row, covariance, row)
            means.append(np.exp(mean @ row + q / 2))
        found, wide = np.array(means), []
        for length in self.shape.windows:
            shares = found[-length:] / found[-length:].sum(0)
            window = np.einsum("ws,wi->si", shares, np.array(rows[-length:]))
            wide.append(np.einsum("si,sij,sj->s", window, covariance, window))
        return found, np.array(wide)

    def learn(self, counts: Array, row: Array) -> None:
        """As ``Model.learn``."""
        mean, covariance = _step(self.mean, self.covariance)
        covariance = covariance * self.shape.inflation()
        over = np.diagonal(covariance, axis1=1, axis2=2) / self.shape.most_variances()
        scale = 1 / np.sqrt(np.maximum(over, 1))
        covariance *= scale[:, :, None] * scale[:, None, :]
        is_shift = self.run >= self.shape.patience
        covariance[:, 0, 0] += np.where(is_shift, SHIFT, 0)
        eta, spread = mean @ row, covariance @ row
        q = np.maximum(spread @ row, 1e-10)
        shape = _inverse_trigamma(q)
        rate = np.exp(digamma(shape) - eta)
        expected, variance, dispersion = shape / rate, shape / rate**2, self.dispersion
        p = np.clip(mid_p(counts, expected, dispersion * expected + variance), 1e-12, 1 - 1e-12)
        z = -ndtri(p)
        weight = np.where((z > ROBUST) & (q < UNSURE) & (counts > expected), (ROBUST / np.maximum(z, ROBUST)) ** 2, 1.0)
        self.run = np.where(weight < 1, self.run + 1, 0)
        weight = np.where(is_shift, 1.0, weight)
        worth = weight / dispersion
        learnt, learnt_rate = shape + worth * counts, rate + worth
        self.mean = mean + spread * ((digamma(learnt) - np.log(learnt_rate) - eta) / q)[:, None]
        self.mean[:, 0] = np.maximum(self.mean[:, 0], LEAST_LEVEL)
        shrink = (1 - polygamma(1, learnt) / q) / q
        self.covariance = covariance - spread[:, :, None] * spread[:, None, :] * shrink[:, None, None]
        own = dispersion * expected
        sure = np.sqrt(weight) * expected / (expected + 1) * (own / (own + variance)) ** 2
        kept = self.shape.dispersion
        self.sums = kept * self.sums + sure * ((counts - expected) ** 2 - variance) / expected
        self.weights = kept * self.weights + sure


def run(batch: Batch, counts: NDArray[np.int64], first: int, judged: int, calendar: NDArray[np.float64] | None = None) -> Judged:
    """Judge the last ``judged`` buckets of ``counts`` (series, bucket); ``first`` is the number of the first bucket.

    ``batch`` has learnt all before ``counts`` and learns on. Buckets before the guard band is full have p-value 1.
    """
    shape, buckets = batch.shape, counts.shape[1]
    ps, singles, means = (np.full((len(counts), judged), one) for one in (1.0, 1.0, np.nan))
    for t in range(buckets):
        place = t - (buckets - judged)
        if t >= shape.guard:
            rows = [_row(shape, first, i, calendar) for i in range(t - shape.guard, t + 1)]
            if place >= 0:
                mean, q = batch.forecast(rows)
                p, single = judge(shape, counts[:, t - shape.guard : t + 1], mean, q, batch.dispersion)
                ps[:, place], singles[:, place], means[:, place] = p, single, mean[-1]
            batch.learn(counts[:, t - shape.guard].astype(float), rows[0])
    return Judged(ps, singles, means)


def judge(
    shape: Shape, counts: NDArray[np.int64], mean: Array, q: Array, dispersion: Array, shares: Array | None = None
) -> tuple[Array, Array]:
    """As ``series.judge`` of the newest bucket: p of all windows joined, and of the bucket alone. ``q`` is by window."""
    shares = np.ones(len(mean)) if shares is None else shares
    found = []
    for length, spread in zip(shape.windows, q, strict=True):
        part = mean[-length:] * shares[-length:, None]
        total = part.sum(0)
        thinned = (part * (1 + shares[-length:, None] * (dispersion - 1))).sum(0)
        variance = thinned + total**2 * np.expm1(np.minimum(spread, _MOST_LOG_VARIANCE))
        found.append(mid_p(counts[:, -length:].sum(1), total, variance))
    return join(np.array(found)), found[0]


def join(ps: Array) -> Array:
    """As ``negbin.join``, over the first axis."""
    total = (1 / np.tan(np.pi * np.clip(ps, 1e-300, 0.95))).mean(0)
    return np.arctan2(1.0, total) / np.pi


def tail(y: Array, mean: Array, variance: Array) -> Array:
    """As ``negbin.tail``."""
    y = np.asarray(y, float)
    is_poisson = variance <= mean * (1 + 1e-9)
    r = mean * mean / np.where(is_poisson, 1.0, variance - mean)
    at = np.maximum(y, 1)
    return np.where(y <= 0, 1.0, np.where(is_poisson, gammainc(at, mean), betainc(at, r, mean / (r + mean))))


def mid_p(y: Array, mean: Array, variance: Array) -> Array:
    """As ``negbin.mid_p``."""
    return 0.5 * (tail(y, mean, variance) + tail(np.asarray(y) + 1, mean, variance))


def evidence(y: Array, mean: Array, variance: Array) -> Array:
    """As ``negbin.evidence``."""
    r = mean * mean / np.maximum(variance - mean, 1e-6 * mean)
    log_share, total = np.log(r / (r + mean)), np.zeros_like(mean)
    for shift in (1, 2, 3):
        raised = r * (mean + shift * np.sqrt(variance)) / mean
        ratio = gammaln(y + raised) - gammaln(raised) - gammaln(y + r) + gammaln(r) + (raised - r) * log_share
        total += np.exp(np.clip(ratio, -50, 50)) / 3
    return total


def _row(shape: Shape, first: int, place: int, calendar: NDArray[np.float64] | None) -> Array:
    return shape.row(first + place, tuple(calendar[place]) if calendar is not None else ())


def _step(mean: Array, covariance: Array) -> tuple[Array, Array]:
    mean, covariance = mean.copy(), covariance.copy()
    mean[:, 0] += mean[:, 1]
    covariance[:, 0] += covariance[:, 1]
    covariance[:, :, 0] += covariance[:, :, 1]
    return mean, covariance


def _inverse_trigamma(q: Array) -> Array:
    x = 1 / q + 0.5
    for _ in range(_NEWTON_STEPS):
        second = polygamma(1, x)
        step = second * (1 - second / q) / polygamma(2, x)
        x = x + step
        if (np.abs(step) < 1e-9 * x).all():
            break
    return x
