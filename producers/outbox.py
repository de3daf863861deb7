"""Sends messages to Kafka, in order, and returns a delivery report for each message. Its memory is bounded.

The network may carry a message several times; the topic has it exactly once. The producer is idempotent with acks=all, so a retry
neither duplicates nor reorders messages. When the broker will never accept a message, its report has a ``Rejected``. When a person
must act or the broker is away, the outbox raises an exception. That outbox cannot be used again: open another one.
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

from mekong.producers.broker import expect, reaching, translated
from mekong.schemas.batches import BATCH_HEADER, EDITION_HEADER
from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.limits import CASE_NO_LENGTH, MAX_MESSAGE_BYTES
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.settings import Settings

T = TypeVar("T")
Headers = list[tuple[str, bytes]] | None
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
_REFUSED_RECORD = (*_TOO_LARGE, CorruptRecordError, InvalidRecordError)
_CLOSE_S = 5


class Delivered(NamedTuple, Generic[T]):
    """The broker has stored the message."""

    token: T
    """What the sender calls the message."""
    topic: str
    offset: int
    """Its place in the topic: the receipt names it as ``source_offset``."""


class Undelivered(NamedTuple, Generic[T]):
    """The broker will never accept it."""

    token: T
    """What the sender calls the message."""
    rejected: Rejected
    """Why."""


Report = Delivered[T] | Undelivered[T]


class Outbox(Generic[T]):
    """A producer with delivery reports. ``T`` is what the caller calls a message by."""

    def __init__(
        self,
        settings: Settings,
        batch: str = "",
        *,
        edition: str = "",
        max_messages: int = 20_000,
        max_bytes: int = 64 * 1024 * 1024,
        linger_ms: int = 5,
        delivery_timeout_s: int = 120,
    ) -> None:
        """Open the producer. ``batch`` names the sending, ``edition`` is the time of its file.

        At most ``max_messages`` and ``max_bytes`` are being sent at a time; above that, ``send`` waits.
        """
        self._settings = settings
        named = ((BATCH_HEADER, batch), (EDITION_HEADER, edition))
        own = [(header, value.encode()) for header, value in named if value]
        self._headers = {True: own, False: [(header, value) for header, value in own if header != EDITION_HEADER]}
        """Whether the time of its file orders a message -> the headers of the message."""
        self._max_messages, self._max_bytes = max_messages, max_bytes
        self._waiting: dict[str, deque[tuple[T, Any, int]]] = {}
        self._messages = self._bytes = 0
        self.appended_ms: int | None = None
        """When the broker appended what it reported last, by its own clock where the topic keeps that; milliseconds since 1970."""
        self._reports: list[Report[T]] = []
        with reaching(settings, "reach the exchange"):
            self._producer = _idempotent_producer(settings, linger_ms, delivery_timeout_s * 1000)

    def expect(self, topics: Iterable[str]) -> None:
        """Name topics that will be sent to, before the first message: it saves the wait at the first one of each."""
        expect(self._producer, topics)

    def send(
        self, topic: str, case_no: str, value: bytes | None, token: T, headers: Headers = None, partition: int = 0, *, ordered: bool = True
    ) -> None:
        """Put one message on its way; waits while too many are under way. Raises Refused for a topic that is not there.

        Without a value it removes its key from a compacted topic. Not ``ordered``: without the time of its file.
        """
        size = len(value or b"")
        if size > MAX_MESSAGE_BYTES:
            self._reports.append(Undelivered(token, too_large(size)))
            return
        while self._messages >= self._max_messages or self._bytes >= self._max_bytes:
            if not self._collect():
                time.sleep(0.002)
        try:
            future = self._producer.send(
                topic,
                value=value,
                key=case_no[:CASE_NO_LENGTH].encode() or None,
                partition=partition,
                headers=self._headers[ordered] if headers is None else headers,
            )
        except KafkaError as exc:
            if isinstance(exc, KafkaTimeoutError) and "metadata" in str(exc):
                raise self._without_metadata(topic) from exc
            raise translated(exc, self._settings, f"send to {topic}") from exc
        self._waiting.setdefault(topic, deque()).append((token, future, size))
        self._messages += 1
        self._bytes += size

    def reports(self) -> list[Report[T]]:
        """The reports since the last call. Raises Retriable, Refused or Fatal when the broker fails."""
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
        """Discard messages that are not delivered, and close the producer."""
        try:
            self._producer.close(timeout=_CLOSE_S)
        except KafkaTimeoutError:  # messages were still being sent: a discarded message must not arrive later
            self._producer._sender.force_close()  # noqa: SLF001 - no public call ends it while messages are being sent
            self._producer.close(timeout=_CLOSE_S)

    def _without_metadata(self, topic: str) -> Retriable | Refused:
        """Why a topic has no metadata: it does not exist, or the broker is away. Raises Retriable or Refused when it cannot ask."""
        with reaching(self._settings, f"send to {topic}"):
            admin = KafkaAdminClient(**kafka_options(self._settings), request_timeout_ms=10_000)
            try:
                there = topic in admin.list_topics()
            finally:
                admin.close()
        if there:
            return Retriable(f"cannot send to {topic} now: the broker did not answer in time")
        return Refused(f"cannot send to {topic}: the topic does not exist, or you have no right to it (`mekong agency list`).")

    def _collect(self) -> bool:
        """Read the broker's answers and return whether there were any.

        A failure is raised only after everything before it has been reported.
        """
        before = len(self._reports)
        for topic, waiting in self._waiting.items():
            while waiting and waiting[0][1].is_done:
                token, future, size = waiting[0]
                if future.exception is None:
                    self._reports.append(Delivered(token, topic, future.value.offset))
                    self.appended_ms = future.value.timestamp
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


def too_large(size: int) -> Rejected:
    """Why a message of this size is not sent."""
    return Rejected(reason=Reason.TOO_LARGE, detail=f"the message has {size:,} bytes, {MAX_MESSAGE_BYTES:,} is the most")


def _not_taken(exc: BaseException, size: int) -> Rejected:
    if isinstance(exc, _TOO_LARGE):
        return too_large(size)
    return Rejected(reason=Reason.NOT_SENT, detail=f"the broker refused the message: {exc}")


def _idempotent_producer(settings: Settings, linger_ms: int, delivery_timeout_ms: int) -> KafkaProducer:
    return KafkaProducer(
        **kafka_options(settings),
        enable_idempotence=True,
        acks="all",
        linger_ms=linger_ms,
        batch_size=262_144,
        max_request_size=MAX_MESSAGE_BYTES + 65_536,
        max_block_ms=5_000,
        delivery_timeout_ms=delivery_timeout_ms,
        request_timeout_ms=min(30_000, delivery_timeout_ms - 1000),
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
