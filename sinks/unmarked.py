"""Finds a transaction that the broker decided and never marked (KAFKA-20734) when its writer starts, and ends it as it was decided.

Such a transaction stays open in the log. Readers see neither its records nor any record after them, until the writer ends its next
transaction in that partition. Opening the producer ends what its predecessor had open. So a transaction that is open after that is of
this kind, provided that nobody else writes. The lanes do the same for their many partitions; the rule of both: schemas/unmarked.py.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, TransactionalIdNotFoundError

from mekong.schemas.connect import kafka_options
from mekong.schemas.settings import Settings
from mekong.schemas.unmarked import is_committed, left, stays_open

_RETRY_S = 0.05

log = logging.getLogger(__name__)


def was_committed(admin: KafkaAdminClient, transactional_id: str, within_s: float) -> bool:
    """Whether the last transaction of an id was committed. To be asked before a producer of it is opened. Raises KafkaError."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return is_committed(admin.describe_transactions([transactional_id])[transactional_id].state.value)
        except TransactionalIdNotFoundError:
            return False
        except KafkaError as exc:  # its coordinator moves, or loads
            if not exc.retriable or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_S)


def led(admin: KafkaAdminClient, is_of: Callable[[str], bool]) -> list[TopicPartition]:
    """The partitions of some topics, without those that have no leader: no question about them would be answered. Raises KafkaError."""
    return [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in admin.describe_topics()
        if is_of(topic["name"])
        for partition in topic["partitions"]
        if partition["leader_id"] >= 0
    ]


def end_unmarked(
    settings: Settings,
    mark: Callable[[Iterable[TopicPartition]], None],
    places: Sequence[TopicPartition],
    *,
    commit: bool,
    within_s: float,
) -> None:
    """End what is open in ``places`` by ``mark``, which writes the markers of an empty transaction. Raises Fatal, KafkaError.

    The first is the writer's alone, and must not stay open. In the others somebody else may have something open: there it does no harm.
    """
    options = {**kafka_options(settings), "enable_auto_commit": False, "metrics_enabled": False}
    stable, last = (KafkaConsumer(**options, isolation_level=level) for level in ("read_committed", "read_uncommitted"))
    try:
        if not (found := _stuck(stable, last, places)):
            return
        log.warning(left(found[0].topic, len(found), commit=commit))
        mark(found)
        deadline = time.monotonic() + within_s
        while _open(stable, last, places[:1]):  # the broker answers before it writes the marker
            if time.monotonic() > deadline:
                raise stays_open(*places[0])
            time.sleep(_RETRY_S)
    finally:
        stable.close()
        last.close()


def _stuck(stable: KafkaConsumer, last: KafkaConsumer, places: Sequence[TopicPartition]) -> list[TopicPartition]:
    """Those that are open, and where nothing is being committed: a topic that somebody writes to now moves on."""
    found = _open(stable, last, places)
    if not found:
        return []
    before = stable.end_offsets(found)
    time.sleep(_RETRY_S)
    after = stable.end_offsets(found)
    return [place for place in _open(stable, last, found) if place == places[0] or before[place] == after[place]]


def _open(stable: KafkaConsumer, last: KafkaConsumer, places: Sequence[TopicPartition]) -> list[TopicPartition]:
    """The partitions that have records which are neither committed nor aborted."""
    ends = stable.end_offsets(places)  # first: what is committed in between counts as open, and is harmless
    return [place for place, end in last.end_offsets(places).items() if ends[place] < end]
