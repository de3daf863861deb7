"""A lane: some source partitions in, and in one Kafka transaction their outputs, the state and the position that go together.

Exactly once rests on this alone: **the position is stored with the state it produced, in one atomic write**. A lane's
transactional producer is opened before its state is read, which fences off whoever wrote last; so a process that was paused and
wakes up cannot overwrite anything. Decision and figures: docs/decisions/0001-lanes-on-faust.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from aiokafka import AIOKafkaProducer, TopicPartition

from schemas.errors import Fatal
from streams.stored import stored
from streams.unmarked import give_up

RUN_RECORDS = 1_000  # of one run, and about of one transaction
RUN_BYTES = 4_000_000
REPLACE_RECORDS = 20_000  # of one transaction when a state is put in place of another
BATCH_BYTES = 900_000  # of one produce batch; one larger record travels alone
POSITION = b"@position/"
TRANSACTION_TIMEOUT_MS = 20_000  # a worker stopped inside a transaction holds readers back for so long at most

log = logging.getLogger(__name__)


class Incoming(Protocol):
    """One record as the broker client hands it out."""

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
class Place:
    """Where the reading of a source stands since a seek; the next seek makes another, and a run of an older one is stale."""

    next: int
    """Offset the next run must start at."""
    sought: int = -1
    """The offset gone back to last, when something was missing before what was fetched."""
    handed: int | None = None
    """Last offset handed out."""
    taken: int | None = None
    """Last offset given to the lane."""


class Run(NamedTuple):
    """Consecutive records of one source, handed to the agent as one event."""

    lane: Lane
    source: TopicPartition
    place: Place
    after: int | None
    """Last offset of the run handed out before this one; None for the first after a seek."""
    first: int
    last: int
    size: int
    """Bytes of the values."""
    records: list[Any]


State = Mapping[bytes, bytes]
Changes = dict[bytes, "bytes | None"]
Outputs = dict[tuple[str, int], list[Output]]
Fold = Callable[[State, Changes, TopicPartition, Sequence[Any]], Outputs]
"""(committed state, changes of this transaction so far: add to them, source, its next records) -> outputs by topic and partition."""


class Broken(Fatal):
    """A run was lost between fetch and agent, or the log and the state do not fit: end the process, the restart reads again."""


class Lane:
    """Some source partitions with the state built from them; one per number, owned by one process at a time."""

    def __init__(self, number: int, state: TopicPartition, name: str, connection: Mapping[str, Any]) -> None:
        self.number, self.where, self.name, self.connection = number, state, name, connection
        self.state: dict[bytes, bytes] = {}
        self.positions: dict[TopicPartition, int] = {}
        """Next offset of each source; absent: never ran."""
        self.waiting: deque[tuple[Run, Any]] = deque()
        self.held_records = self.held_bytes = 0
        """Of the runs that wait, and of those in a transaction now."""
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def open(self) -> Lane:
        """Fence the last writer off, give up what it left unmarked, then read the state it left. Raises Fatal when the broker refuses."""
        self.producer = AIOKafkaProducer(
            **self.connection,
            transactional_id=self.name,
            acks="all",
            max_batch_size=BATCH_BYTES,
            max_request_size=5 * 1_048_576,
            linger_ms=0,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            request_timeout_ms=15_000,
            retry_backoff_ms=10,
        )
        await self.producer.start()
        await give_up(self.producer, self.where)
        async for records in stored(self.connection, self.where):
            self.restore(records)
        return self

    def restore(self, records: Iterable[Incoming]) -> None:
        """Take up what a transaction of this lane wrote to its state partition."""
        for record in records:
            assert record.key is not None  # noqa: S101 - we wrote it
            if record.key.startswith(POSITION):
                topic, partition = record.key[len(POSITION) :].decode().rsplit("/", 1)
                source = TopicPartition(topic, int(partition))
                if record.value is None:
                    self.positions.pop(source, None)
                else:
                    self.positions[source] = int(record.value)
            elif record.value is None:
                self.state.pop(record.key, None)
            else:
                self.state[record.key] = record.value

    async def close(self) -> None:
        """Stop writing. What was not committed is read again by whoever opens the lane next."""
        if self.task:
            self.task.cancel()
        await self.producer.stop()

    def put(self, run: Run, event: Any) -> None:
        """Queue a run for the next transaction."""
        self.waiting.append((run, event))
        self._hold([(run, event)], 1)
        self.wake.set()

    def put_back(self) -> list[tuple[Run, Any]]:
        """What waits, and waits no more."""
        found = list(self.waiting)
        self.waiting.clear()
        self._hold(found, -1)
        return found

    def _hold(self, batch: Iterable[tuple[Run, Any]], sign: int) -> None:
        for run, _ in batch:
            self.held_records += sign * len(run.records)
            self.held_bytes += sign * run.size

    async def forget_positions(self) -> None:
        """Before a replacement from nothing: until it has its positions, a worker refuses to start on what is there (``is_half``)."""
        await self._commit({}, {}, {position_key(source): None for source in self.positions})
        self.positions.clear()

    def is_half(self) -> bool:
        """Whether a replacement ended half-way: each transaction of a fold writes a position, so a state never comes without one."""
        return bool(self.state) and not self.positions

    async def replace(self, state: State, positions: Mapping[TopicPartition, int], outputs: Outputs | None = None) -> None:
        """Put another state in place of the lane's, its positions last, with ``outputs``."""
        changes: Changes = {key: None for key in self.state if key not in state}
        changes |= {key: value for key, value in state.items() if self.state.get(key) != value}
        pending = list(changes.items())
        for first in range(0, len(pending), REPLACE_RECORDS):
            await self._commit({}, {}, dict(pending[first : first + REPLACE_RECORDS]))
        await self._commit(positions, outputs or {}, {})

    async def serve(self, fold: Fold, served: Callable[[list[tuple[Run, Any]]], Awaitable[None]], linger_s: Callable[[], float]) -> None:
        """Fold what waits and commit it, one transaction after another, for ever. ``served`` hears of each that is through."""
        while True:
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
        """Fold ``runs`` and commit outputs, state and positions together. Records behind the position are passed over."""
        outputs: Outputs = {}
        changes: Changes = {}
        positions: dict[TopicPartition, int] = {}
        for run in runs:
            position = self.positions.get(run.source, 0)
            records = run.records if run.first >= position else [record for record in run.records if record.offset >= position]
            if records:
                for where, rows in fold(self.state, changes, run.source, records).items():
                    outputs.setdefault(where, []).extend(rows)
                positions[run.source] = run.last + 1
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
        """All of it, or nothing. Raises ProducerFenced when another process owns the lane."""
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
    """Where the position of a source is kept."""
    return POSITION + f"{source.topic}/{source.partition}".encode()
