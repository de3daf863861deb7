"""What the counts of the weekly summary cost: a message through intake with and without them, and a tick with them through share.

python -m benchmarks.weekly     # CPU microseconds of the pure folds, with and without by turns in one process

The times are the least of the rounds. The ratio is the median of the rounds: other work of the machine changes it little.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from datetime import timedelta
from statistics import median
from typing import Any
from unittest.mock import patch

from benchmarks.costs import AGENCY, LOCAL, RUN, START, TOPIC, Record
from benchmarks.messages import seizure
from mekong.deploy.registry import profile_of
from mekong.schemas import wire
from mekong.schemas.times import to_text
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment, profile_key
from mekong.streams.core.intake.feed import Feed
from mekong.streams.core.intake.fold import Intake
from mekong.streams.core.notices.share import fold_journal

RUNS, ROUNDS = 1, 41
Fold = Callable[[Draft, Sequence[Record]], Iterable[object]]


def spent(fold: Fold, records: Sequence[Record], state: dict[bytes, bytes]) -> float:
    """CPU microseconds of one record, in transactions of a thousand."""
    kept, before = dict(state), time.process_time()
    for first in range(0, len(records), RUN):
        changes: dict[bytes, bytes | None] = {}
        for _ in fold(Draft(kept, changes), records[first : first + RUN]):
            pass
        kept = {key: value for key, value in (kept | changes).items() if value is not None}
    return (time.process_time() - before) / len(records) * 1e6


def row(name: str, *measure: Callable[[], float]) -> str:
    """A row of the table: without and with, measured by turns."""
    rounds = [[one() for one in measure] for _ in range(ROUNDS)]
    before, now = (min(column) for column in zip(*rounds, strict=True))
    return f"| {name} | {before:.1f} | {now:.1f} | {median(with_ / without for without, with_ in rounds):.2f} |"


@contextmanager
def nothing_counted() -> Any:
    """Intake as it is without the counts."""
    with patch.object(Feed, "add", lambda *_: None):
        yield


def messages(bad_in: int) -> list[Record]:
    """Of one agency; one in so many has a code that is not on its list."""
    chance, made = random.Random(1), []
    for number in range(RUN * RUNS):
        at = START + timedelta(seconds=30 * number)
        message = seizure(number, chance, AGENCY, at.astimezone(LOCAL))
        if bad_in and number % bad_in == 0:
            message["country"] = "Vietnaam"
        value = wire.dump(message)
        made.append(Record(number, int((at + timedelta(hours=4)).timestamp() * 1_000), value))
    return made


def ticks(*, counted: bool) -> list[Record]:
    """One a minute, each with the counts of some messages or without."""
    made = []
    for number in range(RUN * RUNS):
        at = to_text(START + timedelta(minutes=number))
        failing = [{"field": "lines.unit", "detail": "'Kilo': is not on the code list; did you mean kg?", "times": 1, "last_at": at}]
        feed = {"messages": 5, "rejected": 1, "last_at": at, "failing": failing, "delays": {"1": 2, "9": 1}}
        entry = {"kind": "tick", "format": 1, "agency": AGENCY, "received_at": at, "at": at} | ({"feed": feed} if counted else {})
        made.append(Record(number + 1, 0, wire.dump(entry)))
    return made


def main() -> None:
    """Measure and print a table."""
    core = Intake(Deployment(b"secret", clock_is_on=False))
    profile = profile_of(AGENCY)
    known = {profile_key(AGENCY): wire.encode(profile)}

    def intake(records: Sequence[Record]) -> float:
        return spent(lambda draft, run: core.fold(draft, TOPIC, AGENCY, run), records, known)

    def without(records: Sequence[Record]) -> float:
        with nothing_counted():
            return intake(records)

    def share(records: Sequence[Record]) -> float:
        first = {"kind": "agency", "format": 1, "agency": AGENCY, "received_at": to_text(START), "profile": profile.model_dump(mode="json")}
        return spent(lambda draft, run: fold_journal(draft, run, 0), [Record(0, 0, wire.dump(first)), *records], {})

    print("| CPU microseconds of | without | with | with / without |")
    print("|---|---:|---:|---:|")
    for name, found in (("a good message through intake", messages(0)), ("the same, one in ten with a bad code", messages(10))):
        print(row(name, lambda found=found: without(found), lambda found=found: intake(found)))
    plain, carrying = ticks(counted=False), ticks(counted=True)
    print(row("a tick through share, with the counts of five messages", lambda: share(plain), lambda: share(carrying)))


if __name__ == "__main__":
    main()
