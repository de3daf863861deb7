"""Every gate of the spike detector, with held or not held. Exits with 1 when one is not held.

python -m benchmarks.spikes                  all, Farrington from the cache: about 15 minutes on one core
python -m benchmarks.spikes --fresh-r        R runs again (installed first where this is root): half an hour more
python -m benchmarks.spikes --only weekly    weekly, late, replay, worlds, real, phase or small
python -m benchmarks.spikes --quick          20 replicates, 2 phases: for a look
python -m benchmarks.spikes --write          put each part into docs/benchmarks.md as soon as it is measured
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from benchmarks.spikes import late, opponents, phase, real, replay, smallest, weekly, worlds
from benchmarks.spikes.gate import Gate, markdown
from benchmarks.table import DOC, machine, write

PARTS = ("weekly", "late", "replay", "worlds", "real", "phase", "small")


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spikes", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fresh-r", action="store_true", help="run R again instead of taking the cached models")
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true", help="put the results into docs/benchmarks.md")
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
        "small": smallest.gates,
    }
    failed = []
    for name in asked.only or PARTS:
        began, found = time.monotonic(), []
        for gate in parts[name]():
            print(gate.line(), flush=True)
            found.append(gate)
        failed += [gate for gate in found if gate.held is False]
        if asked.write:
            how = f"{' --fresh-r' * asked.fresh_r}{' --quick' * asked.quick}"
            said = f"Measured {datetime.now(UTC).date().isoformat()} by `python -m benchmarks.spikes --only {name}{how}` on: {machine()}."
            write(DOC, f"spikes {name}", f"{said}\n\n{markdown(found)}")
        print(f"      {name}: {time.monotonic() - began:.0f} s\n", flush=True)
    print("all gates held" if not failed else f"NOT HELD: {', '.join(gate.number for gate in failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
