"""Reads subscriptions, notifications and deliveries from Kafka for the notifier, and writes each delivery once.

``Recorder`` is opened before the deliveries are read. It fences off a notifier that is still alive or paused, so nobody else can add
deliveries after they are read. It also ends a transaction that was left without a marker, so that everything can be read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from kafka import TopicPartition
from kafka.errors import KafkaError

from mekong.schemas.errors import Fatal
from mekong.schemas.notifications import Delivery
from mekong.schemas.patience import Patience
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Subscription
from mekong.schemas.times import from_ms
from mekong.schemas.topics import DELIVERIES, NOTIFICATIONS, SUBSCRIPTIONS
from mekong.schemas.wire import decode, encode
from mekong.sinks.delivery.pending import StoredNotification
from mekong.sinks.reading import reader
from mekong.sinks.transactions import end, open_producer

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=30)
"""What was raised earlier is not sent any more."""
_DELIVERED_WITHIN = LOOK_BACK + timedelta(days=1)
"""What is younger was delivered in this time, if it was; a day for clocks that differ."""
_TRANSACTIONAL_ID = "mekong-notify"
_WITHIN_S = 30.0
_CLOSE_S = 5.0


class Deleted(NamedTuple):
    """A subscription whose record was deleted."""

    id: str
    at: datetime


class News(NamedTuple):
    """What was read, in the order of each topic."""

    subscriptions: list[Subscription | Deleted]
    notifications: list[StoredNotification]
    deliveries: list[Delivery]


class Recorder:
    """Writes deliveries, a transaction for all that wait. For one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        """Fence off any other notifier of this deployment. Raises Fatal."""
        with _failures("open the log of deliveries"):
            self._producer = open_producer(settings, _TRANSACTIONAL_ID, DELIVERIES, _WITHIN_S)

    def record(self, deliveries: Iterable[Delivery]) -> None:
        """Write the deliveries, and return when all of them are committed.

        Raises Fatal when another notifier has taken over, when Kafka is away, or when the outcome is unknown. The process ends then. The
        next one opens another producer, so nothing arrives late, and reads what was recorded.
        """
        with _failures("record deliveries"):
            self._producer.begin_transaction()
            sent = [self._producer.send(DELIVERIES.name, encode(one), key=one.subscription.encode()) for one in deliveries]
            for future in sent:
                future.get(_WITHIN_S)  # kafka-python commits a transaction without a record that it gave up, and says nothing
            end(self._producer, commit=True, within_s=_WITHIN_S)

    def close(self) -> None:
        """Close the producer. A delivery that is being written is discarded: nobody got a confirmation of it."""
        with suppress(KafkaError):
            self._producer.close(timeout=_CLOSE_S)


class Reader:
    """Follows the three topics. For one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        """Start at the first subscription, and at the notifications and deliveries of the last 31 days. Raises Fatal."""
        with _failures("read notifications"):
            self._consumer = reader(settings)
            tps = [TopicPartition(topic.name, 0) for topic in (SUBSCRIPTIONS, NOTIFICATIONS, DELIVERIES)]
            self._consumer.assign(tps)
            self._consumer.seek_to_beginning(tps[0])
            since_ms = int((time.time() - _DELIVERED_WITHIN.total_seconds()) * 1_000)
            self._ends = self._consumer.end_offsets(tps)
            self._patience = Patience("read notifications")
            for tp, found in self._consumer.offsets_for_times(dict.fromkeys(tps[1:], since_ms)).items():
                self._consumer.seek(tp, found.offset if found else self._ends[tp])

    def is_behind(self) -> bool:
        """Whether records that existed at the start are still to be read. Raises Fatal, or Retriable when none of them arrive any more."""
        with _failures("ask for the place in the notifications"):
            places = {tp: self._consumer.position(tp) for tp in self._ends}
        is_behind = any(place is None or place < self._ends[tp] for tp, place in places.items())
        if is_behind:
            self._patience.look(places)
        return is_behind

    def forget_deliveries(self) -> None:
        """Read no further deliveries: from here on all of them are the recorder's own."""
        self._consumer.pause(TopicPartition(DELIVERIES.name, 0))

    def poll(self, timeout_s: float) -> News:
        """The records that have arrived, after a wait of at most ``timeout_s``. A value that is not a record is logged and ignored."""
        news = News([], [], [])
        with _failures("read notifications"):
            found = self._consumer.poll(timeout_ms=int(timeout_s * 1_000))
        for records in found.values():
            for record in records:
                try:
                    _sort(record, news)
                except ValueError as exc:
                    log.error("%s/%d is not a record: %s", record.topic, record.offset, exc)  # noqa: TRY400 - the data's fault, not ours
        return news

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()


def _sort(record: Any, news: News) -> None:
    value = record.value or b""
    if record.topic == SUBSCRIPTIONS.name:
        deleted = Deleted((record.key or b"").decode(), from_ms(record.timestamp))
        news.subscriptions.append(decode(value, Subscription) if value else deleted)
    elif record.topic == NOTIFICATIONS.name:
        news.notifications.append(decode(value, StoredNotification).model_copy(update={"offset": record.offset}))
    else:
        news.deliveries.append(decode(value, Delivery))


@contextmanager
def _failures(doing: str) -> Iterator[None]:
    try:
        yield
    except KafkaError as exc:
        raise Fatal(f"cannot {doing}: {exc!r}") from exc
