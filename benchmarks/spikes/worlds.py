"""Gate 7, a report: worlds that the model does not hold, weekly, for us, for EARS and for Farrington Flexible.

False alarms are counted where nothing but the world's own change happens; a planted outbreak has 5 standard deviations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.spikes import opponents
from benchmarks.spikes.batch import Batch, run
from benchmarks.spikes.gate import Gate, rate
from benchmarks.spikes.noufaily import FIRST_JUDGED, JUDGED, SEED, WEEKS, draw, outbreak
from benchmarks.spikes.weekly import ALPHA, SHAPE

Counts = NDArray[np.int64]
SERIES, SIZE, PHI = 120, 5, 1.5
_CHANGE = FIRST_JUDGED - 60
_FARRINGTON_SERIES = 40


def gates(*, fresh_r: bool) -> Iterator[Gate]:
    """Measure."""
    for name, (world, make) in enumerate(WORLDS.items()):
        rng = np.random.default_rng((SEED, 7, name))
        made = [make(rng) for _ in range(SERIES)]
        counts = np.stack([one for one, _ in made])
        raised, spans = counts.copy(), []
        for i, (_, mean) in enumerate(made):
            start = FIRST_JUDGED + int(rng.integers(JUDGED - 3))
            extra = outbreak(start, SIZE, float(np.sqrt(PHI * max(mean[start], 0.05))), WEEKS, rng)
            raised[i] += extra
            spans.append((start - FIRST_JUDGED, int(extra.nonzero()[0].max(initial=start)) - FIRST_JUDGED))
        texts = [_text("ours", _ours(counts), _ours(raised), spans)]
        texts.append(_text("EARS C2", opponents.ears(counts.astype(float), "C2"), opponents.ears(raised.astype(float), "C2"), spans))
        few = counts[:_FARRINGTON_SERIES]
        fits, _ = opponents.fits(few, fresh=fresh_r, cache=opponents.WORLDS)
        if len(fits.expected) > len(few):  # the cache holds one world after the other
            part = slice(name * len(few), (name + 1) * len(few))
            fits = opponents.Fits(fits.expected[part], fits.phi[part], {})
        null = opponents.farrington(fits, few[:, FIRST_JUDGED:].astype(float))
        alarm = opponents.farrington(fits, raised[: len(few), FIRST_JUDGED:].astype(float))
        spans = spans[: len(few)]
        texts.append(_text(f"of {len(few)} of the series, Farrington Flexible", null, alarm, spans))
        texts.append(_text("ours", _ours(few), _ours(raised[: len(few)]), spans))
        yield Gate("7", f"world: {world}", "; ".join(texts))


def _ours(counts: Counts) -> NDArray[np.float64]:
    return run(Batch(SHAPE, len(counts)), counts, 1, JUDGED).p


def _text(name: str, null: NDArray[np.float64], alarm: NDArray[np.float64], spans: list[tuple[int, int]]) -> str:
    limit = float(np.quantile(null, ALPHA))
    pods = [np.mean([(p[start : end + 1] < at).any() for p, (start, end) in zip(alarm, spans, strict=True)]) for at in (ALPHA, limit)]
    return f"{name}: FPR {rate((null < ALPHA).mean())}, POD {pods[0]:.2f}, at a matched 1 % {pods[1]:.2f}"


def _from_mean(mean: NDArray[np.float64], rng: np.random.Generator) -> tuple[Counts, NDArray[np.float64]]:
    return draw(mean, PHI, rng), mean


def _season(rng: np.random.Generator) -> NDArray[np.float64]:
    t = np.arange(WEEKS)
    return rng.uniform(0, 2.5) + 0.3 * np.cos(2 * np.pi * t / 52)


def _step(rng: np.random.Generator) -> tuple[Counts, NDArray[np.float64]]:
    """Doubles a year before the judged weeks."""
    return _from_mean(np.exp(_season(rng) + np.log(2) * (np.arange(WEEKS) >= _CHANGE)), rng)


def _walk(rng: np.random.Generator) -> tuple[Counts, NDArray[np.float64]]:
    """The log-rate walks at random, 5 % a week."""
    walk = np.cumsum(rng.normal(0, 0.05, WEEKS))
    return _from_mean(np.exp(np.clip(_season(rng) + walk - walk[FIRST_JUDGED], -3, 4)), rng)


def _campaign(rng: np.random.Generator) -> tuple[Counts, NDArray[np.float64]]:
    """Eight weeks of 60 % more each year, at another time each year, unannounced."""
    eta = _season(rng)
    for year in range(0, WEEKS, 52):
        start = year + int(rng.integers(40))
        eta[start : start + 8] += np.log(1.6)
    return _from_mean(np.exp(eta), rng)


def _zeros(rng: np.random.Generator) -> tuple[Counts, NDArray[np.float64]]:
    """A third of the weeks report nothing."""
    mean = np.exp(_season(rng))
    return draw(mean, PHI, rng) * (rng.random(WEEKS) > 1 / 3), mean


def _fourth(rng: np.random.Generator) -> tuple[Counts, NDArray[np.float64]]:
    """A season with four peaks."""
    return _from_mean(np.exp(_season(rng) + 0.5 * np.cos(2 * np.pi * 4 * np.arange(WEEKS) / 52)), rng)


def _practice(rng: np.random.Generator) -> tuple[Counts, NDArray[np.float64]]:
    """A year before, every second week is reported together with the next."""
    counts, mean = _from_mean(np.exp(_season(rng)), rng)
    for week in range(_CHANGE - _CHANGE % 2, WEEKS - 1, 2):
        counts[week + 1] += counts[week]
        counts[week] = 0
    return counts, mean


WORLDS: dict[str, Callable[[np.random.Generator], tuple[Counts, NDArray[np.float64]]]] = {
    "a step: twice as many from a year ago on": _step,
    "a random walk of 5 % a week": _walk,
    "campaigns that move through the year": _campaign,
    "zero inflation: a third of the weeks says nothing": _zeros,
    "a season with four peaks": _fourth,
    "reporting changed to every second week a year ago": _practice,
}
