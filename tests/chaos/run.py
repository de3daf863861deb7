"""``python tests/chaos/run.py --seeds 3``: runs of one seed after the other, a line for each; exit code 1 when any did not hold."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from chaos_actions import EACH
from chaos_run import run


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Kill and pause everything at random while messages flow, and hold it against the truth.")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--messages", type=int, default=50_000, help="in each run")
    parser.add_argument("--actions", type=int, default=2 * len(EACH), help="in each run")
    parser.add_argument("--verbose", action="store_true", help="tell each action")
    chosen = parser.parse_args(arguments)
    failed = 0
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        outcome = run(seed, chosen.messages, chosen.actions, (lambda line: print(line, flush=True)) if chosen.verbose else lambda _: None)
        print(outcome, flush=True)
        failed += not outcome.held
    print(f"{chosen.seeds - failed} of {chosen.seeds} held", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
