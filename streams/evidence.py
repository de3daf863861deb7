"""Finds out whether a lane without state has published something before. If it has, its state was lost.

The group's commit shows this too (``mekong.streams.sources.start_of``), but Kafka deletes the commit 7 days after the last member has
left. After an outage of a week, the lane would publish everything again. The outputs are kept for as long as they matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from mekong.streams.stored import stored

IsIts = Callable[[bytes], bool]
"""Whether this worker wrote a record, and not another worker that writes to the same topic."""


async def has_published(places: Iterable[TopicPartition], is_its: IsIts | None, options: Mapping[str, Any]) -> bool:
    """Whether any of ``places`` has a committed record of this worker. It does not read partitions that were never written to."""
    for place in await _written(list(places), options):
        try:
            async with aclosing(stored(options, place)) as batches:
                async for records in batches:
                    if any(is_its is None or is_its(record.value) for record in records):
                        return True
        except TopicAuthorizationFailedError:  # it may write there and not read: count what was written as its own
            return True
    return False


async def _written(places: list[TopicPartition], options: Mapping[str, Any]) -> list[TopicPartition]:
    """The partitions whose log has an end above 0. To ask for this, the right to write is enough."""
    if not places:  # no member yet. A client of aiokafka that is stopped as soon as it has started raises CancelledError
        return []
    asker = AIOKafkaConsumer(**options)
    await asker.start()
    try:
        ends = await asker.end_offsets(places)
    finally:
        await asker.stop()
    return [place for place in places if ends[place] > 0]
