"""Every gate of the spike detector, with held or not held. Exits with 1 when one is not held.

python -m benchmarks.spikes                  all, Farrington from the cache: about 15 minutes on one core
python -m benchmarks.spikes --fresh-r        R runs again (installed first where this is root): half an hour more
python -m benchmarks.spikes --only weekly    weekly, late, replay, worlds, real or phase
python -m benchmarks.spikes --quick          20 replicates, 2 phases: for a look
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator

from benchmarks.spikes import late, opponents, phase, real, replay, weekly, worlds
from benchmarks.spikes.gate import Gate


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spikes", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fresh-r", action="store_true", help="run R again instead of taking the cached models")
    parser.add_argument("--only", action="append", choices=["weekly", "late", "replay", "worlds", "real", "phase"])
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.fresh_r:
        opponents.install()
    parts: dict[str, Callable[[], Iterator[Gate]]] = {
        "weekly": lambda: weekly.gates(20 if asked.quick else weekly.REPLICATES, fresh_r=asked.fresh_r),
        "late": late.gates,
        "replay": replay.gates,
        "worlds": lambda: worlds.gates(fresh_r=asked.fresh_r),
        "real": real.gates,
        "phase": lambda: phase.gates(range(1, 3) if asked.quick else phase.SEEDS),
    }
    failed = []
    for name in asked.only or parts:
        began = time.monotonic()
        for gate in parts[name]():
            print(gate.line(), flush=True)
            failed += [gate] if gate.held is False else []
        print(f"      {name}: {time.monotonic() - began:.0f} s\n", flush=True)
    print("all gates held" if not failed else f"NOT HELD: {', '.join(gate.number for gate in failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
