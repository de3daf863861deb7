"""Rebuilds a lost state from the journal: ``mekong rebuild intake|watch|network``. streams/refold.py does it for share and notify.

The position that belongs to the state is found in the outputs, because they were written in the same transactions. For intake it is the
newest source offset in journal and receipts; for watch it is the newest entry that led to an output in counts, buckets or alerts. The
group's commit follows the position; when entries without output came after the last output, the group's commit is used. Nothing is
published twice. Network has no such offset: it reads the journal to its end, and publishes the alerts that are newer than the newest
stored alert. Records that a worker has set aside are left out again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import ProducerFenced

from mekong.schemas import wire
from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ALERTS, BUCKETS, CONTROL, COUNTS, JOURNAL, LANES, agency_of, lane_of, receipts_of
from mekong.streams.admin import reached
from mekong.streams.alert_outputs import put_alerts
from mekong.streams.app import Plan, connection, sources_of
from mekong.streams.aside import left_by
from mekong.streams.core.draft import POSITION, Draft
from mekong.streams.core.intake.feed import Feed, restore_feed
from mekong.streams.core.intake.restore import restore
from mekong.streams.core.journal import read
from mekong.streams.core.spikes.fold import fold_network
from mekong.streams.core.spikes.rules import Rules
from mekong.streams.core.watch import fold as watched
from mekong.streams.expected import expected_of
from mekong.streams.lanes import Lane, Outputs
from mekong.streams.producer import OutcomeUnknown
from mekong.streams.refold import refold
from mekong.streams.rules import rules_of
from mekong.streams.stored import stored

AT_ONCE = 1_000  # records
log = logging.getLogger(__name__)


class Rebuilt(NamedTuple):
    """The new state, positions and outputs of a lane."""

    state: dict[bytes, bytes]
    positions: dict[TopicPartition, int]
    outputs: Outputs


class RebuildSources(NamedTuple):
    """What the rebuild of a lane reads."""

    settings: Settings
    sources: frozenset[str]
    options: Mapping[str, Any]
    rules: Rules
    reached: Mapping[TopicPartition, int]
    """The offset that the group has committed for each source."""


def rebuild(plan: Plan, settings: Settings) -> Mapping[int, int]:
    """Rebuild every lane of a plan; returns the number of keys of each lane. Raises Retriable when a running worker opened a lane again."""
    return asyncio.run(_rebuild(plan, settings))


async def _rebuild(plan: Plan, settings: Settings) -> Mapping[int, int]:
    options = connection(settings)
    sources, rules = await sources_of(plan.is_source, options), rules_of(settings)
    make, lanes = _made_by(plan)
    keys: dict[int, int] = {}
    for number in range(lanes):
        lane = await Lane(number, TopicPartition(plan.state, number), f"{plan.name}-{number}", options).open()  # from here on nobody writes
        try:
            rebuilt = await make(number, RebuildSources(settings, sources, options, rules, await reached(plan.name, options)))
            await lane.forget_positions()
            await lane.replace(*rebuilt)
        except ProducerFenced as exc:
            raise Retriable(f"lane {number} of {plan.name} was opened by a running worker: stop the workers first", 1.0) from exc
        except OutcomeUnknown as exc:
            raise Retriable(f"lane {number} of {plan.name}: Kafka did not answer. Run `mekong rebuild {plan.name}` again.", 1.0) from exc
        finally:
            await lane.close()
        keys[number] = len(rebuilt.state)
        log.info("lane %d of %s: %d keys", number, plan.name, len(rebuilt.state))
    return keys


def _made_by(plan: Plan) -> tuple[Callable[[int, RebuildSources], Awaitable[Rebuilt]], int]:
    """The function that rebuilds a lane of this plan, and the number of lanes."""

    async def refolded(_: int, ground: RebuildSources) -> Rebuilt:
        return Rebuilt(*await refold(plan, ground.sources, ground.reached, ground.options))

    own = {"intake": (_intake, LANES), "watch": (_watch, LANES), "network": (_network, 1)}
    return own.get(plan.name, (refolded, 1))


async def _intake(number: int, ground: RebuildSources) -> Rebuilt:
    changes: dict[bytes, bytes | None] = {}
    draft = Draft({}, changes)
    positions: dict[TopicPartition, int] = {}
    ticks: dict[str, int] = {}
    async for entry in _values(TopicPartition(JOURNAL.name, number), ground.options):
        restore(draft, entry)
        draft.begin()
        _advance(positions, entry["source"]["topic"], entry["source"]["offset"], number)
        if entry["kind"] == "tick":
            ticks[entry["source"]["topic"]] = entry["source"]["offset"]
        if entry["kind"] == "source" and entry["order"]["action"] == "skip":
            _advance(positions, entry["order"]["topic"], entry["order"]["to"] - 1)
    _advance(positions, CONTROL.name, ground.reached.get(TopicPartition(CONTROL.name, number), 0) - 1, number)
    for topic in sorted(ground.sources - {CONTROL.name}):
        if lane_of(topic) == number:
            await _receipts(topic, Feed(draft, agency_of(topic) or ""), ticks, positions, ground.options)
            _advance(positions, topic, ground.reached.get(TopicPartition(topic, 0), 0) - 1)
    state = {
        key: value for key, value in without_removed(changes).items() if not key.startswith(POSITION)
    }  # the positions are returned apart
    return Rebuilt(state, positions, {})


async def _receipts(
    topic: str, feed: Feed, ticks: Mapping[str, int], positions: dict[TopicPartition, int], options: Mapping[str, Any]
) -> None:
    """Restore from the receipts of a topic how far it was read, and the counts that no tick has taken."""
    async for receipt in _values(TopicPartition(receipts_of(topic), 0), options):
        _advance(positions, receipt["source_topic"], receipt["source_offset"])
        restore_feed(feed, receipt, ticks)
    feed.save()


async def _watch(number: int, ground: RebuildSources) -> Rebuilt:
    source, left = TopicPartition(JOURNAL.name, number), await left_by("watch", ground.options)
    told = left.last(source)
    for topic, field in ((COUNTS, "tick_offset"), (BUCKETS, "tick_offset"), (ALERTS, "journal_offset")):
        async for value in _values(TopicPartition(topic.name, number), ground.options):
            told = max(told, value.get(field, -1))
    position = max(told + 1, ground.reached.get(source, 0))
    changes: dict[bytes, bytes | None] = {}
    left.remember(Draft({}, changes), [source])
    again: list[Any] = []
    async for records in in_parts(source, position, ground.options):
        again += left.again(source, records)
        for _ in watched(Draft({}, changes), read(left.without(source, records)), ground.rules):
            pass  # its outputs are published already
    for _ in watched(Draft({}, changes), read(again), ground.rules):
        pass
    return Rebuilt(without_removed(changes), {source: position} if position else {}, {})


async def _network(_: int, ground: RebuildSources) -> Rebuilt:
    newest = await _newest_told(ground.options)
    expected = await expected_of(ground.settings, ground.options)
    left = await left_by("network", ground.options)
    changes: dict[bytes, bytes | None] = {}
    left.remember(Draft({}, changes), left.aside)
    positions: dict[TopicPartition, int] = {}
    outputs: Outputs = {}
    again: dict[int, list[Any]] = {}
    for number in range(LANES):
        source = TopicPartition(JOURNAL.name, number)
        async for records in in_parts(source, None, ground.options):
            found = fold_network(Draft({}, changes), read(left.without(source, records)), number, expected, ground.rules)
            put_alerts(outputs, [alert for alert in found if newest is None or alert.raised_at > newest])
            positions[source] = records[-1].offset + 1
            again.setdefault(number, []).extend(left.again(source, records))
    for number, records in again.items():
        list(fold_network(Draft({}, changes), read(records), number, expected, ground.rules))
    return Rebuilt(without_removed(changes), positions, outputs)


async def _newest_told(options: Mapping[str, Any]) -> datetime | None:
    """When the newest alert over all members was raised; None when there is none."""
    newest: datetime | None = None
    for number in range(LANES):
        async for alert in _values(TopicPartition(ALERTS.name, number), options):
            if alert["network"]:
                raised_at = datetime.fromisoformat(alert["raised_at"])
                newest = max(newest or raised_at, raised_at)
    return newest


def without_removed(changes: Mapping[bytes, bytes | None]) -> dict[bytes, bytes]:
    """The state that results when ``changes`` are applied to an empty state."""
    return {key: value for key, value in changes.items() if value is not None}


async def in_parts(source: TopicPartition, position: int | None, options: Mapping[str, Any], first: int = 0) -> AsyncIterator[list[Any]]:
    """The committed records of a partition from ``first`` on, to its end or to ``position``, about ``AT_ONCE`` at a time."""
    part: list[Any] = []
    async with aclosing(stored(options, source, first)) as batches:
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


def _advance(positions: dict[TopicPartition, int], topic: str, offset: int, lane: int = 0) -> None:
    source = TopicPartition(topic, lane if topic == CONTROL.name else 0)
    if offset + 1 > positions.get(source, 0):
        positions[source] = offset + 1
