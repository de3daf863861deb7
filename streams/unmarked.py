"""Ends a transaction that the broker reported as ended without writing its markers (KAFKA-20734), in the way it was decided.

Kafka 4.1 to 4.3 leaves a marker out when a partition has no leader at this moment: while a broker stops or starts. The records without a
marker stay open in the log, and readers do not see them. The next end of a transaction of the same lane commits or aborts them.

A lane's state partition is in each of its transactions, and opening the producer ends every transaction that its predecessor had open. So
a transaction that is still open there afterwards has no marker. Some of its partitions may have their marker, and its lane may have been
told that the transaction is committed. So it is committed in the other partitions too, when its coordinator reports that it was committed.
The rule, which other writers share: schemas/unmarked.py.
"""

from __future__ import annotations

import asyncio
import logging

from aiokafka import TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from mekong.schemas.topics import is_ours
from mekong.schemas.unmarked import left, stays_open
from mekong.streams.producer import Producer
from mekong.streams.stored import READ_COMMITTED, READ_UNCOMMITTED, RETRY_S, end_of

LOOKS = 200  # of RETRY_S each: an abort is answered before its markers are written

log = logging.getLogger(__name__)


async def end_unmarked(producer: Producer, state: TopicPartition) -> None:
    """End the transaction that the lane of ``producer`` left open, if there is one. Raises Fatal when it stays open.

    The marker of an empty transaction ends it. The partitions of the open transaction are not known. So each partition of the exchange's
    own topics that has open records gets a marker. The state partition is last, because the next opening checks this partition. When the
    open records belong to another producer, the marker does no harm. A partition that the lane may not write to has no records of it.
    """
    if not await _is_open(producer, state):
        return
    topics = (await producer.client.fetch_all_metadata()).topics()
    ours = [name for name in sorted(topics) if name == state.topic or is_ours(name)]
    seen = [TopicPartition(name, number) for name in ours for number in sorted(await producer.partitions_for(name))]
    places = [place for place in seen if place != state and await _is_open(producer, place)]
    log.warning(left(state.topic, len(places) + 1, commit=producer.after_a_commit))
    for place in [*places, state]:
        try:
            await producer.end_in(place, commit=producer.after_a_commit)
        except TopicAuthorizationFailedError:
            log.info("%s: this lane may not write to it", place.topic)
    for _ in range(LOOKS):
        if not await _is_open(producer, state):
            return
        await asyncio.sleep(RETRY_S)
    raise stays_open(*state)


async def _is_open(producer: Producer, place: TopicPartition) -> bool:
    """Whether a partition has records that are neither committed nor aborted."""
    await producer.partitions_for(place.topic)  # after this the client knows its leader
    stable = await end_of(producer.client, place, READ_COMMITTED)  # first: what is committed in between counts as open, and is harmless
    return stable < await end_of(producer.client, place, READ_UNCOMMITTED)
