"""Gates 1, 2 and 5: false alarms and detection on Noufaily's weekly design, beside Farrington Flexible and EARS; short histories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.spikes import opponents
from benchmarks.spikes.batch import Batch, run, tail
from benchmarks.spikes.gate import Gate, rate
from benchmarks.spikes.noufaily import FIRST_JUDGED, JUDGED, PERIOD, SETS, SIZES, WEEKS, Design, make
from mekong.streams.core.spikes.statistics.shape import WEEK

Array = NDArray[np.float64]
SHAPE = replace(WEEK, name="noufaily", period=PERIOD, calendar=0)
"""The week's shape with the design's own year of 52 weeks, and nothing of a calendar."""
ALPHA = 0.01
REPLICATES = 100
_DRAWS = 400  # of the bootstrap


class Method(NamedTuple):
    """p-values without an outbreak (scenario, replicate, week), and with each (scenario, replicate, size, week)."""

    name: str
    null: Array
    alarm: Array


class Score(NamedTuple):
    """How a method does at one threshold."""

    found: NDArray[np.bool_]
    """Each outbreak (scenario, replicate, size)."""
    timeliness: float
    first_week: float
    sensitivity: float


def gates(replicates: int, *, fresh_r: bool) -> Iterator[Gate]:
    """Measure."""
    design = make(replicates)
    ours = detector(design)
    few = min(opponents.REPLICATES, replicates)
    fits, source = opponents.fits(design.counts[:, :few].reshape(-1, WEEKS), fresh=fresh_r)
    small = _first(design, few)
    others = [*_opponents(small, fits), _oracle(small)]
    matched = [Method(ours.name, ours.null[:, :few], ours.alarm[:, :few]), *others]
    fpr = float((ours.null < ALPHA).mean())
    yield Gate("1a", "pooled FPR at alpha .01 in [.007, .013]", f"{rate(fpr)} over {replicates} replicates", 0.007 <= fpr <= 0.013)
    found = {method.name: score(small, method.alarm, threshold(method.null)) for method in matched}
    gain = found["ours"].found - found["farrington"].found.astype(float)
    low, high = _bootstrap(small, matched[0], matched[1])
    yield Gate(
        "1b",
        "POD at a matched FPR of 1 % at least 3 points over Farrington Flexible",
        f"{found['ours'].found.mean():.3f} against {found['farrington'].found.mean():.3f}: {gain.mean():+.3f} [{low:+.3f}, {high:+.3f}]; "
        f"{few} replicates, Farrington from {source}",
        bool(gain.mean() >= 0.03),
    )
    full = score(design, ours.alarm, threshold(ours.null))
    for method in matched:
        yield _table_line(small, method, found[method.name])
    yield Gate("1", "  ours on all replicates at a matched FPR of 1 %", f"POD {full.found.mean():.3f}, timeliness {full.timeliness:.3f}")
    if fits.ears:
        counts = small.counts.reshape(-1, WEEKS).astype(float)
        error = max(float(np.abs(opponents.ears_threshold(counts, name, 0.001) - fits.ears[name]).max()) for name in ("C1", "C2"))
        yield Gate("1", "  EARS C1 and C2 here have R's thresholds", f"largest difference {error:.1e}", error < 1e-9)
    yield from _by_set(design, ours, others[0])
    yield from _cold(design)


def detector(design: Design) -> Method:
    """Our p-values of the whole design."""
    scenarios, replicates = design.counts.shape[:2]
    counts = design.counts.reshape(-1, WEEKS)
    batch = Batch(SHAPE, len(counts))
    first = FIRST_JUDGED - SHAPE.guard
    run(batch, counts[:, : first + SHAPE.guard], 1, 0)
    null = run(batch.copy(), counts[:, first:], first + 1, JUDGED).p
    alarms = np.ones((len(counts), len(SIZES), JUDGED))
    for k in range(len(SIZES)):
        raised = counts[:, first:].copy()
        raised[:, SHAPE.guard :] += design.extra.reshape(-1, len(SIZES), JUDGED)[:, k]
        alarms[:, k] = run(batch.copy(), raised, first + 1, JUDGED).p
    return Method("ours", null.reshape(scenarios, replicates, JUDGED), alarms.reshape(scenarios, replicates, len(SIZES), JUDGED))


def threshold(null: Array, wanted: float = ALPHA) -> float:
    """The p-value that a share ``wanted`` of the judged weeks without an outbreak lies below."""
    return float(np.quantile(null, wanted))


def score(design: Design, alarm: Array, limit: float) -> Score:
    """Alarms between start and end of each outbreak."""
    weeks = np.arange(JUDGED)
    during = (weeks >= design.start[..., None]) & (weeks <= design.end[..., None])
    raised = (alarm < limit) & during
    found = raised.any(-1)
    length = design.end - design.start + 1
    late = np.where(found, (raised.argmax(-1) - design.start) / length, 1.0)
    first = np.take_along_axis(raised, design.start[..., None], -1)[..., 0]
    return Score(found, float(late.mean()), float(first.mean()), float((raised.sum(-1) / length).mean()))


def _opponents(design: Design, fits: opponents.Fits) -> list[Method]:
    scenarios, replicates = design.counts.shape[:2]
    counts = design.counts.reshape(-1, WEEKS).astype(float)
    judged = counts[:, None, FIRST_JUDGED:] + design.extra.reshape(len(counts), len(SIZES), JUDGED)
    repeated = opponents.Fits(fits.expected[:, None], fits.phi[:, None], {})
    null = opponents.farrington(fits, counts[:, FIRST_JUDGED:])
    alarm = opponents.farrington(repeated, judged)
    found = [Method("farrington", null.reshape(scenarios, replicates, -1), alarm.reshape(scenarios, replicates, len(SIZES), -1))]
    raised = np.concatenate([np.repeat(counts[:, None, :FIRST_JUDGED], len(SIZES), 1), judged], -1)
    for name in ("C1", "C2", "C3"):
        null, alarm = opponents.ears(counts, name), opponents.ears(raised, name)
        found.append(Method(f"EARS {name}", null.reshape(scenarios, replicates, -1), alarm.reshape(scenarios, replicates, len(SIZES), -1)))
    return found


def _oracle(design: Design) -> Method:
    """Who knows the true mean and dispersion, and looks at one week: nobody can."""
    mean = np.array([world.mean[FIRST_JUDGED:] for world in design.scenarios])
    variance = mean * np.array([world.phi for world in design.scenarios])[:, None]
    judged = design.counts[..., FIRST_JUDGED:].astype(float)

    def p(counts: Array) -> Array:
        shape = (len(mean), *[1] * (counts.ndim - 2), JUDGED)
        m, v = np.broadcast_to(mean.reshape(shape), counts.shape), np.broadcast_to(variance.reshape(shape), counts.shape)
        return 0.5 * (tail(counts, m, v) + tail(counts + 1, m, v))

    return Method("oracle", p(judged), p(judged[:, :, None] + design.extra))


def _table_line(design: Design, method: Method, found: Score) -> Gate:
    pods = "/".join(
        f"{score(design, method.alarm, threshold(method.null, wanted)).found.mean():.3f}" for wanted in (0.005, 0.01, 0.02, 0.05)
    )
    nominal = score(design, method.alarm, ALPHA).found.mean()
    return Gate(
        "1",
        f"  {method.name}",
        f"nominal .01: FPR {rate((method.null < ALPHA).mean())}, POD {nominal:.3f}; POD at FPR .5/1/2/5 %: {pods}; "
        f"at 1 %: timeliness {found.timeliness:.3f}, first week {found.first_week:.3f}, weeks found {found.sensitivity:.3f}",
    )


def _by_set(design: Design, ours: Method, farrington: Method) -> Iterator[Gate]:
    number = np.array([world.parameters for world in design.scenarios])
    fprs = [float((ours.null[number == k] < ALPHA).mean()) for k in range(SETS)]
    theirs = [float((farrington.null[number == k] < ALPHA).mean()) for k in range(SETS)]
    yield Gate("2", "FPR of each parameter set at most .013 at alpha .01", " ".join(map(rate, fprs)), max(fprs) <= 0.013)
    yield Gate("2", "  Farrington Flexible by set", " ".join(map(rate, theirs)))


def _cold(design: Design) -> Iterator[Gate]:
    """Gate 5: the last weeks as the history, then the judged ones; and series without any outbreak from their first week on."""
    counts = design.counts[:, :25].reshape(-1, WEEKS)
    found = {}
    for history in (4, 13, 26, 52, 104, 208):
        first = FIRST_JUDGED - history
        found[history] = float((run(Batch(SHAPE, len(counts)), counts[:, first:], first + 1, JUDGED).p < ALPHA).mean())
    text = ", ".join(f"{history} weeks: {rate(value)}" for history, value in found.items())
    yield Gate("5", "cold start: FPR at most .0125 from the fourth week on", f"with a history of {text}", max(found.values()) <= 0.0125)
    quiet = design.counts[:, :, :312].reshape(-1, 312)
    p = run(Batch(SHAPE, len(quiet)), quiet, 1, 312).p
    spans = {"4-13": (3, 13), "14-26": (13, 26), "27-52": (26, 52), "53-104": (52, 104), "105-312": (104, 312)}
    text = ", ".join(f"{name}: {rate(float((p[:, first:last] < ALPHA).mean()))}" for name, (first, last) in spans.items())
    yield Gate("5", "  the same where no outbreak ever was, by age of the series", text)


def _bootstrap(design: Design, ours: Method, other: Method) -> tuple[float, float]:
    """90 % interval of the difference in POD: series are drawn again, and with them threshold and outbreaks."""
    rng = np.random.default_rng(1)
    scenarios, replicates = design.start.shape[:2]
    during = (np.arange(JUDGED) >= design.start[..., None]) & (np.arange(JUDGED) <= design.end[..., None])
    lowest = [np.where(during, method.alarm, 1.0).min(-1) for method in (ours, other)]
    found = []
    for _ in range(_DRAWS):
        drawn = rng.integers(replicates, size=(scenarios, replicates))
        rows = np.arange(scenarios)[:, None]
        pods = [
            float((low[rows, drawn] < threshold(method.null[rows, drawn])).mean())
            for method, low in zip((ours, other), lowest, strict=True)
        ]
        found.append(pods[0] - pods[1])
    return float(np.quantile(found, 0.05)), float(np.quantile(found, 0.95))


def _first(design: Design, replicates: int) -> Design:
    return Design(design.scenarios, *(one[:, :replicates] for one in design[1:]))
