"""A lane reads some source partitions. It writes their outputs, its state and its positions together in one Kafka transaction.

Exactly-once depends on this rule alone: **the position is stored with the state it produced, in one atomic write**. A lane opens its
transactional producer before it reads its state. This fences off the process that wrote before; so a process that was paused and
continues later cannot overwrite anything. Decision and figures: docs/decisions/0001-lanes-on-faust.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from aiokafka import TopicPartition

from mekong.schemas.errors import Fatal
from mekong.streams.core.draft import POSITION
from mekong.streams.producer import CLOSE_WITHIN_S, Producer
from mekong.streams.stored import stored
from mekong.streams.unmarked import end_unmarked

RUN_RECORDS = 1_000  # of one run, and about of one transaction
RUN_BYTES = 4_000_000
REPLACE_RECORDS = 20_000  # of one transaction when one state replaces another
BATCH_BYTES = 900_000  # of one produce batch; a larger record has a batch of its own
REQUEST_TIMEOUT_MS = 15_000  # then the connection counts as lost; for the end of a transaction: its outcome is unknown
TRANSACTION_TIMEOUT_MS = 20_000  # the longest time that a worker which stopped inside a transaction can delay readers

log = logging.getLogger(__name__)


class Incoming(Protocol):
    """One record as the broker client returns it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Output(NamedTuple):
    """One record to write."""

    key: bytes | None
    value: bytes | None
    """None removes the key from a compacted topic."""


@dataclass(slots=True)
class ReadPosition:
    """How far a source is read since a seek. Each seek makes a new one; a run that has an older one is outdated."""

    next: int
    """Offset at which the next run must start."""
    sought: int = -1
    """The offset of the last seek that repeated a fetch, because the broker client had started after this offset."""
    handed: int | None = None
    """Last offset passed to the agent."""
    taken: int | None = None
    """Last offset given to the lane."""


class Run(NamedTuple):
    """Consecutive records of one source that the agent gets as one event."""

    lane: Lane
    source: TopicPartition
    place: ReadPosition
    after: int | None
    """Last offset of the run before this one; None for the first run after a seek."""
    first: int
    last: int
    size: int
    """Bytes of the values."""
    records: list[Any]


State = Mapping[bytes, bytes]
Changes = dict[bytes, "bytes | None"]
Outputs = dict[tuple[str, int], list[Output]]
Fold = Callable[[State, Changes, TopicPartition, Sequence[Any]], Outputs]
"""(committed state, changes of this transaction (the fold adds to them), source, its next records) -> outputs by topic and partition."""


class Broken(Fatal):
    """A run was lost between fetch and agent, or the log does not fit the state. End the process: after the restart it reads again."""


