"""Reads one notification by its offset, and writes one answer, for the page of answers. Blocks; for one reading and one writing thread.

Nothing is kept here: a link names the offset, so the page reads the one record it shows.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError

from mekong.schemas.errors import Retriable
from mekong.schemas.notifications import Notification
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Answer
from mekong.schemas.topics import ANSWERS, NOTIFICATIONS
from mekong.schemas.wire import decode, encode
from mekong.sinks.delivery.links import AnswerTarget
from mekong.sinks.reading import reader
from mekong.sinks.recording import recording_producer

WITHIN_S = 8.0
_POLL_MS = 500
_CLOSE_S = 2
_FETCH_BYTES = 65_536
_TP = TopicPartition(NOTIFICATIONS.name, 0)


class NotificationReader:
    """Reads notifications one by one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: Any = None

    def notification(self, place: AnswerTarget) -> Notification | None:
        """The notification at a place. None when another record is there now. Raises Retriable when Kafka does not answer."""
        try:
            raw = self._read(place.offset)
        except KafkaError as exc:
            self.close()
            raise Retriable(f"cannot read a notification: {exc!r}") from exc
        try:
            found = decode(raw, Notification)
        except ValueError:
            return None
        meant = found.notification_id == place.notification_id and found.subscription == place.subscription
        return found if meant else None

    def close(self) -> None:
        """Leave; the next reading connects again."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with suppress(KafkaError):
                consumer.close(timeout_ms=_CLOSE_S * 1_000)

    def _read(self, offset: int) -> bytes:
        """The value at an offset. Empty when the topic begins after the offset or ends before it."""
        if self._consumer is None:
            self._consumer = reader(self._settings, max_partition_fetch_bytes=_FETCH_BYTES)
            self._consumer.assign([_TP])
        self._consumer.seek(_TP, offset)
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            for record in self._consumer.poll(timeout_ms=_POLL_MS, max_records=1).get(_TP, ()):
                return record.value or b"" if record.offset == offset else b""
        self.close()
        raise Retriable("no notification came in time")


class AnswerWriter:
    """Writes answers one by one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None

    def record(self, answer: Answer) -> int:
        """Return its offset when it is acknowledged by all replicas.

        Raises Retriable when that is not certain: to write it again does no harm.
        """
        try:
            self._producer = self._producer or recording_producer(self._settings, WITHIN_S)
            sent = self._producer.send(ANSWERS.name, encode(answer), key=answer.subscription.encode(), partition=0)
            return int(sent.get(WITHIN_S).offset)
        except KafkaError as exc:
            self.close()
            raise Retriable(f"cannot record an answer: {exc!r}") from exc

    def close(self) -> None:
        """Close the producer; the next answer connects again. An answer that is being sent is discarded: it was confirmed to nobody."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError):
                producer.close(timeout=_CLOSE_S)
