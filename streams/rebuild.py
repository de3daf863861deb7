"""The journal in, a lost state out: ``mekong rebuild intake|watch``. Nothing is written to any topic but the state's own.

The position that belongs to the state is read off the outputs, which were written in the same transactions: of intake the
newest source offset in journal and receipts, of watch the newest tick in counts and buckets.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ProducerFenced

from schemas import wire
from schemas.errors import Retriable
from schemas.settings import Settings
from schemas.topics import BUCKETS, COUNTS, JOURNAL, LANES, lane_of, receipts_of
from streams.app import Plan, connection, sources_of
from streams.core.counts.fold import fold as fold_counts
from streams.core.draft import Draft
from streams.core.intake.restore import restore
from streams.lanes import Lane

log = logging.getLogger(__name__)

Rebuilt = tuple[dict[bytes, bytes], dict[TopicPartition, int]]
"""State and positions."""


def rebuild(plan: Plan, settings: Settings) -> Mapping[int, int]:
    """Rebuild every lane of a plan; keys of state by lane. Raises Retriable when a running worker took a lane back."""
    return asyncio.run(_rebuild(plan, connection(settings)))


async def _rebuild(plan: Plan, options: Mapping[str, Any]) -> Mapping[int, int]:
    sources = await sources_of(plan, options)
    keys: dict[int, int] = {}
    for number in range(LANES):
        state, positions = await (_intake(number, sources, options) if plan.name == "intake" else _watch(number, options))
        lane = await Lane(number, TopicPartition(plan.state, number), f"{plan.name}-{number}", options).open()
        try:
            await lane.replace(state, positions)
        except ProducerFenced as exc:
            raise Retriable(f"lane {number} of {plan.name} was taken back by a running worker: stop the workers first", 1.0) from exc
        finally:
            await lane.close()
        keys[number] = len(state)
        log.info("lane %d of %s: %d keys", number, plan.name, len(state))
    return keys


async def _intake(number: int, sources: frozenset[str], options: Mapping[str, Any]) -> Rebuilt:
    state: dict[bytes, bytes] = {}
    changes: dict[bytes, bytes | None] = {}
    draft = Draft(state, changes)
    positions: dict[TopicPartition, int] = {}
    async for record in committed(TopicPartition(JOURNAL.name, number), options):
        entry = wire.load(record.value)
        restore(draft, entry)
        draft.begin()
        _advance(positions, entry["source"]["topic"], entry["source"]["offset"])
    for topic in sorted(sources):
        if lane_of(topic) == number:
            async for record in committed(TopicPartition(receipts_of(topic), 0), options):
                receipt = wire.load(record.value)
                _advance(positions, receipt["source_topic"], receipt["source_offset"])
    return {key: value for key, value in changes.items() if value is not None}, positions


async def _watch(number: int, options: Mapping[str, Any]) -> Rebuilt:
    told = -1
    for topic in (COUNTS, BUCKETS):
        async for record in committed(TopicPartition(topic.name, number), options):
            told = max(told, wire.load(record.value)["tick_offset"])
    source = TopicPartition(JOURNAL.name, number)
    changes: dict[bytes, bytes | None] = {}
    async for record in committed(source, options):
        if record.offset > told:
            break
        for _ in fold_counts(Draft({}, changes), [record]):
            pass  # told already
    return {key: value for key, value in changes.items() if value is not None}, {source: told + 1} if told >= 0 else {}


async def committed(source: TopicPartition, options: Mapping[str, Any]) -> AsyncIterator[Any]:
    """Every committed record of a partition up to its end now."""
    reader = AIOKafkaConsumer(**options, isolation_level="read_committed", enable_auto_commit=False, max_poll_records=5_000)
    await reader.start()
    try:
        reader.assign([source])
        await reader.seek_to_beginning(source)
        end = (await reader.end_offsets([source]))[source]
        while await reader.position(source) < end:
            for record in (await reader.getmany(timeout_ms=200)).get(source, ()):
                yield record
    finally:
        await reader.stop()


def _advance(positions: dict[TopicPartition, int], topic: str, offset: int) -> None:
    source = TopicPartition(topic, 0)
    positions[source] = max(positions.get(source, 0), offset + 1)
