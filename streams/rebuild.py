"""The journal in, a lost state out: ``mekong rebuild intake|watch|network``.

The position that belongs to the state is read off the outputs, which were written in the same transactions: of intake the newest
source offset in journal and receipts, of watch the newest entry that told something in counts, buckets or alerts. Nothing is told
twice. Network has no such offset: it takes the journal to its end, and tells what is newer than the newest alert there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ProducerFenced

from schemas import wire
from schemas.errors import Retriable
from schemas.settings import Settings
from schemas.topics import ALERTS, BUCKETS, COUNTS, JOURNAL, LANES, agency_of, lane_of, partition_of, receipts_of
from streams.app import Plan, connection, sources_of
from streams.core.counts.fold import fold as fold_counts
from streams.core.draft import Draft
from streams.core.intake.restore import restore
from streams.core.journal import read
from streams.core.spikes.clocks import Expected
from streams.core.spikes.fold import fold_agencies, fold_network
from streams.core.spikes.rules import Rules
from streams.lanes import Lane, Output, Outputs
from streams.rules import rules_of

AT_ONCE = 1_000  # records
log = logging.getLogger(__name__)


class Rebuilt(NamedTuple):
    """What a lane is given."""

    state: dict[bytes, bytes]
    positions: dict[TopicPartition, int]
    outputs: Outputs


class Ground(NamedTuple):
    """What the rebuilding of a lane stands on."""

    settings: Settings
    sources: frozenset[str]
    options: Mapping[str, Any]
    rules: Rules


def rebuild(plan: Plan, settings: Settings) -> Mapping[int, int]:
    """Rebuild every lane of a plan; keys of state by lane. Raises Retriable when a running worker took a lane back."""
    return asyncio.run(_rebuild(plan, settings))


async def _rebuild(plan: Plan, settings: Settings) -> Mapping[int, int]:
    options = connection(settings)
    ground = Ground(settings, await sources_of(plan.is_source, options), options, rules_of(settings))
    make, lanes = {"intake": (_intake, LANES), "watch": (_watch, LANES), "network": (_network, 1)}[plan.name]
    keys: dict[int, int] = {}
    for number in range(lanes):
        rebuilt = await make(number, ground)
        lane = await Lane(number, TopicPartition(plan.state, number), f"{plan.name}-{number}", options).open()
        try:
            await lane.replace(*rebuilt)
        except ProducerFenced as exc:
            raise Retriable(f"lane {number} of {plan.name} was taken back by a running worker: stop the workers first", 1.0) from exc
        finally:
            await lane.close()
        keys[number] = len(rebuilt.state)
        log.info("lane %d of %s: %d keys", number, plan.name, len(rebuilt.state))
    return keys


async def _intake(number: int, ground: Ground) -> Rebuilt:
    state: dict[bytes, bytes] = {}
    changes: dict[bytes, bytes | None] = {}
    draft = Draft(state, changes)
    positions: dict[TopicPartition, int] = {}
    async for record in committed(TopicPartition(JOURNAL.name, number), ground.options):
        entry = wire.load(record.value)
        restore(draft, entry)
        draft.begin()
        _advance(positions, entry["source"]["topic"], entry["source"]["offset"])
    for topic in sorted(ground.sources):
        if lane_of(topic) == number:
            async for record in committed(TopicPartition(receipts_of(topic), 0), ground.options):
                receipt = wire.load(record.value)
                _advance(positions, receipt["source_topic"], receipt["source_offset"])
    return Rebuilt(_kept(changes), positions, {})


async def _watch(number: int, ground: Ground) -> Rebuilt:
    told = -1
    for topic, field in ((COUNTS, "tick_offset"), (BUCKETS, "tick_offset"), (ALERTS, "journal_offset")):
        async for record in committed(TopicPartition(topic.name, number), ground.options):
            told = max(told, wire.load(record.value).get(field, -1))
    source = TopicPartition(JOURNAL.name, number)
    changes: dict[bytes, bytes | None] = {}
    async for records in in_parts(source, told + 1, ground.options):
        draft, entries = Draft({}, changes), read(records)
        for _ in (*fold_counts(draft, entries), *fold_agencies(draft, entries, ground.rules)):
            pass  # told already
    return Rebuilt(_kept(changes), {source: told + 1} if told >= 0 else {}, {})


async def _network(_: int, ground: Ground) -> Rebuilt:
    newest = await _newest_told(ground.options)
    expected = await expected_of(ground.settings, ground.options)
    changes: dict[bytes, bytes | None] = {}
    positions: dict[TopicPartition, int] = {}
    outputs: Outputs = {}
    for number in range(LANES):
        source = TopicPartition(JOURNAL.name, number)
        async for records in in_parts(source, None, ground.options):
            for alert in fold_network(Draft({}, changes), read(records), number, expected, ground.rules):
                if newest is None or alert.raised_at > newest:
                    rows = outputs.setdefault((ALERTS.name, partition_of(alert.series)), [])
                    rows.append(Output(alert.series.encode(), wire.encode(alert)))
            positions[source] = records[-1].offset + 1
    return Rebuilt(_kept(changes), positions, outputs)


async def _newest_told(options: Mapping[str, Any]) -> datetime | None:
    """When the newest alert over all members was raised; None when there is none."""
    newest: datetime | None = None
    for number in range(LANES):
        async for record in committed(TopicPartition(ALERTS.name, number), options):
            alert = wire.load(record.value)
            if alert["network"]:
                raised_at = datetime.fromisoformat(alert["raised_at"])
                newest = max(newest or raised_at, raised_at)
    return newest


def _kept(changes: Mapping[bytes, bytes | None]) -> dict[bytes, bytes]:
    return {key: value for key, value in changes.items() if value is not None}


async def in_parts(source: TopicPartition, position: int | None, options: Mapping[str, Any]) -> AsyncGenerator[list[Any], None]:
    """The committed records of a partition, or those before ``position``, up to ``AT_ONCE`` at a time."""
    part: list[Any] = []
    async with aclosing(committed(source, options)) as records:
        async for record in records:
            if position is not None and record.offset >= position:
                break
            part.append(record)
            if len(part) == AT_ONCE:
                yield part
                part = []
    if part:
        yield part


async def committed(source: TopicPartition, options: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
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


async def expected_of(settings: Settings, options: Mapping[str, Any]) -> Expected:
    """Whom the network waits for: partitions that hold entries, and where a replay is the clock every agency that has a topic."""
    partitions = await filled(JOURNAL.name, options)
    if settings.clock_is_on():
        return Expected(partitions)
    topics = await sources_of(lambda topic: agency_of(topic) is not None, options)
    return Expected(partitions, {agency for topic in topics if (agency := agency_of(topic))}, is_replay=True)


async def filled(topic: str, options: Mapping[str, Any]) -> set[int]:
    """The partitions of a topic that hold a committed record."""

    async def first(partition: int) -> Any | None:
        async with aclosing(committed(TopicPartition(topic, partition), options)) as records:
            return await anext(records, None)

    found = await asyncio.gather(*(first(partition) for partition in range(LANES)))
    return {partition for partition, record in enumerate(found) if record is not None}


def _advance(positions: dict[TopicPartition, int], topic: str, offset: int) -> None:
    source = TopicPartition(topic, 0)
    positions[source] = max(positions.get(source, 0), offset + 1)
