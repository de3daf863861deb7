"""Writes the transactions of a lane. This producer asks Kafka at most once to end a transaction.

aiokafka asks again in the same epoch when it gets no answer. When the first request arrives late, it commits (or aborts) half of the
next transaction. So here an end without an answer is an unknown outcome: the producer can do nothing more, and its owner opens another
one. The new producer has the next epoch, and Kafka refuses requests of the old epoch. Decision: docs/decisions/0001-lanes-on-faust.md.

The producer asks again only in two cases: Kafka has answered ("not the coordinator", "still loading"), or the request was never sent
because the connection was missing. When the clock of a worker is far ahead, the error names this clock and not the records.
tests/contract/test_faust_private_parts.py names the parts of aiokafka on which this file depends.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.conn import CloseReason
from aiokafka.errors import InvalidTimestampError, KafkaError, NodeNotReadyError, TopicAuthorizationFailedError, UnknownError
from aiokafka.producer import sender

from mekong.schemas.errors import Refused
from mekong.streams.decided import was_committed
from mekong.streams.figures import committed

_AHEAD = (
    "the broker refuses records because their time is too far ahead of its own (an hour, unless it is set otherwise)."
    " The clock of this machine says {:%Y-%m-%d %H:%M:%S} UTC: set it (NTP)."
)
CLOSE_WITHIN_S = 3.0


class OutcomeUnknown(KafkaError):  # type: ignore[misc]  # noqa: N818
    """Kafka did not say how a transaction ended. It is or will be committed or aborted. This epoch may not be used again."""


class _End(sender.EndTxnHandler):  # type: ignore[misc]
    """Ends a transaction. When Kafka does not answer, the outcome is unknown."""

    async def do(self, node_id: int) -> bool:
        """Send the request once. False: the transaction has certainly not ended, so the sender may ask again."""
        try:
            answer = await self._sender.client.send(node_id, self.create_request(), group=self.group)
        except NodeNotReadyError:  # the connection is missing, so it was not sent
            await asyncio.sleep(self.handle_error())
            return False
        except KafkaError as exc:
            return self._is_unknown(exc)
        try:
            backoff_s = self.handle_response(answer)
        except UnknownError as exc:  # among others when a new producer fences this one off at the same moment
            return self._is_unknown(exc)
        if backoff_s is None:
            return True
        await asyncio.sleep(backoff_s)
        return False

    def _is_unknown(self, exc: KafkaError) -> bool:
        self._sender._txn_manager.fatal_error(OutcomeUnknown(f"Kafka did not say how a transaction ended ({exc!r})"))  # noqa: SLF001
        return True


class _Produce(sender.SendProduceReqHandler):  # type: ignore[misc]
    """Sends batches. When the broker refuses their time, the error names the time of this machine: the broker does not report its own."""

    def handle_response(self, answer: Any) -> None:
        """Fail the batches whose time the broker refused, then do what aiokafka does."""
        for topic, partitions in answer.topics:
            for number, code, *_ in partitions:
                batch = self._batches.get(TopicPartition(topic, number))
                if batch is not None and code == InvalidTimestampError.errno:
                    batch.failure(exception=Refused(f"{topic}: {_AHEAD}".format(datetime.now(UTC))))
        super().handle_response(answer)


class _Sender(sender.Sender):  # type: ignore[misc]
    """aiokafka's sender with the end of a transaction from this file."""

    was_committed: bool | None = None
    """Whether the last transaction of our predecessor was committed; None: not asked yet."""

    async def _do_init_pid(self, node_id: int) -> bool:
        """Ask how the predecessor's last transaction was decided, then open. False: the sender tries again."""
        if self.was_committed is None:
            try:
                self.was_committed = await was_committed(self.client, node_id, self._txn_manager.transactional_id)
            except KafkaError as exc:
                if not exc.retriable:
                    raise
        if self.was_committed is None:
            self._coordinator_dead(sender.CoordinationType.TRANSACTION)
            await asyncio.sleep(self._retry_backoff)
            return False
        return bool(await super()._do_init_pid(node_id))

    async def _do_txn_commit(self, commit_result: Any) -> None:
        await self._message_accumulator.flush_for_commit()
        if self._txn_manager.is_empty_transaction():
            self._txn_manager.complete_transaction()
            return
        node_id = await self._find_coordinator(sender.CoordinationType.TRANSACTION, self._txn_manager.transactional_id)
        await _End(self, commit_result).do(node_id)

    async def _send_produce_req(self, node_id: int, batches: Mapping[TopicPartition, Any]) -> None:
        await _Produce(self, batches).do(node_id)
        self._in_flight.remove(node_id)
        for tp in batches:
            self._muted_partitions.remove(tp)


