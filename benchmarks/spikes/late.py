"""Gate 3: late reports. 300 daily series, half of a day's reports on the day, then half of the rest each day (design of section 3.6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.spikes.batch import Batch, join, mid_p
from benchmarks.spikes.gate import Gate, rate
from benchmarks.spikes.noufaily import SEED, draw
from mekong.streams.core.spikes.statistics.shape import DAY

SERIES, DAYS, JUDGED, PHI = 300, 1_095, 200, 2.0
SHAPE = replace(DAY, name="late", calendar=0, windows=(1,))
SHARES = 1 - 0.5 ** (np.arange(SHAPE.guard + 1) + 1.0)
"""Of a day's reports, those that have come by the end of the day, of the next, and so on."""
SPIKE = 3.0
"""Size of the planted one-day spikes, in standard deviations."""
ALPHA = 0.01


def gates() -> Iterator[Gate]:
    """Judge a day by what has come on the day itself."""
    rng = np.random.default_rng((SEED, 3))
    level = rng.uniform(np.log(1), np.log(8), SERIES)
    t = np.arange(DAYS)
    week = 0.2 * np.cos(2 * np.pi * t / 7)
    mean = np.exp(level[:, None] + 0.3 * np.cos(2 * np.pi * t / 365.25) + week)
    counts = np.stack([draw(one, PHI, rng) for one in mean])
    spike = rng.poisson(SPIKE * np.sqrt(PHI * mean[:, -JUDGED:]))
    batch = Batch(SHAPE, SERIES)
    rates: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in ("naive", "corrected", "phi kept", "complete")}
    found: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in rates}
    for now in range(DAYS):
        place = now - (DAYS - JUDGED)
        if now >= SHAPE.guard:
            if place >= 0:
                forecast, q = batch.forecast([SHAPE.row(i) for i in range(now - SHAPE.guard, now + 1)])
                seen = rng.binomial(counts[:, now], SHARES[0])
                more = seen + rng.binomial(spike[:, place], SHARES[0])
                for name in rates:
                    whole = name == "complete"
                    for log, quiet, raised in ((rates, seen, counts[:, now]), (found, more, counts[:, now] + spike[:, place])):
                        log[name].append(_p(name, raised if whole else quiet, forecast[-1], q[-1], batch.dispersion) < ALPHA)
            batch.learn(counts[:, now - SHAPE.guard].astype(float), SHAPE.row(now - SHAPE.guard))
    fpr = {name: float(np.mean(one)) for name, one in rates.items()}
    pod = {name: float(np.mean(one)) for name, one in found.items()}
    text = "; ".join(f"{name}: FPR {rate(fpr[name])}, POD {pod[name]:.3f}" for name in rates)
    yield Gate("3a", "late data: FPR at most .013", text, fpr["corrected"] <= 0.013)
    factor = pod["corrected"] / pod["naive"]
    yield Gate("3b", "late data: POD at least 5 times that of the partial count as it is", f"{factor:.1f} times", factor >= 5)


def _p(
    name: str, counts: NDArray[np.int64], mean: NDArray[np.float64], q: NDArray[np.float64], phi: NDArray[np.float64]
) -> NDArray[np.float64]:
    """p-values under the ways to treat a partial count."""
    share = SHARES[0] if name in {"corrected", "phi kept"} else 1.0
    dispersion = phi if name == "phi kept" else 1 + share * (phi - 1)
    variance = dispersion * share * mean + (share * mean) ** 2 * np.expm1(np.minimum(q, 3.0))
    return join(mid_p(counts, share * mean, variance)[None])
