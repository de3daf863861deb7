"""The journal in, a lost state out: ``mekong rebuild intake|watch|network``.

The position that belongs to the state is read off the outputs, which were written in the same transactions: of intake the newest
source offset in journal and receipts, of watch the newest entry that told something in counts, buckets or alerts; or it is the group's
commit, which follows the position, when what told nothing stands between. Nothing is told twice. Network has no such offset: it takes
the journal to its end, and tells what is newer than the newest alert there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import ProducerFenced

from schemas import wire
from schemas.errors import Retriable
from schemas.settings import Settings
from schemas.topics import ALERTS, BUCKETS, COUNTS, JOURNAL, LANES, lane_of, receipts_of
from streams.app import Plan, connection, sources_of
from streams.core.draft import Draft
from streams.core.intake.restore import restore
from streams.core.journal import read
from streams.core.spikes.fold import fold_network
from streams.core.spikes.rules import Rules
from streams.core.watch import fold as watched
from streams.expected import expected_of
from streams.lanes import Lane, Outputs
from streams.rules import rules_of
from streams.stored import stored
from streams.told import put_alerts

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
    reached: Mapping[TopicPartition, int]
    """The group's commit of each source."""


def rebuild(plan: Plan, settings: Settings) -> Mapping[int, int]:
    """Rebuild every lane of a plan; keys of state by lane. Raises Retriable when a running worker took a lane back."""
    return asyncio.run(_rebuild(plan, settings))


async def _rebuild(plan: Plan, settings: Settings) -> Mapping[int, int]:
    options = connection(settings)
    sources, rules = await sources_of(plan.is_source, options), rules_of(settings)
    make, lanes = {"intake": (_intake, LANES), "watch": (_watch, LANES), "network": (_network, 1)}[plan.name]
    keys: dict[int, int] = {}
    for number in range(lanes):
        lane = await Lane(number, TopicPartition(plan.state, number), f"{plan.name}-{number}", options).open()  # from here on nobody writes
        try:
            rebuilt = await make(number, Ground(settings, sources, options, rules, await reached(plan.name, options)))
            await lane.forget_positions()
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
    async for entry in _values(TopicPartition(JOURNAL.name, number), ground.options):
        restore(draft, entry)
        draft.begin()
        _advance(positions, entry["source"]["topic"], entry["source"]["offset"])
    for topic in sorted(ground.sources):
        if lane_of(topic) == number:
            async for receipt in _values(TopicPartition(receipts_of(topic), 0), ground.options):
                _advance(positions, receipt["source_topic"], receipt["source_offset"])
            _advance(positions, topic, ground.reached.get(TopicPartition(topic, 0), 0) - 1)
    return Rebuilt(kept(changes), positions, {})


async def _watch(number: int, ground: Ground) -> Rebuilt:
    told = -1
    for topic, field in ((COUNTS, "tick_offset"), (BUCKETS, "tick_offset"), (ALERTS, "journal_offset")):
        async for value in _values(TopicPartition(topic.name, number), ground.options):
            told = max(told, value.get(field, -1))
    source = TopicPartition(JOURNAL.name, number)
    position = max(told + 1, ground.reached.get(source, 0))
    changes: dict[bytes, bytes | None] = {}
    async for records in in_parts(source, position, ground.options):
        for _ in watched(Draft({}, changes), read(records), ground.rules):
            pass  # told already
    return Rebuilt(kept(changes), {source: position} if position else {}, {})


async def _network(_: int, ground: Ground) -> Rebuilt:
    newest = await _newest_told(ground.options)
    expected = await expected_of(ground.settings, ground.options)
    changes: dict[bytes, bytes | None] = {}
    positions: dict[TopicPartition, int] = {}
    outputs: Outputs = {}
    for number in range(LANES):
        source = TopicPartition(JOURNAL.name, number)
        async for records in in_parts(source, None, ground.options):
            found = fold_network(Draft({}, changes), read(records), number, expected, ground.rules)
            put_alerts(outputs, [alert for alert in found if newest is None or alert.raised_at > newest])
            positions[source] = records[-1].offset + 1
    return Rebuilt(kept(changes), positions, outputs)


async def reached(group: str, options: Mapping[str, Any]) -> Mapping[TopicPartition, int]:
    """The group's commit of each source it has one of."""
    admin = AIOKafkaAdminClient(**options)
    await admin.start()
    try:
        return {source: at.offset for source, at in (await admin.list_consumer_group_offsets(group)).items() if at.offset >= 0}
    finally:
        await admin.close()


async def _newest_told(options: Mapping[str, Any]) -> datetime | None:
    """When the newest alert over all members was raised; None when there is none."""
    newest: datetime | None = None
    for number in range(LANES):
        async for alert in _values(TopicPartition(ALERTS.name, number), options):
            if alert["network"]:
                raised_at = datetime.fromisoformat(alert["raised_at"])
                newest = max(newest or raised_at, raised_at)
    return newest


def kept(changes: Mapping[bytes, bytes | None]) -> dict[bytes, bytes]:
    """The changes of a state that began with nothing, as a state."""
    return {key: value for key, value in changes.items() if value is not None}


async def in_parts(source: TopicPartition, position: int | None, options: Mapping[str, Any]) -> AsyncIterator[list[Any]]:
    """The committed records of a partition, or those before ``position``, about ``AT_ONCE`` at a time."""
    part: list[Any] = []
    async with aclosing(stored(options, source)) as batches:
        async for records in batches:
            part += [record for record in records if position is None or record.offset < position]
            if len(part) >= AT_ONCE:
                yield part
                part = []
            if position is not None and records and records[-1].offset >= position:
                break
    if part:
        yield part


async def _values(source: TopicPartition, options: Mapping[str, Any]) -> AsyncIterator[Any]:
    """The parsed value of each committed record of a partition."""
    async for records in stored(options, source):
        for record in records:
            yield wire.load(record.value)


def _advance(positions: dict[TopicPartition, int], topic: str, offset: int) -> None:
    source = TopicPartition(topic, 0)
    if offset + 1 > positions.get(source, 0):
        positions[source] = offset + 1