class Producer(AIOKafkaProducer):  # type: ignore[misc]
    """A transactional producer. When ``commit_transaction`` or ``abort_transaction`` raises OutcomeUnknown, close the producer."""

    def __init__(self, *, retry_backoff_ms: int, request_timeout_ms: int, **options: Any) -> None:
        super().__init__(acks="all", retry_backoff_ms=retry_backoff_ms, request_timeout_ms=request_timeout_ms, **options)
        self._sender = _Sender(
            self.client,
            acks=-1,
            txn_manager=self._txn_manager,
            message_accumulator=self._message_accumulator,
            retry_backoff_ms=retry_backoff_ms,
            request_timeout_ms=request_timeout_ms,
        )
        self._last: deque[frozenset[TopicPartition]] = deque(maxlen=2)
        """The partitions of the last two transactions: Kafka answered one, and the next may have begun before the connection broke."""
        self._written = Counter[str]()
        """Records of the transaction in progress, by topic."""
        self._began_s = 0.0
        self._is_cut = False
        """Whether a connection broke since the last check."""
        self._heard, self.client._on_connection_closed = self.client._on_connection_closed, self._on_connection_closed  # noqa: SLF001

    def _on_connection_closed(self, connection: Any, reason: CloseReason) -> None:
        self._is_cut |= reason in {CloseReason.CONNECTION_BROKEN, CloseReason.CONNECTION_TIMEOUT}
        self._heard(connection, reason)

    async def begin_transaction(self) -> None:
        """Begin a transaction. After a lost connection, first write the markers that the broker may have left out (streams/unmarked.py)."""
        if self._is_cut and self._last:
            self._is_cut = False
            await self._mark(frozenset().union(*self._last), commit=True)
        self._written.clear()
        self._began_s = time.perf_counter()
        await super().begin_transaction()

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
        """Send a batch in the transaction in progress; returns the future of its answer."""
        self._written[topic] += batch.record_count()
        return await super().send_batch(batch, topic, partition=partition)

    async def commit_transaction(self) -> None:
        """Commit the transaction, and return when it is committed. Raises KafkaError."""
        places = frozenset(self._txn_manager.txn_partitions | self._txn_manager.partitions_to_add())
        await super().commit_transaction()
        self._last.append(places)
        committed(self._txn_manager.transactional_id, time.perf_counter() - self._began_s, self._written)

    @property
    def after_a_commit(self) -> bool:
        """Whether the predecessor's last transaction was committed."""
        return bool(self._sender.was_committed)

    async def end_in(self, place: TopicPartition, *, commit: bool) -> None:
        """Make the broker write the marker of an empty transaction into one partition. Raises KafkaError."""
        await self._mark({place}, commit=commit)

    async def _mark(self, places: Iterable[TopicPartition], *, commit: bool) -> None:
        await super().begin_transaction()
        for place in places:
            self._txn_manager.maybe_add_partition_to_txn(place)
        try:
            await (super().commit_transaction() if commit else self.abort_transaction())
        except TopicAuthorizationFailedError:
            await self.abort_transaction()
            raise

    async def close(self) -> None:
        """Close within ``CLOSE_WITHIN_S``. A transaction in progress is aborted, or the next producer of the lane finds its outcome."""
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self.stop()
        except TimeoutError:
            await self.client.close()
