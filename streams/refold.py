"""Rebuilds the lost state of share or notify from everything that it has read, and finds the outputs that it had not published yet.

Their outputs name no source offset, so only the group's commit shows how far they had read. The group's commit follows the stored
position within a second. So the records after it are folded again, and outputs that were already published are left out: share makes the
same bytes from the same record, and notify makes the same id. Kafka deletes the group's commit 7 days after the last worker has left.
Without it, everything counts as published: an output that was not published is lost, and none is published twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from hashlib import blake2b
from typing import Any

from aiokafka import TopicPartition

from mekong.schemas import wire
from mekong.schemas.topics import ALERTS, ANSWERS, JOURNAL, LANES, SUBSCRIPTIONS
from mekong.streams.app import Plan
from mekong.streams.lanes import Outputs
from mekong.streams.stored import stored

log = logging.getLogger(__name__)

_FIRST = (JOURNAL.name, SUBSCRIPTIONS.name, ANSWERS.name)
"""The sources on which the others depend: they are folded first."""
Refolded = tuple[dict[bytes, bytes], dict[TopicPartition, int], Outputs]
"""State, positions, and the outputs that are still to be published."""


async def refold(plan: Plan, sources: Iterable[str], reached: Mapping[TopicPartition, int], options: Mapping[str, Any]) -> Refolded:
    """Fold everything up to the group's commits without outputs, then fold the records after them with outputs."""
    state: dict[bytes, bytes] = {}
    positions: dict[TopicPartition, int] = {}
    found: Outputs = {}
    if not reached:
        log.warning("%s: the group's commit is gone: outputs that were not published when the state was lost are lost", plan.name)
    for is_new in (False, True):
        for source in _partitions(sources):
            async with aclosing(stored(options, source)) as batches:
                async for batch in batches:
                    records = [one for one in batch if _is_new(one.offset, reached.get(source), bool(reached)) == is_new]
                    outputs = _folded(plan, state, source, records)
                    if records:
                        positions[source] = records[-1].offset + 1
                    for where, told in outputs.items() if is_new else ():
                        found.setdefault(where, []).extend(told)
    return state, positions, await _without_told(found, options)


def _is_new(offset: int, commit: int | None, any_commit: bool) -> bool:
    return any_commit and offset >= (commit or 0)


def _folded(plan: Plan, state: dict[bytes, bytes], source: TopicPartition, records: list[Any]) -> Outputs:
    changes: dict[bytes, bytes | None] = {}
    outputs = plan.fold(state, changes, source, records) if records else {}
    for key, value in changes.items():
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value
    return outputs


async def _without_told(found: Outputs, options: Mapping[str, Any]) -> Outputs:
    left: Outputs = {}
    for where, outputs in found.items():
        told: set[bytes] = set()
        if outputs:
            async with aclosing(stored(options, TopicPartition(*where))) as batches:
                async for records in batches:
                    told.update(_identity(record.value) for record in records)
        left[where] = [output for output in outputs if _identity(output.value or b"") not in told]
    return left


def _identity(value: bytes) -> bytes:
    """The id of a notification, or a hash of any other value."""
    found = wire.load(value).get("notification_id")
    return str(found).encode() if found else blake2b(value, digest_size=16).digest()


def _partitions(sources: Iterable[str]) -> list[TopicPartition]:
    ordered = sorted(sources, key=lambda topic: (topic not in _FIRST, topic))
    return [TopicPartition(topic, number) for topic in ordered for number in range(LANES if topic in {JOURNAL.name, ALERTS.name} else 1)]
