"""A transaction that the broker called over and never marked (KAFKA-20734): found when its lane opens, and given up.

Kafka 4.1 to 4.3 leaves a marker out when a partition has no leader just then. What it stands for stays open in the log, unseen, until
the next commit of the same lane would make it visible beside what was done again in its place. A lane's state partition is in each of
its transactions, and opening the producer ends whatever its predecessor had open; so what is open there afterwards is of this kind.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas.errors import Fatal

log = logging.getLogger(__name__)


async def give_up(producer: AIOKafkaProducer, connection: Mapping[str, Any], state: TopicPartition) -> None:
    """Abort what the lane of ``producer`` left open, if anything. Raises Fatal when it stays open.

    The marker of an empty transaction ends it. Which partitions it had is not known; where another has something open it does no harm.
    """
    if not await _open(connection, [state]):
        return
    places = await _open(connection, None)
    log.warning("%s: a transaction was left without its marker: it is given up, in %d partitions", state.topic, len(places))
    await producer.begin_transaction()
    for place in places:
        await producer.send_and_wait(place.topic, key=b"", value=b"", partition=place.partition)
    await producer.abort_transaction()
    if await _open(connection, [state]):
        raise Fatal(f"{state.topic}/{state.partition}: a transaction is open that its writer cannot end")


async def _open(connection: Mapping[str, Any], among: Iterable[TopicPartition] | None) -> list[TopicPartition]:
    """Partitions with records that are neither committed nor given up; of all that this user may see when ``among`` is None."""
    committed = AIOKafkaConsumer(**connection, isolation_level="read_committed", enable_auto_commit=False)
    written = AIOKafkaConsumer(**connection, enable_auto_commit=False)
    await committed.start()
    await written.start()
    try:
        if among is None:
            cluster = await written._client.fetch_all_metadata()  # noqa: SLF001 - its own `topics` tells no partitions
            topics = [name for name in cluster.topics() if not name.startswith("__")]
            among = [TopicPartition(name, number) for name in topics for number in cluster.partitions_for_topic(name) or ()]
        places = sorted(among)
        stable = await committed.end_offsets(places)  # before the others: what is committed in between counts as open, and is harmless
        ends = await written.end_offsets(places)
        return [place for place in places if stable[place] < ends[place]]
    finally:
        await committed.stop()
        await written.stop()
