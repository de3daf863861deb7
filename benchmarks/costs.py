"""What one record costs in the pure cores, CPU time without Kafka: a message through intake, a tick through watch.

python -m benchmarks costs [--before CHECKOUT]     # with an older checkout by turns in the same run
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.messages import seizure
from benchmarks.table import table
from mekong.deploy.registry import profile_of
from mekong.schemas import wire
from mekong.schemas.times import to_text
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment, profile_key
from mekong.streams.core.intake.fold import Intake
from mekong.streams.core.journal import read
from mekong.streams.core.watch import fold as watched

AGENCY, TOPIC = "VN-CUSTOMS", "in.VN-CUSTOMS"
RUN, RUNS, ROUNDS = 1_000, 4, 3
TURNS = 3
HISTORY = 2_000  # cases that watch knows before a quiet time begins
BAD_IN = 2  # one message in so many has a bad code
START = datetime(2026, 5, 1, tzinfo=UTC)
LOCAL = timezone(timedelta(hours=7))
TOGETHER = 20  # messages that the broker appends at one time
LATER = timedelta(hours=4)  # behind what it says of its report
MOST_MESSAGE, MOST_BAD, MOST_TICK_US = 1.1, 3.0, 20.0
NOW, BEFORE = "now", "before"
Figures = dict[str, float]
"""Microseconds of CPU by the name of what was measured."""
SAID = {
    "good": "a good message, time of the place",
    "utc": "a good message, time in UTC",
    "repeated": "a bad code, the same again",
    "distinct": "a bad code, another each time",
    "tick": "a quiet tick",
}


class Record(NamedTuple):
    """What the folds read of a Kafka record."""

    offset: int
    timestamp: int
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


def measure() -> Figures:
    """The cost of each in this code: the least of a few rounds, as what else the machine does only adds."""
    return {
        "good": _intake(_messages(LOCAL)),
        "utc": _intake(_messages(UTC)),
        **{name: _of_bad(_messages(LOCAL, code)) for name, code in (("repeated", lambda _: "Vietnaam"), ("distinct", _another))},
        "tick": _quiet(),
    }


def _another(number: int) -> str:
    return f"Vietnaam {number:04d}"


def _messages(zone: timezone, bad: Callable[[int], str] | None = None) -> list[Record]:
    """Good messages of one agency; with ``bad`` every second one has a code that is not on its list."""
    chance, made = random.Random(1), []
    for number in range(RUN * RUNS):
        at = (START + timedelta(seconds=30 * number)).astimezone(zone)
        message = seizure(number, chance, AGENCY, at)
        if bad and number % BAD_IN == 0:
            message["country"] = bad(number)
        appended = START + LATER + timedelta(seconds=30 * (number + TOGETHER))
        made.append(Record(number, int(appended.timestamp()) // (30 * TOGETHER) * 30_000 * TOGETHER, json.dumps(message).encode()))
    return made


def _intake(records: Sequence[Record]) -> float:
    core = Intake(Deployment(b"secret", clock_is_on=False))
    profile = wire.encode(profile_of(AGENCY))

    def fold(draft: Draft, run: Sequence[Record]) -> Iterable[object]:
        return core.fold(draft, TOPIC, AGENCY, run)

    return _least(fold, records, {profile_key(AGENCY): profile})


def _of_bad(records: Sequence[Record]) -> float:
    """Of a bad message among good ones: what the load costs above the good ones alone."""
    bad = [record for record in records if record.offset % BAD_IN == 0]
    good = [record for record in records if record.offset % BAD_IN]
    return (_intake(records) * len(records) - _intake(good) * len(good)) / len(bad)


def _quiet() -> float:
    """Of a tick a minute, some weeks after the last case, in runs of a thousand."""
    core = Intake(Deployment(b"secret", clock_is_on=False))
    draft = Draft({profile_key(AGENCY): wire.encode(profile_of(AGENCY))}, {})
    said = core.fold(draft, TOPIC, AGENCY, _messages(LOCAL)[:HISTORY])
    entries: list[dict[str, Any]] = [one.entry for one in said if one.entry]
    last = START + timedelta(days=60)
    known = [_journal(number, entry) for number, entry in enumerate([*entries, _tick(last)])]
    state: dict[bytes, bytes] = {}
    _commit(_watch, state, known)
    ticks = [_tick(last + timedelta(minutes=minute)) for minute in range(1, RUN * RUNS + 1)]
    return _least(_watch, [_journal(len(known) + number, entry) for number, entry in enumerate(ticks)], state)


def _watch(draft: Draft, run: Sequence[Record]) -> Iterable[object]:
    return watched(draft, read(run))


def _tick(at: datetime) -> dict[str, Any]:
    return {"kind": "tick", "format": 1, "agency": AGENCY, "received_at": to_text(at), "at": to_text(at)}


def _journal(offset: int, entry: dict[str, Any]) -> Record:
    return Record(offset, 0, wire.dump(entry))


def _least(fold: Callable[[Draft, Sequence[Record]], Iterable[object]], records: Sequence[Record], state: dict[bytes, bytes]) -> float:
    times = []
    for _ in range(ROUNDS):
        kept, before = dict(state), time.process_time()
        for run in _runs(records):
            _commit(fold, kept, run)
        times.append(time.process_time() - before)
    return min(times) / len(records) * 1e6


def _runs(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    for first in range(0, len(records), RUN):
        yield records[first : first + RUN]


def _commit(fold: Callable[[Draft, Sequence[Record]], Iterable[object]], state: dict[bytes, bytes], run: Sequence[Record]) -> None:
    changes: dict[bytes, bytes | None] = {}
    for _ in fold(Draft(state, changes), run):
        pass
    for key, value in changes.items():
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value


def compare(before: Path | None, say: Callable[[str], None]) -> dict[str, Figures]:
    """The figures of this code, and of an older checkout beside it: the least of some turns."""
    checkouts = {NOW: Path(__file__).resolve().parents[1]} | ({BEFORE: before.resolve()} if before else {})
    turns: dict[str, list[Figures]] = {name: [] for name in checkouts}
    for turn in range(1, TURNS + 1):
        for name, checkout in checkouts.items():
            turns[name].append(_of_checkout(checkout))
            say(f"{turn} of {TURNS}: {name}: {turns[name][-1]}")
    return {name: {key: min(one[key] for one in found) for key in SAID} for name, found in turns.items()}


def report(found: dict[str, Figures]) -> str:
    """A table: microseconds of CPU."""
    rows = []
    for key, what in SAID.items():
        us = [figures[key] for figures in found.values()]
        ratio = f"{us[0] / us[1]:.2f}" if len(us) > 1 else "-"
        rows.append([what, *(f"{one:.1f}" for one in us), ratio])
    return table(["CPU microseconds of", *found, "now / before"], rows)


def targets(found: dict[str, Figures]) -> list[tuple[str, str, str, bool]]:
    """What was asked for."""
    now, before = found[NOW], found.get(BEFORE)
    rows = []
    for name in ("repeated", "distinct"):
        times = now[name] / now["good"]
        rows.append((f"{SAID[name]}, in good messages", f"at most {MOST_BAD:.0f}", f"{times:.1f}", times <= MOST_BAD))
    rows.append((f"{SAID['tick']}, us", f"at most {MOST_TICK_US:.0f}", f"{now['tick']:.1f}", now["tick"] <= MOST_TICK_US))
    if before:
        ratio = now["good"] / before["good"]
        rows.insert(0, (f"{SAID['good']}, times before", f"at most {MOST_MESSAGE}", f"{ratio:.2f}", ratio <= MOST_MESSAGE))
    return rows


def _of_checkout(checkout: Path) -> Figures:
    """This file, run on the packages of a checkout."""
    script, environment = str(Path(__file__).resolve()), {**os.environ, "PYTHONPATH": str(checkout)}
    found = subprocess.run([sys.executable, "-P", script], cwd=checkout, env=environment, capture_output=True, text=True, check=True)
    figures: Figures = json.loads(found.stdout)
    return figures


if __name__ == "__main__":
    print(json.dumps(measure()))
