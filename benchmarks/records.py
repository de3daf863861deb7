"""What share's state costs when there is much of one thing: warnings that wait, TLP:RED cases of one day.

python -m benchmarks.records [--before CHECKOUT]     # CPU times; with another checkout both in one run
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mekong.schemas import wire
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.share import fold_journal

AGENCY, RUN = "VN-CUSTOMS", 1_000
WARNINGS, REDS = 36_000, 10_000
_OF: dict[str, Any] = {"format": 1, "agency": AGENCY, "received_at": "2026-05-03T02:00:00.000Z"}


class Record(NamedTuple):
    """What the fold reads of a Kafka record."""

    value: bytes
    offset: int


class Cost(NamedTuple):
    """Of feeding many of one kind."""

    first_s: float
    """CPU seconds of the first thousand."""
    last_s: float
    all_s: float
    largest: int
    """Bytes of the largest value that is kept."""


def warning(number: int) -> dict[str, Any]:
    """To an agency that nobody registers."""
    return {"family": "warning", "event_id": f"{number:036d}", "content": {"to": ["XX-NOBODY-KNOWS-THIS-AGENCY"]}}


def red_case(number: int) -> dict[str, Any]:
    """Of one day."""
    part = {"day": "2026-05-03", "precision": "day", "groups": {"drug": [1, 1]}}
    handling = {"tlp": "TLP:RED", "release_to": ["TH-CUSTOMS"]}
    return {"family": "case", "event_id": f"{number:036d}", "content": {"handling": handling}, "contribution": part}


def cost(make: Any, count: int) -> Cost:
    """Feed ``count`` of a kind to a new lane, a transaction for each thousand."""
    state: dict[bytes, bytes] = {}
    _commit(state, [Record(wire.dump({"kind": "tick", **_OF, "at": _OF["received_at"]}), 0)])
    times = []
    for first in range(0, count, RUN):
        records = list(_entries(make, first))
        before = time.process_time()
        _commit(state, records)
        times.append(time.process_time() - before)
    return Cost(times[0], times[-1], sum(times), max(map(len, state.values())))


def _entries(make: Any, first: int) -> Iterator[Record]:
    for number in range(first, first + RUN):
        entry = {"kind": "version", **_OF, "case_no": str(number), "version": 1, "status": "current", **make(number)}
        yield Record(wire.dump(entry), number + 1)


def _commit(state: dict[bytes, bytes], records: list[Record]) -> None:
    changes: dict[bytes, bytes | None] = {}
    for _ in fold_journal(Draft(state, changes), records, 0):
        pass
    for key, value in changes.items():
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value


def _of_checkout(checkout: Path) -> dict[str, list[float]]:
    script = Path(__file__).resolve()
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    found = subprocess.run(
        [sys.executable, str(script), "--json"], cwd=checkout, env=environment, capture_output=True, text=True, check=True
    )
    of_both: dict[str, list[float]] = json.loads(found.stdout)
    return of_both


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="another checkout, measured in the same run")
    parser.add_argument("--json", action="store_true", help="the figures of this code only")
    asked = parser.parse_args()
    if asked.json:
        print(json.dumps({"warnings": cost(warning, WARNINGS), "reds": cost(red_case, REDS)}))
        return
    measured = {"now": _of_checkout(Path(__file__).resolve().parents[1])}
    if asked.before:
        measured = {"before": _of_checkout(asked.before.resolve()), **measured}
    print("| what | code | first thousand | last thousand | all | largest value |")
    print("|---|---|---:|---:|---:|---:|")
    for name, said in (("warnings", f"{WARNINGS:,} warnings to an agency nobody registers"), ("reds", f"{REDS:,} TLP:RED cases of a day")):
        for code, figures in measured.items():
            one = Cost(*figures[name])
            print(f"| {said} | {code} | {one.first_s:.2f} s | {one.last_s:.2f} s | {one.all_s:.1f} s | {one.largest:,} bytes |")


if __name__ == "__main__":
    main()
