"""Reads a topic of receipts or alerts with a connection of its own. Blocking: call it from a thread."""

from __future__ import annotations

import logging

from kafka import KafkaConsumer, TopicPartition

from mekong.producers.broker import reaching, reader
from mekong.producers.gateway.problem import Problem, away
from mekong.producers.gateway.shelf import Found
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.patience import Patience
from mekong.schemas.settings import Settings

log = logging.getLogger(__name__)

_POLL_MS = 200
_END_MS = 10_000
"""For the end of a topic. Kafka's client asks again and again for a topic that it may not see."""


def opened(settings: Settings, places: dict[TopicPartition, int]) -> KafkaConsumer:
    """A consumer of these partitions, each from an offset on. Raises an error of Kafka."""
    consumer = reader(settings)
    place_at(consumer, places)
    return consumer


def place_at(consumer: KafkaConsumer, places: dict[TopicPartition, int]) -> None:
    """Read these partitions and no others, each from an offset on."""
    consumer.assign(list(places))
    for tp, place in places.items():
        consumer.seek(tp, place)


def close(consumer: KafkaConsumer | None) -> None:
    """Close a connection, whatever happens to it."""
    try:
        if consumer:
            consumer.close()
    except Exception as exc:  # noqa: BLE001 - whatever it is: a new connection is opened
        log.warning("a connection that read receipts did not close: %s", type(exc).__name__)


def end_of(settings: Settings, topic: str) -> int:
    """The offset of the next record. Raises Problem (503), also for a topic that the gateway may not see."""
    tp = TopicPartition(topic, 0)
    try:
        with reaching(settings, f"find the end of {topic}"):
            consumer = opened(settings, {})
            try:
                return int(consumer.end_offsets([tp], timeout_ms=_END_MS)[tp])
            finally:
                close(consumer)
    except (Retriable, Fatal) as exc:
        log.warning("%s", exc)
        raise unread() from exc


def older(settings: Settings, topic: str, after: int, before: int, most: int) -> Found:
    """Receipts from ``after`` up to ``before``. Raises Problem (503)."""
    tp = TopicPartition(topic, 0)
    found: list[tuple[int, bytes]] = []
    try:
        with reaching(settings, "read receipts"):
            consumer = opened(settings, {tp: after})
            try:
                patience, position = Patience("read receipts"), after
                while len(found) < most and position < before:
                    records = consumer.poll(_POLL_MS).get(tp, [])
                    found += [(record.offset, record.value or b"") for record in records if record.offset < before]
                    position = int(consumer.position(tp))
                    patience.look(position)
            finally:
                consumer.close()
    except (Retriable, Fatal) as exc:
        log.warning("%s", exc)
        raise unread() from exc
    return Found(found[:most], found[most - 1][0] + 1 if len(found) >= most else before)


def unread() -> Problem:
    """Nobody can read now (503)."""
    return away("The exchange cannot read receipts now. Ask again.")
