"""A transactional log in memory, and a producer and a reader over it: the edge that a lane is tested at.

The end of a transaction is done and answered, done and not answered, or not answered and late: then it arrives when it is told to.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import InvalidTxnState, ProducerFenced

from mekong.streams.producer import OutcomeUnknown
from tests.fakes import Record

FULL = 2
"""Records of a batch, so that a transaction has several."""
ENDS = ("answered", "answered", "done, no answer", "late, no answer")


class End(NamedTuple):
    """That a transaction is to be committed: a message under way."""

    epoch: int


class Log:
    """A broker with one transactional id: partitions of committed records, and what the open transaction has."""

    asks_again = False
    """The client asks for the end of a transaction again in the same epoch, as aiokafka does by itself."""

    def __init__(self) -> None:
        self.epoch = 0
        self.committed: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
        self.open: list[tuple[tuple[str, int], Record]] = []
        self.added: set[tuple[str, int]] = set()
        """Partitions of the open transaction: a batch to another is refused."""
        self.late: list[End] = []
        self.next = "answered"
        self.amid: int | None = None
        """Before which batch from now on all that is late arrives."""

    def opened(self) -> int:
        self.epoch, self.open, self.added = self.epoch + 1, [], set()
        return self.epoch

    def add(self, epoch: int, where: tuple[str, int]) -> None:
        if epoch == self.epoch:
            self.added.add(where)

    def batch(self, epoch: int, where: tuple[str, int], rows: Iterable[tuple[bytes | None, bytes | None]]) -> None:
        if self.amid is not None:
            self.amid -= 1
            while self.amid < 0 and self.late:
                self.arrives(self.late.pop())
        if epoch != self.epoch:
            raise ProducerFenced
        if where not in self.added:
            raise InvalidTxnState
        self.open += [(where, Record(0, value, key)) for key, value in rows]

    def arrives(self, end: End) -> bool:
        if end.epoch != self.epoch:
            return False
        for where, record in self.open:
            self.committed[where].append(record._replace(offset=len(self.committed[where])))
        self.open, self.added = [], set()
        return True

    def end(self, epoch: int) -> None:
        how, self.next = self.next, "answered"
        if how == "late, no answer":
            self.late.append(End(epoch))
        if how == "late, no answer" and not self.asks_again:
            raise OutcomeUnknown
        if not self.arrives(End(epoch)):
            raise ProducerFenced
        if how == "done, no answer" and not self.asks_again:
            raise OutcomeUnknown


class Batch:
    def __init__(self) -> None:
        self.rows: list[tuple[bytes | None, bytes | None]] = []

    def append(self, *, key: bytes | None, value: bytes | None, timestamp: None) -> object:
        if len(self.rows) == FULL:
            return None
        self.rows.append((key, value))
        return self

    def record_count(self) -> int:
        return len(self.rows)


class Producer:
    """A lane's producer over the log."""

    def __init__(self, *, log: Log, **_: object) -> None:
        self._log = log

    async def start(self) -> None:
        self._epoch = self._log.opened()

    async def begin_transaction(self) -> None:
        self._added: set[tuple[str, int]] = set()

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[None]:
        where = (topic, partition)
        if where not in self._added:
            self._added.add(where)
            self._log.add(self._epoch, where)
        self._log.batch(self._epoch, where, batch.rows)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def commit_transaction(self) -> None:
        self._log.end(self._epoch)

    async def close(self) -> None: ...


async def stored(connection: Mapping[str, Any], where: TopicPartition) -> AsyncGenerator[list[Record], None]:
    yield list(connection["log"].committed[where])


async def nothing_unmarked(*_: object) -> None: ...
