"""``python tests/chaos/run.py --seeds 3``: runs of one seed after the other, a line for each; then how often each rare state was reached.

Exit code 1 when any run did not hold, or when a rare state was never reached over 20 seeds and more.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from chaos_actions import EACH
from chaos_faults import EACH_FRAME
from chaos_run import run
from chaos_states import ENOUGH_SEEDS, never, table


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Kill and pause everything at random while messages flow, and hold it against the truth.")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--messages", type=int, default=50_000, help="in each run")
    parser.add_argument("--actions", type=int, default=2 * len(EACH), help="in each run")
    parser.add_argument("--frames", type=int, default=2 * len(EACH_FRAME), help="faults of frames in each run")
    parser.add_argument("--verbose", action="store_true", help="tell each action")
    chosen = parser.parse_args(arguments)
    failed, reached = 0, Counter[str]()
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        say = (lambda line: print(line, flush=True)) if chosen.verbose else lambda _: None
        outcome = run(seed, chosen.messages, chosen.actions, chosen.frames, say)
        print(outcome, flush=True)
        say("reached: " + "; ".join(f"{state}: {times}" for state, times in outcome.reached.items()))
        failed += not outcome.held
        reached += Counter(outcome.reached)
    print(*table(reached), f"{chosen.seeds - failed} of {chosen.seeds} held", sep="\n", flush=True)
    missed = never(reached) if chosen.seeds >= ENOUGH_SEEDS else []
    for state in missed:
        print(f"never reached over {chosen.seeds} seeds: {state}", flush=True)
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
