"""Finds the partitions and agencies that network waits for before it judges a day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from aiokafka import TopicPartition

from mekong.schemas.settings import Settings
from mekong.schemas.topics import JOURNAL, LANES, agency_of
from mekong.streams.app import sources_of
from mekong.streams.core.spikes.network.clocks import Expected
from mekong.streams.stored import stored


async def expected_of(settings: Settings, options: Mapping[str, Any]) -> Expected:
    """The partitions of the journal that have entries; and, when a replay is the clock, every agency that has a topic."""
    found = await asyncio.gather(*(_holds_a_record(TopicPartition(JOURNAL.name, number), options) for number in range(LANES)))
    partitions = {number for number, holds in enumerate(found) if holds}
    if settings.clock_is_on():
        return Expected(partitions)
    topics = await sources_of(lambda topic: agency_of(topic) is not None, options)
    return Expected(partitions, {agency for topic in topics if (agency := agency_of(topic))}, is_replay=True)


async def _holds_a_record(source: TopicPartition, options: Mapping[str, Any]) -> bool:
    async with aclosing(stored(options, source)) as batches:
        async for records in batches:
            if records:
                return True
    return False
