"""A table and a member of a consumer group in memory: the edges that a sink is tested at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from kafka import TopicPartition
from kafka.errors import IllegalStateError

from mekong.schemas.errors import Retriable
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import RowsRefused
from mekong.sinks.runner import Runner
from tests.fakes import Record

ODD = b"a row that the store refuses"
POLLED = 3


class Store:
    """A table that takes a block as ClickHouse does: what is missing behind its place, or nothing."""

    name = "mekong"

    def __init__(self) -> None:
        self.rows: dict[Source, list[int]] = defaultdict(list)
        self.next = "answers"
        self.late: list[list[Batch]] = []
        """Inserts that were sent and have not arrived."""

    def value(self, sql: str, **_: str) -> Any:
        return 0 if "system.processes" in sql else [(*source, rows[-1]) for source, rows in self.rows.items() if rows]

    def query(self, _sql: str) -> SimpleNamespace:
        """What a sink is told of earlier dead letters: nothing."""
        return SimpleNamespace(rows=[])

    def insert(self, batches: list[Batch], _block: list[Batch], _query_id: str) -> int:
        how, self.next = self.next, "answers"
        if how == "late, no answer":
            self.late.append(batches)
        added = self.append(batches) if how in {"answers", "done, no answer"} else 0
        if how != "answers":
            raise Retriable("no answer", 0.0)
        return added

    def append(self, batches: list[Batch], *, dead: bool = False) -> int:
        if not dead and any(value == ODD for batch in batches for value in batch.values):
            raise RowsRefused(1, "not a record")
        added = 0
        for batch in batches:
            rows = self.rows[batch.source]
            stored = rows[-1] if rows and rows[-1] >= batch.after else -1
            fresh = [offset for offset in batch.offsets if offset > stored >= batch.after]
            rows += fresh
            added += len(fresh)
        return added


class Dead(list[Batch]):
    """The statement for rows that go to the dead letters."""


class Reader:
    """A member of the group, over the log."""

    def __init__(self, logs: dict[TopicPartition, list[Record]]) -> None:
        self._logs = logs
        self.topic = next(iter(logs)).topic
        self.listener: Runner
        self.mine: set[TopicPartition] = set()
        self.paused: set[TopicPartition] = set()
        self.places: dict[TopicPartition, int] = {}

    def topics(self) -> set[str]:
        return {self.topic}

    def subscribe(self, topics: list[str], listener: Runner) -> None:
        self.listener = listener

    def give(self, tp: TopicPartition) -> None:
        self.mine.add(tp)
        self.listener.on_partitions_assigned([tp])

    def take(self, tp: TopicPartition) -> None:
        self.mine.discard(tp)
        self.listener.on_partitions_revoked([tp])

    def assignment(self) -> set[TopicPartition]:
        return set(self.mine)

    def pause(self, *tps: TopicPartition) -> None:
        self.paused |= set(tps)

    def resume(self, *tps: TopicPartition) -> None:
        self.paused -= set(tps)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.places[tp] = offset

    def beginning_offsets(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, 0)

    def end_offsets(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: self._logs[tp][-1].offset + 1 if self._logs[tp] else 0 for tp in tps}

    def highwater(self, tp: TopicPartition) -> int:
        if tp not in self.mine:
            raise IllegalStateError(tp)
        return self.end_offsets([tp])[tp]

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Record]]:
        found = {}
        for tp in sorted(self.mine - self.paused):
            records = [one for one in self._logs[tp] if one.offset >= self.places[tp]][:POLLED]
            if records:
                found[tp], self.places[tp] = records, records[-1].offset + 1
        return found

    def commit_async(self, *_: object, **__: object) -> None: ...
