"""Messages in, Kafka out, and a report on each: at least once by the network, exactly once in the topic, in order, bounded memory.

The producer is idempotent with acks=all, so a retry inside it neither doubles nor reorders. What the broker will never take is a
report with ``Rejected``; what only a person or time can mend is raised, and then the outbox is of no more use: open another.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import (
    CorruptRecordError,
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from producers.broker import expect, reaching, translated
from schemas.batches import BATCH_HEADER
from schemas.connect import kafka_options
from schemas.errors import Refused, Retriable
from schemas.limits import MAX_MESSAGE_BYTES
from schemas.rejected import Reason, Rejected
from schemas.settings import Settings

T = TypeVar("T")
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
_REFUSED_RECORD = (*_TOO_LARGE, CorruptRecordError, InvalidRecordError)
_CLOSE_S = 5
_KEY_LENGTH = 100  # of a case number; a longer one is no case number, and the exchange will say so


class Delivered(NamedTuple, Generic[T]):
    """The broker has it, for good."""

    token: T
    topic: str
    offset: int


class Undelivered(NamedTuple, Generic[T]):
    """The broker will never take it."""

    token: T
    rejected: Rejected


Report = Delivered[T] | Undelivered[T]


class Outbox(Generic[T]):
    """A producer with delivery reports. ``T`` is what the caller calls a message by."""

    def __init__(
        self,
        settings: Settings,
        batch: str = "",
        *,
        max_messages: int = 20_000,
        max_bytes: int = 64 * 1024 * 1024,
        linger_ms: int = 5,
        delivery_timeout_s: int = 120,
    ) -> None:
        """``batch`` names the sending. At most ``max_messages`` and ``max_bytes`` are under way; then ``send`` waits."""
        self._settings = settings
        self._headers = [(BATCH_HEADER, batch.encode())] if batch else []
        self._max_messages, self._max_bytes = max_messages, max_bytes
        self._waiting: dict[str, deque[tuple[T, Any, int]]] = {}
        self._messages = self._bytes = 0
        self._reports: list[Report[T]] = []
        with reaching(settings, "reach the exchange"):
            self._producer = KafkaProducer(
                **kafka_options(settings),
                enable_idempotence=True,
                acks="all",
                linger_ms=linger_ms,
                batch_size=262_144,
                max_request_size=MAX_MESSAGE_BYTES + 65_536,
                max_block_ms=5_000,
                delivery_timeout_ms=delivery_timeout_s * 1000,
                request_timeout_ms=min(30_000, delivery_timeout_s * 1000 - 1000),
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )

    def expect(self, topics: Iterable[str]) -> None:
        """Name topics that will be sent to, before the first message: it saves the wait at the first one of each."""
        expect(self._producer, topics)

    def send(self, topic: str, case_no: str, value: bytes, token: T, headers: list[tuple[str, bytes]] | None = None) -> None:
        """Put one message on its way; waits while too many are under way. Raises Refused for a topic that is not there."""
        if len(value) > MAX_MESSAGE_BYTES:
            self._reports.append(Undelivered(token, _too_large(len(value))))
            return
        while self._messages >= self._max_messages or self._bytes >= self._max_bytes:
            if not self._collect():
                time.sleep(0.002)
        try:
            future = self._producer.send(
                topic,
                value=value,
                key=case_no[:_KEY_LENGTH].encode() or None,
                partition=0,
                headers=self._headers if headers is None else headers,
            )
        except KafkaError as exc:
            if isinstance(exc, KafkaTimeoutError) and "metadata" in str(exc):
                raise self._without_metadata(topic) from exc
            raise translated(exc, self._settings, f"send to {topic}") from exc
        self._waiting.setdefault(topic, deque()).append((token, future, len(value)))
        self._messages += 1
        self._bytes += len(value)

    def reports(self) -> list[Report[T]]:
        """What has become known since the last call. Raises Retriable, Refused or Fatal when the broker fails us."""
        self._collect()
        found, self._reports = self._reports, []
        return found

    @property
    def under_way(self) -> int:
        """Messages that the broker has not answered yet."""
        return self._messages

    def flush(self, timeout_s: float = 150.0) -> list[Report[T]]:
        """Wait until everything is answered, and report it. Raises as ``reports`` does."""
        with reaching(self._settings, "deliver what was sent"):
            self._producer.flush(timeout_s)
        self._collect()
        if self._messages and not self._reports:
            raise Retriable(f"cannot deliver {self._messages:,} messages now: the broker did not answer in {timeout_s:.0f} s")
        return self.reports()

    def close(self) -> None:
        """Give up what is not delivered, and leave."""
        try:
            self._producer.close(timeout=_CLOSE_S)
        except KafkaTimeoutError:  # it waited for what is under way, and lives on: what is given up now must not arrive later
            self._producer._sender.force_close()  # noqa: SLF001 - no public call ends it with something under way
            self._producer.close(timeout=_CLOSE_S)

    def _without_metadata(self, topic: str) -> Retriable | Refused:
        """Why nothing is known of a topic: it is not there, or the broker is away. Raises Retriable, Refused when it cannot be asked."""
        with reaching(self._settings, f"send to {topic}"):
            admin = KafkaAdminClient(**kafka_options(self._settings), request_timeout_ms=10_000)
            try:
                there = topic in admin.list_topics()
            finally:
                admin.close()
        if there:
            return Retriable(f"cannot send to {topic} now: the broker did not answer in time")
        return Refused(f"cannot send to {topic}: there is no such topic, or no right to see it (`mekong agency list`).")

    def _collect(self) -> bool:
        """Take in the answers; whether there were any. A failure is raised only when all that came before it has been reported."""
        before = len(self._reports)
        for topic, waiting in self._waiting.items():
            while waiting and waiting[0][1].is_done:
                token, future, size = waiting[0]
                if future.exception is None:
                    self._reports.append(Delivered(token, topic, future.value.offset))
                elif isinstance(future.exception, _REFUSED_RECORD):
                    self._reports.append(Undelivered(token, _not_taken(future.exception, size)))
                elif self._reports:
                    return True
                else:
                    raise translated(future.exception, self._settings, f"send to {topic}") from future.exception
                waiting.popleft()
                self._messages -= 1
                self._bytes -= size
        return len(self._reports) > before

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _too_large(size: int) -> Rejected:
    return Rejected(reason=Reason.TOO_LARGE, detail=f"the message has {size:,} bytes, {MAX_MESSAGE_BYTES:,} is the most")


def _not_taken(exc: BaseException, size: int) -> Rejected:
    if isinstance(exc, _TOO_LARGE):
        return _too_large(size)
    return Rejected(reason=Reason.NOT_SENT, detail=f"the broker refused the message: {exc}")
