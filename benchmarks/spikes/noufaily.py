"""The weekly design of Noufaily et al. (Statistics in Medicine 32, 2013): 42 scenarios of 624 weeks, 49 of them judged.

Parameters as in the authors' own generator (AlgorithmComparison) and in the AEDDO repository, which agree. Weeks 1-312 are
burn-in, 313-575 hold four past outbreaks, 576-624 are judged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SEED = 20_261_122
WEEKS, FIRST_JUDGED, FIRST_BASELINE = 624, 575, 312  # counted from 0
JUDGED = WEEKS - FIRST_JUDGED
PERIOD = 52.0
SIZES = tuple(range(1, 11))
"""Outbreak sizes in standard deviations (k2 of the paper)."""
_PARAMETERS = (  # theta, beta, gamma1, gamma2, phi
    (0.1, 0.0025, 0.6, 0.6, 1.5),
    (-2.0, 0.005, 0.1, 0.3, 2.0),
    (1.5, 0.003, 0.2, -0.4, 1.0),
    (0.5, 0.002, 0.5, 0.5, 5.0),
    (2.5, 0.001, 1.0, 0.1, 3.0),
    (3.75, 0.001, 0.1, -0.1, 1.1),
    (5.0, 0.0001, 0.05, 0.01, 1.2),
)
SETS = len(_PARAMETERS)
_BASELINE_OUTBREAKS, _BASELINE_SIZES = 4, (2, 3, 5, 10)
_SPREAD = 0.5  # of the lognormal delay of a case, in log weeks


class Scenario(NamedTuple):
    """One of the 42: its parameter set (0 to 6), mean in each week, and overdispersion."""

    parameters: int
    mean: NDArray[np.float64]
    phi: float


class Design(NamedTuple):
    """Counts without a current outbreak (scenario, replicate, week), and the outbreaks to add to the judged weeks.

    ``extra[s, r, k]`` are the cases of an outbreak of size ``SIZES[k]`` in the judged weeks; it lasts from ``start`` to ``end``
    (both included, from 0 within the judged weeks).
    """

    scenarios: list[Scenario]
    counts: NDArray[np.int64]
    extra: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def scenarios() -> list[Scenario]:
    """7 parameter sets x trend or none x 0, 1 or 2 harmonics."""
    t = np.arange(1, WEEKS + 1)
    found = []
    for number, (theta, beta, cosine, sine, phi) in enumerate(_PARAMETERS):
        for slope in (0.0, beta):
            for harmonics in range(3):
                eta = theta + slope * t
                for j in range(1, harmonics + 1):
                    eta = eta + cosine * np.cos(2 * np.pi * j * t / PERIOD) + sine * np.sin(2 * np.pi * j * t / PERIOD)
                found.append(Scenario(number, np.exp(eta), phi))
    return found


def draw(mean: NDArray[np.float64], phi: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Negative binomial counts of variance ``phi * mean``; Poisson for ``phi`` 1."""
    if phi <= 1:
        return rng.poisson(mean)
    return rng.negative_binomial(mean / (phi - 1), 1 / phi)


def outbreak(start: int, size: float, sd: float, weeks: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Cases by week of an outbreak of about ``size`` standard deviations, at least two cases; those past the end are dropped."""
    cases = 0
    while cases < 2:
        cases = int(rng.poisson(size * sd))
    at = start + np.floor(rng.lognormal(0, _SPREAD, cases)).astype(int)
    return np.bincount(at[at < weeks], minlength=weeks)


def make(replicates: int, seed: int = SEED) -> Design:
    """The whole design. A replicate is the same however many are asked for."""
    worlds = scenarios()
    counts = np.zeros((len(worlds), replicates, WEEKS), np.int64)
    extra = np.zeros((len(worlds), replicates, len(SIZES), JUDGED), np.int64)
    start = np.zeros((len(worlds), replicates, len(SIZES)), np.int64)
    end = np.zeros_like(start)
    for s, world in enumerate(worlds):
        sd = np.sqrt(world.phi * world.mean)
        for r in range(replicates):
            rng = np.random.default_rng((seed, s, r))
            series = draw(world.mean, world.phi, rng)
            for begin in rng.choice(np.arange(FIRST_BASELINE, FIRST_JUDGED), _BASELINE_OUTBREAKS, replace=False):
                series = series + outbreak(begin, rng.choice(_BASELINE_SIZES), sd[begin], WEEKS, rng)
            counts[s, r] = series
            for k, size in enumerate(SIZES):
                begin = int(rng.integers(JUDGED))
                extra[s, r, k] = outbreak(begin, size, sd[FIRST_JUDGED + begin], JUDGED, rng)
                start[s, r, k], end[s, r, k] = begin, int(extra[s, r, k].nonzero()[0].max(initial=begin))
    return Design(worlds, counts, extra, start, end)
