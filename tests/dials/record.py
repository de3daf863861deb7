"""Records what Prometheus would see of a stack with a fault: ``python -m tests.dials.record FAULT... [--keep FOLDER]``.

Each fault gets a stack of its own. The recordings are in tests/examples/dials; tests/dials/test_alert_rules.py gives them to promtool.
With ``--keep`` everything that was scraped is kept as JSON too, and ``--again FOLDER`` writes the recordings from it, for other rules.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from mekong.deploy.dials.rules import RULES
from tests.dials.faults import BY_NAME, Fault
from tests.dials.recording import EVERY_S, Scrape, input_series, names_in, scrape
from tests.dials.stack import Stack

FOLDER = Path(__file__).parents[1] / "examples" / "dials"


def main() -> None:
    """Record the named faults, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", choices=[*BY_NAME, []])
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--again", type=Path)
    asked = parser.parse_args()
    for name in asked.faults or ([] if asked.again else BY_NAME):
        found = record(BY_NAME[name], asked.keep)
        write(name, found)
        sys.stdout.write(f"{name}: {len(found['scrapes'])} scrapes\n")
    for path in sorted(asked.again.glob("*.json")) if asked.again else ():
        write(path.stem, json.loads(path.read_text()))


def record(fault: Fault, keep: Path | None) -> dict[str, Any]:
    """All that was scraped, with when it began and at which scrapes the fault began and ended."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "stack")
        try:
            stack.all_ready()
            stack.some_cases()
            _wait(stack, time.time() + 60)  # the first ticks are through, and what the start did is over
            return _record(fault, stack, keep)
        finally:
            stack.close()


def _record(fault: Fault, stack: Stack, keep: Path | None) -> dict[str, Any]:
    scrapes: list[Scrape] = []
    began = time.time()
    begins, ends = fault.before_s // EVERY_S, (fault.before_s + fault.fault_s) // EVERY_S
    found = {"began": began, "begins": begins, "ends": ends, "scrapes": scrapes}
    for number in range(ends + fault.after_s // EVERY_S + 1):
        _wait(stack, began + number * EVERY_S)
        scrapes.append(scrape(stack.targets))
        if number == begins:
            fault.begin(stack)
        if begins < number < ends:
            fault.during(stack)
        if number == ends:
            fault.end(stack)
        _traffic(fault, stack, number)
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{fault.name}.json").write_text(json.dumps(found))
    return found


def _traffic(fault: Fault, stack: Stack, number: int) -> None:
    if fault.name == "broker-paused":  # a sender would wait for the broker
        return
    stack.some_cases()
    if fault.name == "quiet":
        stack.ask(1)
        if number % 4 == 0:
            stack.notify("duty")


def _wait(stack: Stack, until: float) -> None:
    while (left := until - time.time()) > 0:
        stack.keep()
        time.sleep(min(left, 0.5))


def write(name: str, found: dict[str, Any]) -> None:
    """The recording in promtool's form."""
    began = datetime.fromtimestamp(found["began"], UTC)
    text = {
        "what": BY_NAME[name].what,
        "recorded": f"{began:%Y-%m-%d %H:%M} UTC, {len(found['scrapes'])} scrapes, one each {EVERY_S} s, in real time",
        "begins": f"{found['begins'] * EVERY_S}s",
        "ends": f"{found['ends'] * EVERY_S}s",
        "lasts": f"{(len(found['scrapes']) - 1) * EVERY_S}s",
        "input_series": input_series(found["scrapes"], found["began"], names_in(rule.expression for rule in RULES)),
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.yaml").write_text(yaml.safe_dump(text, sort_keys=False, width=10_000, allow_unicode=True), encoding="utf-8")


if __name__ == "__main__":
    main()
