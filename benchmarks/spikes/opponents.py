"""Farrington Flexible and EARS of the R package ``surveillance`` over the design; R's models are cached in farrington.npz.

Both judge a week by weeks that lie before it: Farrington by those more than 26 weeks old, so that no outbreak of the judged weeks
is among them, and one fit a week serves every outbreak that is added. EARS looks at the nine weeks before, so it is computed here
and held to R's own thresholds on the series without outbreaks.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from benchmarks.spikes.batch import tail
from benchmarks.spikes.noufaily import FIRST_JUDGED, JUDGED, WEEKS

Array = NDArray[np.float64]
REPLICATES = 15
CACHE = Path(__file__).with_name("farrington.npz")
WORLDS = Path(__file__).with_name("farrington-worlds.npz")
_SCRIPT = Path(__file__).with_name("farrington.R")
_COLUMNS = 5
_BASELINE, _LAG = 7, 2  # weeks of EARS' baseline; C2 and C3 leave two weeks out


class Fits(NamedTuple):
    """What R said of the judged weeks: (series, week)."""

    expected: Array
    phi: Array
    ears: dict[str, Array]
    """Thresholds of C1, C2 (alpha .001) and C3 (alpha .025); none in the cache."""


def fits(counts: NDArray[np.int64], *, fresh: bool, cache: Path = CACHE) -> tuple[Fits, str]:
    """R's models of the series (series, week), and where they come from: this run, or the cache."""
    if fresh and has_r():
        return ask_r(counts), "R, in this run"
    stored = np.load(cache)
    return Fits(stored["expected"].astype(float), stored["phi"].astype(float), {}), f"cached (R {stored['versions']})"


def ask_r(counts: NDArray[np.int64]) -> Fits:
    """Run the script on every series: about 2 s each on a busy core."""
    with tempfile.TemporaryDirectory() as folder:
        given, got = Path(folder, "given"), Path(folder, "got")
        span = np.array([FIRST_JUDGED + 1, WEEKS])
        with given.open("wb") as file:
            np.array([len(counts), WEEKS], "<i4").tofile(file)
            for series in counts:
                np.concatenate([span, series]).astype("<i4").tofile(file)
        subprocess.run(["Rscript", str(_SCRIPT), str(given), str(got)], check=True)
        return from_r(np.fromfile(got, "<f8"))


def from_r(values: Array) -> Fits:
    """The script's output, by what it is."""
    expected, phi, *ears = values.reshape(-1, JUDGED, _COLUMNS).transpose(2, 0, 1)
    return Fits(expected, phi, dict(zip(("C1", "C2", "C3"), ears, strict=True)))


def keep(found: Fits, versions: str, cache: Path = CACHE) -> None:
    """Write a cache, to 12 bits of mantissa: one part in 8,000."""
    small = {name: _short(one) for name, one in (("expected", found.expected), ("phi", found.phi))}
    np.savez_compressed(cache, versions=np.array(versions), **small)


def farrington(found: Fits, counts: Array) -> Array:
    """p-values of counts in the judged weeks: negative binomial of the fitted mean and dispersion (``nbPlugin``)."""
    mean, phi = np.broadcast_arrays(found.expected, np.maximum(found.phi, 1.0))
    p = tail(counts, np.broadcast_to(mean, counts.shape), np.broadcast_to(phi * mean, counts.shape))
    return np.where(np.isfinite(p), p, 1.0)


def ears(counts: Array, method: str) -> Array:
    """p-values of the judged weeks: the normal tail of the C1 or C2 statistic, or of the sum of three for C3."""
    scores = np.stack([_score(counts, place, 0 if method == "C1" else _LAG) for place in range(FIRST_JUDGED - _LAG, WEEKS)], -1)
    if method == "C3":
        above = np.maximum(scores - 1, 0)
        scores = above[..., 2:] + above[..., 1:-1] + above[..., :-2]
        return ndtr(-scores)
    return ndtr(-scores[..., _LAG:])


def ears_threshold(counts: Array, method: str, alpha: float) -> Array:
    """The count above which C1 or C2 alarms, as R gives it."""
    lag = 0 if method == "C1" else _LAG
    found = []
    for place in range(FIRST_JUDGED, WEEKS):
        base = counts[..., place - lag - _BASELINE : place - lag]
        found.append(base.mean(-1) - ndtri(alpha) * base.std(-1, ddof=1))
    return np.stack(found, -1)


def _score(counts: Array, place: int, lag: int) -> Array:
    base = counts[..., place - lag - _BASELINE : place - lag]
    mean, sd = base.mean(-1), base.std(-1, ddof=1)
    above = counts[..., place] - mean
    return np.where(sd > 0, above / np.where(sd > 0, sd, 1), np.where(above > 0, 1e3 * above, 0))


def _short(values: Array) -> NDArray[np.float32]:
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x400) & np.uint32(0xFFFFF800)).view(np.float32)


def install() -> None:
    """Put R and the package on this machine, where that can be done."""
    if has_r():
        return
    if shutil.which("apt-get") is None or not _is_root():
        print("R with the package surveillance is not installed: taking the cached models", file=sys.stderr)
        return
    print("installing r-base-core and r-cran-surveillance", file=sys.stderr)
    for command in (["update"], ["install", "-y", "--no-install-recommends", "r-base-core", "r-cran-surveillance"]):
        subprocess.run(["apt-get", *command], check=False, stdout=subprocess.DEVNULL)


def has_r() -> bool:
    """Whether R and the package are here."""
    command = ["Rscript", "-e", "suppressMessages(library(surveillance))"]
    return shutil.which("Rscript") is not None and subprocess.run(command, check=False, capture_output=True).returncode == 0


def _is_root() -> bool:
    import os  # noqa: PLC0415 - only here

    return hasattr(os, "geteuid") and os.geteuid() == 0
