"""``mekong demo --exit``, and what it says of itself: both files of 282,492 and some seizures, from file to ClickHouse."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from typing import NamedTuple

from benchmarks.ground import MEKONG, ROOT
from benchmarks.table import table
from mekong.schemas.errors import Fatal

TARGET_S = 90.0
WITHIN_S = 900.0
_STREAMED = re.compile(r"([\d,]+) seizures from file to ClickHouse in ([\d.]+) s")
_UP = re.compile(r"The stack was up after ([\d.]+) s")


class Demo(NamedTuple):
    """One demo."""

    seizures: int
    streamed_s: float
    """From the first line read to the last row seen in ClickHouse, the stack being up."""
    up_s: float
    all_s: float
    """The whole command, `mekong verify` and the end of the stack included."""
    holds: bool
    """Whether `mekong verify` found nothing lost and nothing doubled."""


def measure() -> Demo:
    """Run the demo in an empty folder. Raises Fatal when it does not say its figures."""
    with tempfile.TemporaryDirectory(prefix="mekong-bench-") as home:
        env = {name: value for name, value in os.environ.items() if not name.startswith("MEKONG_")}
        env |= {"MEKONG_HOME": home, "COLUMNS": "200"}
        began = time.monotonic()
        command = [*MEKONG, "demo", "--exit"]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=WITHIN_S, check=False)
        all_s = time.monotonic() - began
    streamed, up = _STREAMED.search(done.stdout), _UP.search(done.stdout)
    if not streamed or not up:
        raise Fatal(f"the demo gave no figures:\n{(done.stdout + done.stderr)[-2_000:]}")
    return Demo(int(streamed[1].replace(",", "")), float(streamed[2]), float(up[1]), all_s, done.returncode == 0)


def report(found: Demo) -> str:
    """One row."""
    header = ["seizures", "file to ClickHouse s", "seizures/s", "stack up s", "whole command s", "verify"]
    row = [f"{found.seizures:,}", f"{found.streamed_s:.1f}", f"{found.seizures / found.streamed_s:,.0f}", f"{found.up_s:.1f}"]
    return table(header, [[*row, f"{found.all_s:.0f}", "holds" if found.holds else "does not hold"]])


def targets(found: Demo) -> list[tuple[str, str, str, bool]]:
    """Figure, target, measured, reached."""
    what = f"demo: {found.seizures:,} seizures, file to ClickHouse"
    return [(what, f"at most {TARGET_S:.0f} s", f"{found.streamed_s:.1f} s", found.holds and found.streamed_s <= TARGET_S)]