class Lane:
    """Some source partitions and the state built from them. Each number has one lane, and one process owns a lane at a time."""

    def __init__(self, number: int, state: TopicPartition, name: str, connection: Mapping[str, Any]) -> None:
        self.number, self.where, self.name, self.connection = number, state, name, connection
        self.state: dict[bytes, bytes] = {}
        self.positions: dict[TopicPartition, int] = {}
        """Next offset of each source. A source that was never read is absent."""
        self.waiting: deque[tuple[Run, Any]] = deque()
        self.held_records = self.held_bytes = 0
        """Of the runs that wait and of the runs in the transaction in progress."""
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.ending = False

    async def open(self) -> Lane:
        """Fence off the last writer, end its unmarked transactions, then read the state. Raises Fatal when the broker refuses."""
        self.producer = Producer(
            **self.connection,
            transactional_id=self.name,
            max_batch_size=BATCH_BYTES,
            max_request_size=5 * 1_048_576,
            linger_ms=0,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            retry_backoff_ms=10,
        )
        try:
            await self.producer.start()
            await end_unmarked(self.producer, self.where)
            async for records in stored(self.connection, self.where):
                self.restore(records)
        except BaseException:
            await self.producer.close()
            raise
        return self

    def restore(self, records: Iterable[Incoming]) -> None:
        """Apply records of the lane's state partition to its state and positions."""
        for record in records:
            assert record.key is not None  # noqa: S101 - we wrote it
            if record.key.startswith(POSITION):
                source = _source_of(record.key)
                if record.value is None:
                    self.positions.pop(source, None)
                else:
                    self.positions[source] = int(record.value)
            elif record.value is None:
                self.state.pop(record.key, None)
            else:
                self.state[record.key] = record.value

    async def given_up(self) -> dict[TopicPartition, int]:
        """The highest position of each source in the aborted transactions of this lane. Raises KafkaError."""
        found: dict[TopicPartition, int] = {}
        async for records in stored(self.connection, self.where, given_up=True):
            for record in records:
                if record.key.startswith(POSITION) and record.value is not None:
                    source = _source_of(record.key)
                    found[source] = max(int(record.value), found.get(source, 0))
        return found

    async def close(self) -> None:
        """Stop writing after the transaction in progress. The next owner of the lane reads again what was not committed."""
        self.ending = True
        self.wake.set()
        if self.task:
            await asyncio.wait([self.task], timeout=CLOSE_WITHIN_S)
            self.task.cancel()
        await self.producer.close()

    def put(self, run: Run, event: Any) -> None:
        """Queue a run for the next transaction."""
        self.waiting.append((run, event))
        self._hold([(run, event)], 1)
        self.wake.set()

    def drain(self) -> list[tuple[Run, Any]]:
        """Remove all runs from the queue and return them."""
        found = list(self.waiting)
        self.waiting.clear()
        self._hold(found, -1)
        return found

    def _hold(self, batch: Iterable[tuple[Run, Any]], sign: int) -> None:
        for run, _ in batch:
            self.held_records += sign * len(run.records)
            self.held_bytes += sign * run.size

    async def forget_positions(self) -> None:
        """Remove the positions before a rebuild. A worker refuses to start on a state without positions (``is_half``)."""
        await self._commit({}, {}, {position_key(source): None for source in self.positions})
        self.positions.clear()

    def is_half(self) -> bool:
        """Whether a replacement ended half-way. Each transaction of a fold writes a position, so a complete state always has one."""
        return bool(self.state) and not self.positions

    async def change(self, changes: Changes) -> None:
        """Commit changes of the state alone, in one transaction. This brings an older state to the format of this code."""
        await self._commit({}, {}, changes)

    async def replace(self, state: State, positions: Mapping[TopicPartition, int], outputs: Outputs | None = None) -> None:
        """Replace the lane's state. The last transaction writes the positions together with ``outputs``."""
        changes: Changes = {key: None for key in self.state if key not in state}
        changes |= {key: value for key, value in state.items() if self.state.get(key) != value}
        pending = list(changes.items())
        for first in range(0, len(pending), REPLACE_RECORDS):
            await self._commit({}, {}, dict(pending[first : first + REPLACE_RECORDS]))
        await self._commit(positions, outputs or {}, {})

    async def add(self, outputs: Outputs, changes: Changes) -> None:
        """Write outputs and changes of the state that belong to no new record. The positions do not change."""
        await self._commit({}, outputs, changes)

    async def serve(self, fold: Fold, served: Callable[[list[tuple[Run, Any]]], Awaitable[None]], linger_s: Callable[[], float]) -> None:
        """Fold and commit the waiting runs in transactions until the lane is closed. ``served`` gets each committed batch."""
        while not self.ending:
            await self.wake.wait()
            if sum(len(run.records) for run, _ in self.waiting) < RUN_RECORDS:
                await asyncio.sleep(linger_s())
            batch = self._gather()
            if not self.waiting:
                self.wake.clear()
            await self.transact([run for run, _ in batch], fold)
            self._hold(batch, -1)
            await served(batch)

    async def transact(self, runs: Iterable[Run], fold: Fold) -> None:
        """Fold ``runs`` and commit outputs, state and positions together. Records before the position are skipped."""
        outputs: Outputs = {}
        changes: Changes = {}
        positions: dict[TopicPartition, int] = {}
        for run in runs:
            position = positions.get(run.source, self.positions.get(run.source, 0))
            records = run.records if run.first >= position else [record for record in run.records if record.offset >= position]
            if records:
                for where, rows in fold(self.state, changes, run.source, records).items():
                    outputs.setdefault(where, []).extend(rows)
                positions[run.source] = run.last + 1
        for source, offset in _moved(changes):  # a position never moves back: a message that has its receipt is not read again
            positions[source] = max(offset, positions.get(source, self.positions.get(source, 0)))
        if positions:
            await self._commit(positions, outputs, changes)

    def _gather(self) -> list[tuple[Run, Any]]:
        batch: list[tuple[Run, Any]] = []
        records = size = 0
        while self.waiting and records < RUN_RECORDS and size < RUN_BYTES:
            batch.append(self.waiting.popleft())
            records += len(batch[-1][0].records)
            size += batch[-1][0].size
        return batch

    async def _commit(self, positions: Mapping[TopicPartition, int], outputs: Outputs, changes: Changes) -> None:
        """Commit everything or nothing. Raises ProducerFenced when another process owns the lane, OutcomeUnknown without an answer."""
        await self.producer.begin_transaction()
        deliveries: list[Any] = []
        for (topic, partition), rows in outputs.items():
            deliveries += await self._append(topic, partition, rows)
        marks = [Output(position_key(tp), b"%d" % offset) for tp, offset in positions.items()]
        deliveries += await self._append(self.where.topic, self.where.partition, [*changes.items(), *marks])
        await asyncio.gather(*deliveries)
        await self.producer.commit_transaction()
        for key, value in changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        self.positions.update(positions)

    async def _append(self, topic: str, partition: int, rows: Iterable[tuple[bytes | None, bytes | None]]) -> list[Any]:
        deliveries, batch = [], self.producer.create_batch()
        for key, value in rows:
            if batch.append(key=key, value=value, timestamp=None) is None:  # full
                deliveries.append(await self.producer.send_batch(batch, topic, partition=partition))
                batch = self.producer.create_batch()
                if batch.append(key=key, value=value, timestamp=None) is None:
                    raise Broken(f"{topic}/{partition}: a record of {len(value or b'')} bytes does not fit an empty batch")
        if batch.record_count():
            deliveries.append(await self.producer.send_batch(batch, topic, partition=partition))
        return deliveries


def position_key(source: TopicPartition) -> bytes:
    """The key of the position of a source in the state."""
    return POSITION + f"{source.topic}/{source.partition}".encode()


def _source_of(key: bytes) -> TopicPartition:
    topic, partition = key[len(POSITION) :].decode().rsplit("/", 1)
    return TopicPartition(topic, int(partition))


def _moved(changes: Changes) -> Iterator[tuple[TopicPartition, int]]:
    """Remove the positions that the fold itself has moved from its changes, and yield them."""
    for key in [key for key in changes if key.startswith(POSITION)]:
        yield _source_of(key), int(changes.pop(key) or 0)
