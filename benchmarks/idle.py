"""What a running stack takes of a processor while nothing comes: CPU seconds of each of its processes, from /proc.

python -m benchmarks.idle [--seconds 60]     # of the stack of MEKONG_HOME, started before with `mekong up --detach`
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path

from benchmarks.ground import TICKS_PER_S
from benchmarks.table import machine, table
from mekong.schemas.settings import Settings


def measure(home: Path, seconds: float) -> list[tuple[str, float]]:
    """Process and per cent of one processor, the greediest first."""
    before = _used(home)
    time.sleep(seconds)
    after = _used(home)
    spent = [(name, 100 * (used - before[pid][1]) / seconds) for pid, (name, used) in after.items() if pid in before]
    return sorted(spent, key=lambda one: -one[1])


def _used(home: Path) -> dict[int, tuple[str, float]]:
    """Name and CPU seconds of the processes of the stack, by pid (proc(5))."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            ours = f"MEKONG_HOME={home}".encode() in (entry / "environ").read_bytes().split(b"\0") or str(home) in command
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if ours:
            found[int(entry.name)] = (_name(command), (int(fields[11]) + int(fields[12])) / TICKS_PER_S)
    return found


def _name(command: str) -> str:
    if "java" in command:
        return "kafka"
    return "clickhouse" if "engine.py" in command else re.sub(r".*(deploy\.cli|mekong) ", "", command).strip()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    found = measure(Settings().home, parser.parse_args().seconds)
    print(f"{machine()}; load {os.getloadavg()[0]:.1f}\n")
    print(table(["process", "% of a processor"], [[name, f"{share:.2f}"] for name, share in found]))
    print(f"\n{sum(share for _, share in found):.1f} % in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
