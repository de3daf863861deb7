"""Kafka for the notifier: subscriptions, notifications and deliveries in; deliveries out, each once.

``Recorder`` is opened before the deliveries are read. It fences off a notifier that is still alive or paused, so nothing can be
added behind our back to what was read; and gives up what was left without a marker, so that all there is can be read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from schemas.connect import kafka_options
from schemas.errors import Fatal
from schemas.notifications import Delivery
from schemas.patience import Patience
from schemas.settings import Settings
from schemas.subscriptions import Subscription
from schemas.times import from_ms
from schemas.topics import DELIVERIES, NOTIFICATIONS, SUBSCRIPTIONS
from schemas.wire import decode, encode
from sinks.notify.ledger import Stored
from sinks.notify.reading import reader
from sinks.notify.unmarked import give_up

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=30)
_TRANSACTIONAL_ID = "mekong-notify"
_WITHIN_S = 30.0
_CLOSE_S = 5.0


class Deleted(NamedTuple):
    """A subscription whose record is gone."""

    id: str
    at: datetime


class News(NamedTuple):
    """What was read, in the order of each topic."""

    subscriptions: list[Subscription | Deleted]
    notifications: list[Stored]
    deliveries: list[Delivery]


class Recorder:
    """Writes deliveries, a transaction for all that wait. For one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        """Fence off any other notifier of this deployment. Raises Fatal."""
        with _failures("open the log of deliveries"):
            self._producer = KafkaProducer(
                **kafka_options(settings),
                transactional_id=_TRANSACTIONAL_ID,
                acks="all",
                linger_ms=0,
                delivery_timeout_ms=int(_WITHIN_S * 1_000),
                max_block_ms=int(_WITHIN_S * 1_000),
                request_timeout_ms=int(_WITHIN_S * 1_000) - 1_000,
            )
            self._producer.init_transactions()
            give_up(settings, self._producer, TopicPartition(DELIVERIES.name, 0))

    def record(self, deliveries: Iterable[Delivery]) -> None:
        """Return when all of them are committed. Raises Fatal: another notifier has taken over, or Kafka is away."""
        with _failures("record deliveries"):
            self._producer.begin_transaction()
            sent = [self._producer.send(DELIVERIES.name, encode(one), key=one.subscription.encode()) for one in deliveries]
            for future in sent:
                future.get(_WITHIN_S)  # kafka-python commits a transaction without a record that it gave up, and says nothing
            self._producer.commit_transaction()

    def close(self) -> None:
        """Leave. What is under way is given up: nobody was told that it is recorded."""
        with suppress(KafkaError):
            self._producer.close(timeout=_CLOSE_S)


class Reader:
    """Follows the three topics. For one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        """Stand at the first subscription, and at the notifications and deliveries of the last 30 days. Raises Fatal."""
        with _failures("read notifications"):
            self._consumer = reader(settings)
            tps = [TopicPartition(topic.name, 0) for topic in (SUBSCRIPTIONS, NOTIFICATIONS, DELIVERIES)]
            self._consumer.assign(tps)
            self._consumer.seek_to_beginning(tps[0])
            since_ms = int((time.time() - LOOK_BACK.total_seconds()) * 1_000)
            self._ends = self._consumer.end_offsets(tps)
            self._patience = Patience("read notifications")
            for tp, found in self._consumer.offsets_for_times(dict.fromkeys(tps[1:], since_ms)).items():
                self._consumer.seek(tp, found.offset if found else self._ends[tp])

    def is_behind(self) -> bool:
        """Whether something of what stood there when we began is still to be read. Raises Fatal, or Retriable when no more of it comes."""
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
        """What has come, waiting for the first at most ``timeout_s``. What is no record is passed over, and said."""
        news = News([], [], [])
        with _failures("read notifications"):
            found = self._consumer.poll(timeout_ms=int(timeout_s * 1_000))
        for records in found.values():
            for record in records:
                try:
                    _sort(record, news)
                except ValueError as exc:
                    log.error("%s/%d is no record: %s", record.topic, record.offset, exc)  # noqa: TRY400 - the data's fault, not ours
        return news

    def close(self) -> None:
        """Leave."""
        self._consumer.close()


def _sort(record: Any, news: News) -> None:
    value = record.value or b""
    if record.topic == SUBSCRIPTIONS.name:
        deleted = Deleted((record.key or b"").decode(), from_ms(record.timestamp))
        news.subscriptions.append(decode(value, Subscription) if value else deleted)
    elif record.topic == NOTIFICATIONS.name:
        news.notifications.append(decode(value, Stored).model_copy(update={"offset": record.offset}))
    else:
        news.deliveries.append(decode(value, Delivery))


@contextmanager
def _failures(doing: str) -> Iterator[None]:
    try:
        yield
    except KafkaError as exc:
        raise Fatal(f"cannot {doing}: {exc!r}") from exc
