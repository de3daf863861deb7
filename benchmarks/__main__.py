"""``python -m benchmarks [PART …] [--quick] [--write]``: measure, print tables; never a test.

Parts: throughput, latency, alerts, recovery, sink, demo, costs. ``--write`` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks import alert_latency, costs, demo, latency, recovery, sink, throughput
from benchmarks.peers import PEERS
from benchmarks.table import DOC, machine, table, write

BUSY = 4.0  # a part before leaves about half of it behind
Target = tuple[str, str, str, bool]


class Size(NamedTuple):
    """How much is measured."""

    messages: int
    peer_s: float
    rates: tuple[tuple[int, float], ...]
    """Messages a second, seconds."""
    cases: int
    entries: int
    """Journal entries for the sink."""


FULL = Size(150_000, 20.0, ((1_000, 40.0), (10, 90.0)), 1_000_000, 300_000)
QUICK = Size(10_000, 5.0, ((200, 5.0),), 20_000, 20_000)


class Beside(NamedTuple):
    """What is measured in the same run, for comparison."""

    peers: Sequence[str]
    before: Path | None
    """A checkout of an older version."""


class Part(NamedTuple):
    """One figure or more, measured together."""

    title: str
    run: Callable[[Size, Beside], tuple[str, list[Target]]]
    """(how much, beside what) -> Markdown, targets."""


def main() -> int:
    """Measure what was asked for; print each part, and write it when asked, as soon as it is there."""
    options = _options()
    beside = Beside(options.peers.split(",") if options.peers else (), options.before)
    for name in options.parts or PARTS:
        load, began = os.getloadavg()[0], time.monotonic()
        _say(f"{name} …")
        text, targets = PARTS[name].run(QUICK if options.quick else FULL, beside)
        text = "\n\n".join([_heading(load, quick=options.quick), _summary(targets), text])
        print(f"### {PARTS[name].title}\n\n{text}\n", flush=True)
        if options.write:
            write(DOC, name, text)
        _say(f"{name} took {time.monotonic() - began:.0f} s")
    return 0


def _throughput(size: Size, beside: Beside) -> tuple[str, list[Target]]:
    found = throughput.measure(size.messages, beside.peers, size.peer_s, _say)
    return throughput.report(found), throughput.targets(found)


def _latency(size: Size, _beside: Beside) -> tuple[str, list[Target]]:
    found = []
    for rate, seconds in size.rates:
        for with_clickhouse in (False, True):
            found.append(latency.measure(rate, seconds, with_clickhouse=with_clickhouse))
            _say(latency.report(found[-1:]))
    return latency.report(found), latency.targets(found)


def _alerts(size: Size, _beside: Beside) -> tuple[str, list[Target]]:
    found = alert_latency.measure(*size.rates[0])
    return alert_latency.report(found), alert_latency.targets(found)


def _recovery(size: Size, _beside: Beside) -> tuple[str, list[Target]]:
    found = recovery.measure(size.cases, _say)
    return recovery.report(found), recovery.targets(found)


def _sink(size: Size, _beside: Beside) -> tuple[str, list[Target]]:
    found = sink.measure(size.entries, _say)
    return sink.report(found), sink.targets(found)


def _demo(_size: Size, _beside: Beside) -> tuple[str, list[Target]]:
    found = demo.measure()
    return demo.report(found), demo.targets(found)


def _costs(_size: Size, beside: Beside) -> tuple[str, list[Target]]:
    found = costs.compare(beside.before, _say)
    return costs.report(found), costs.targets(found)


PARTS = {
    "throughput": Part("Records a second, beside other stream processors", _throughput),
    "latency": Part("From send to the journal, and to ClickHouse", _latency),
    "alerts": Part("From send to a spike", _alerts),
    "recovery": Part("A start on a large state", _recovery),
    "sink": Part("The ClickHouse sink beside its two parts", _sink),
    "demo": Part("The demo", _demo),
    "costs": Part("What one record costs in the cores", _costs),
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the figures of docs/benchmarks.md.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="small loads: to see that it runs; its figures say little")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    names = ",".join(peer.name for peer in PEERS)
    parser.add_argument("--peers", default=names, metavar="NAMES", help=f"of {names}; empty: none")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="of an older version, measured beside this one by `costs`")
    found = parser.parse_args()
    unknown = [name for name in found.parts if name not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    return found


def _heading(load: float, *, quick: bool) -> str:
    now = datetime.now(UTC).date().isoformat()
    said = f"Measured {now} on: {machine()}; broker and ClickHouse on the same machine. Load average before: {load:.1f}."
    if load > BUSY:
        said += " **The machine was busy with other work: it can do more than these figures; ratios within the run say more.**"
    return said + (" **Small loads (`--quick`): these figures say little.**" if quick else "")


def _summary(targets: Sequence[Target]) -> str:
    rows = [[figure, target, measured, "yes" if reached else "**no**"] for figure, target, measured, reached in targets]
    return table(["figure", "target", "measured", "reached"], rows)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
