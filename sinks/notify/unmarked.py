"""A transaction that the broker called over and never marked (KAFKA-20734): found when its writer begins, and given up.

What it holds stays open in the log, unseen, and so does all behind it, until the writer's next commit would make it visible beside what
was done again in its place. Opening the producer has ended what its predecessor had open; so what is open then is of this kind, where
nobody else writes. The lanes do the same for their many partitions.
"""

from __future__ import annotations

import logging
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from schemas.connect import kafka_options
from schemas.errors import Fatal
from schemas.settings import Settings

WITHIN_S = 10.0
"""An abort is answered before its marker is written."""
_RETRY_S = 0.05

log = logging.getLogger(__name__)


def give_up(settings: Settings, producer: KafkaProducer, place: TopicPartition) -> None:
    """Abort what ``producer``'s predecessors left open in their only partition, if anything. Raises Fatal when it stays open.

    Raises KafkaError too. The marker of an empty transaction ends it.
    """
    options = {**kafka_options(settings), "enable_auto_commit": False, "metrics_enabled": False}
    stable, last = (KafkaConsumer(**options, isolation_level=level) for level in ("read_committed", "read_uncommitted"))
    try:
        if not _is_open(stable, last, place):
            return
        log.warning("%s: a transaction was left without its marker: it is given up", place.topic)
        producer.begin_transaction()
        producer.send(place.topic, key=b"", value=b"", partition=place.partition).get(WITHIN_S)
        producer.abort_transaction()
        deadline = time.monotonic() + WITHIN_S
        while _is_open(stable, last, place):
            if time.monotonic() > deadline:
                raise Fatal(f"{place.topic}/{place.partition}: a transaction is open that its writer cannot end")
            time.sleep(_RETRY_S)
    finally:
        stable.close()
        last.close()


def _is_open(stable: KafkaConsumer, last: KafkaConsumer, place: TopicPartition) -> bool:
    """Whether a partition has records that are neither committed nor given up."""
    end: int = stable.end_offsets([place])[place]  # first: what is committed in between counts as open, and is harmless
    return end < int(last.end_offsets([place])[place])
