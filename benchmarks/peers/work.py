"""The work itself, the same for everybody: records of our topics in; journal entries and receipts, or counts, out. Our pure core."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.messages import AGENCIES
from mekong.schemas import wire
from mekong.schemas.topics import ALERTS, BUCKETS, COUNTS, INCOMING, JOURNAL, RECEIPTS, agency_of, receipts_of
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake
from mekong.streams.core.journal import read
from mekong.streams.core.watch import fold as watched


class Incoming(NamedTuple):
    """One record of a source."""

    offset: int
    timestamp: int
    value: bytes
    headers: list[tuple[str, bytes]]


class Out(NamedTuple):
    """One record to write."""

    topic: str
    key: bytes
    value: bytes


Fold = Callable[[Mapping[bytes, bytes], MutableMapping[bytes, "bytes | None"], str, Sequence[Incoming]], Iterator[Out]]
"""(state, changes: add to them, source topic, its next records) -> what to write."""


class Work(NamedTuple):
    """What a peer is to do."""

    name: str
    sources: tuple[str, ...]
    outputs: tuple[str, ...]
    fold: Fold


class Asked(NamedTuple):
    """The command line."""

    work: Work
    bootstrap: str
    folder: Path
    options: argparse.Namespace


def asked(*options: str) -> Asked:
    """What this process was started for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["intake", "watch"])
    for option in ("--bootstrap", "--prefix", "--folder"):
        parser.add_argument(option, required=True)
    for option in options:
        parser.add_argument(option, action="store_true")
    found = parser.parse_args()
    folder = Path(found.folder)
    folder.mkdir(parents=True, exist_ok=True)
    work = intake(found.prefix) if found.work == "intake" else watch(found.prefix)
    return Asked(work, found.bootstrap, folder, found)


def intake(prefix: str) -> Work:
    """Messages of all agencies -> journal entries and receipts."""
    core = Intake(Deployment(os.environ["MEKONG_SECRET"].encode(), clock_is_on=False))
    journal = prefix + JOURNAL.name

    def fold(
        state: Mapping[bytes, bytes], changes: MutableMapping[bytes, bytes | None], topic: str, records: Sequence[Incoming]
    ) -> Iterator[Out]:
        agency = agency_of(topic) or ""
        key, receipts = agency.encode(), prefix + receipts_of(topic)
        for said in core.fold(Draft(state, changes), topic, agency, records):
            if said.entry is not None:
                yield Out(journal, key, wire.dump(said.entry))
            if said.receipt is not None:
                yield Out(receipts, said.case_no.encode() if said.case_no else key, wire.dump(said.receipt))

    sources = tuple(INCOMING.of(agency) for agency in AGENCIES)
    return Work("intake", sources, (journal, *(prefix + RECEIPTS.of(agency) for agency in AGENCIES)), fold)


def watch(prefix: str) -> Work:
    """Our journal -> rolling counts, closed buckets and alerts."""
    counts, buckets, alerts = prefix + COUNTS.name, prefix + BUCKETS.name, prefix + ALERTS.name

    def fold(
        state: Mapping[bytes, bytes], changes: MutableMapping[bytes, bytes | None], _topic: str, records: Sequence[Incoming]
    ) -> Iterator[Out]:
        for seen in watched(Draft(state, changes), read(records)):
            key = seen.agency.encode()
            for value in seen.of_tick.counts if seen.of_tick else ():
                yield Out(counts, key, wire.dump(value))
            for value in seen.of_tick.buckets if seen.of_tick else ():
                yield Out(buckets, key, wire.dump(value))
            for alert in seen.alerts:
                yield Out(alerts, alert.series.encode(), wire.encode(alert))

    return Work("watch", (JOURNAL.name,), (counts, buckets, alerts), fold)
