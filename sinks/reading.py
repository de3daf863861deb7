"""Makes a reader of committed records without a group, and reads all records of a topic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from mekong.schemas.upto import up_to

_WAIT_MS = 500
_POLL_MS = 300


class NoTopic(Refused):
    """The topic is not there."""


def reader(settings: Settings, **more: Any) -> KafkaConsumer:
    """Not yet assigned to anything. ``more`` is passed on to the client. Raises KafkaError when no broker answers."""
    return KafkaConsumer(
        **kafka_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        fetch_max_wait_ms=_WAIT_MS,
        metrics_enabled=False,
        **more,
    )


def read_topic(
    settings: Settings, topic: str, *, partitions: Iterable[int] | None = None, since: datetime | None = None, on: bool = False
) -> Iterator[list[Any]]:
    """Every committed record of a topic up to its end at this moment, in lists as they arrive, in the order of each partition.

    ``partitions``: only these, without a check that the topic exists. ``since``: only what was written from then on. ``on``: also what is
    written later, without an end. Raises NoTopic, Retriable when nothing arrives any more, KafkaError.
    """
    consumer = reader(settings)
    try:
        tps = [TopicPartition(topic, number) for number in partitions or sorted(consumer.partitions_for_topic(topic) or ())]
        if not tps:
            raise NoTopic(f"the topic {topic} does not exist here: `mekong topics --create` makes it")
        consumer.assign(tps)
        begins = consumer.offsets_for_times(dict.fromkeys(tps, int(since.timestamp() * 1_000))) if since else {}
        ends = consumer.end_offsets(tps)
        for tp in tps:
            if since is None:
                consumer.seek_to_beginning(tp)
            else:
                consumer.seek(tp, begins[tp].offset if begins[tp] else ends[tp])
        for polled in _for_ever(consumer) if on else up_to(consumer, ends, f"read {topic}"):
            yield from polled.values()
    finally:
        consumer.close()


def _for_ever(consumer: KafkaConsumer) -> Iterator[Any]:
    while True:
        yield consumer.poll(_POLL_MS)
