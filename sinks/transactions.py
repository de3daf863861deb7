"""A transactional producer of kafka-python that asks Kafka at most once to end a transaction.

When the connection is lost, kafka-python asks again in the same epoch. If the first request then arrives late, it commits (or aborts)
half of the next transaction. So here an end without an answer is an unknown outcome, and the producer cannot be used again. Its owner
closes it and opens another one. The new producer takes the next epoch, so requests of the old one are refused. Then the owner reads
again what was written. Opening ends a transaction that Kafka left without a marker, as it was decided. The lanes do the same with
aiokafka. The reason: docs/decisions/0001-lanes-on-faust.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.producer.transaction_manager import EndTxnHandler, TransactionManager

from mekong.schemas.connect import kafka_options
from mekong.schemas.settings import Settings
from mekong.schemas.topics import Topic
from mekong.sinks.unmarked import end_unmarked, led, was_committed

_TIMEOUT_MS = 60_000


class OutcomeUnknown(KafkaError):  # type: ignore[misc]  # noqa: N818
    """The end of a transaction was not answered. It is, or will be, committed or aborted; this epoch may not be used again."""


def open_producer(
    settings: Settings,
    transactional_id: str,
    topic: Topic,
    within_s: float,
    *,
    others: Callable[[str], bool] = lambda _: False,
    timeout_ms: int = _TIMEOUT_MS,
) -> KafkaProducer:
    """A producer that has fenced off all earlier ones of its id, and has ended what they began.

    The one partition of ``topic`` is in each transaction of the id and no one else's; ``others`` are the topics that may be in it too.
    Raises KafkaError and Fatal. Its transactions are ended by ``end``.
    """
    with closing(KafkaAdminClient(**kafka_options(settings))) as admin:
        commit = was_committed(admin, transactional_id, within_s)
        producer = _producer(settings, transactional_id, within_s, timeout_ms)
        try:
            producer.init_transactions()
            places = [TopicPartition(topic.name, 0), *led(admin, others)]
            mark = partial(_mark, producer, commit=commit, within_s=within_s)
            end_unmarked(settings, mark, places, commit=commit, within_s=within_s)
        except BaseException:
            producer.close(timeout=0)
            raise
    return producer


def _producer(settings: Settings, transactional_id: str, within_s: float, timeout_ms: int) -> KafkaProducer:
    within_ms = int(within_s * 1_000)
    producer = KafkaProducer(
        **kafka_options(settings),
        transactional_id=transactional_id,
        transaction_timeout_ms=timeout_ms,
        acks="all",
        linger_ms=0,
        delivery_timeout_ms=within_ms,
        max_block_ms=within_ms,
        request_timeout_ms=within_ms - 1_000,
    )
    producer._transaction_manager.__class__ = _Manager  # noqa: SLF001 - the producer makes its own
    return producer


def _mark(producer: KafkaProducer, places: Iterable[TopicPartition], *, commit: bool, within_s: float) -> None:
    """Let the broker write the markers of an empty transaction. Raises KafkaError."""
    producer.begin_transaction()
    adding = producer._transaction_manager.add(places)  # noqa: SLF001 - an abort would forget those that are not there yet
    producer._sender.wakeup()  # noqa: SLF001
    if not adding.wait(timeout_ms=within_s * 1_000):
        raise KafkaTimeoutError("the partitions of a transaction were not taken")
    end(producer, commit=commit, within_s=within_s)


def end(producer: KafkaProducer, *, commit: bool, within_s: float) -> None:
    """End the transaction. kafka-python's own calls wait without an end. Raises KafkaError, OutcomeUnknown among them."""
    manager = producer._transaction_manager  # noqa: SLF001 - held by tests/contract/test_kafka_private_parts.py
    ending = manager.begin_commit() if commit else manager.begin_abort()
    producer._sender.wakeup()  # noqa: SLF001
    if not ending.wait(timeout_ms=within_s * 1_000):
        raise OutcomeUnknown("the end of a transaction was not answered")


class _End(EndTxnHandler):  # type: ignore[misc]
    def on_complete(self, correlation_id: int, response_or_exc: Any) -> None:
        if isinstance(response_or_exc, Exception):
            self.transaction_manager.clear_in_flight_transactional_request_correlation_id()
            self.fatal_error(OutcomeUnknown(f"the end of a transaction was not answered ({response_or_exc!r})"))
        else:
            super().on_complete(correlation_id, response_or_exc)


class _Manager(TransactionManager):  # type: ignore[misc]
    def add(self, places: Iterable[TopicPartition]) -> Any:
        """Add partitions to the transaction without a record of them; what to wait for."""
        with self._lock:
            self._new_partitions_in_transaction.update(places)
            handler = self._add_partitions_to_transaction_handler()
            self._enqueue_request(handler)
            return handler.result

    def _begin_completing_transaction(self, committed: bool) -> Any:
        if self._new_partitions_in_transaction:
            self._enqueue_request(self._add_partitions_to_transaction_handler())
        handler = _End(self, committed)
        self._enqueue_request(handler)
        return handler.result
