"""A transaction that the broker called over and never marked (KAFKA-20734): found when its lane opens, and given up.

Kafka 4.1 to 4.3 leaves a marker out when a partition has no leader just then. What it stands for stays open in the log, unseen, until
the next commit of the same lane would make it visible beside what was done again in its place. A lane's state partition is in each of
its transactions, and opening the producer ends whatever its predecessor had open; so what is open there afterwards is of this kind.
"""

from __future__ import annotations

import asyncio
import logging

from aiokafka import AIOKafkaProducer, TopicPartition

from schemas.errors import Fatal
from streams.stored import READ_COMMITTED, READ_UNCOMMITTED, RETRY_S, end_of

LOOKS = 200  # of RETRY_S each: an abort is answered before its markers are written

log = logging.getLogger(__name__)


async def give_up(producer: AIOKafkaProducer, state: TopicPartition) -> None:
    """Abort what the lane of ``producer`` left open, if anything. Raises Fatal when it stays open.

    The marker of an empty transaction ends it. Which partitions it had is not known; where another has something open it does no harm.
    """
    if not await _is_open(producer, state):
        return
    topics = (await producer.client.fetch_all_metadata()).topics()
    ours = [name for name in sorted(topics) if not name.startswith("__")]
    seen = [TopicPartition(name, number) for name in ours for number in sorted(await producer.partitions_for(name))]
    places = [place for place in seen if await _is_open(producer, place)]
    log.warning("%s: a transaction was left without its marker: it is given up, in %d partitions", state.topic, len(places))
    await producer.begin_transaction()
    for place in places:
        await producer.send_and_wait(place.topic, key=b"", value=b"", partition=place.partition)
    await producer.abort_transaction()
    for _ in range(LOOKS):
        if not await _is_open(producer, state):
            return
        await asyncio.sleep(RETRY_S)
    raise Fatal(f"{state.topic}/{state.partition}: a transaction is open that its writer cannot end")


async def _is_open(producer: AIOKafkaProducer, place: TopicPartition) -> bool:
    """Whether a partition has records that are neither committed nor given up."""
    await producer.partitions_for(place.topic)  # its leader is known then
    stable = await end_of(producer.client, place, READ_COMMITTED)  # first: what is committed in between counts as open, and is harmless
    return stable < await end_of(producer.client, place, READ_UNCOMMITTED)
