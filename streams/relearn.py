"""Rebuilds the detectors' state of a lane from the journal, when another version of the detectors wrote the state.

It publishes nothing, because the alerts of these entries were published when the entries arrived. Positions and counts do not change. How
far each source is read is stored with the state built from it, in one transaction; so a process that ends meanwhile continues there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition

from mekong.schemas.errors import Refused
from mekong.streams.app import Opened
from mekong.streams.aside import left_by
from mekong.streams.core.draft import Draft
from mekong.streams.core.spikes.fold import MARK, VERSION, is_current, is_detectors
from mekong.streams.lanes import REPLACE_RECORDS, Changes, Lane
from mekong.streams.rebuild import in_parts

LEARNING = b"@learning/detectors"
"""The key that exists while the state is rebuilt. Its value is the new version."""
LEARNT = b"@learnt/"
"""What the key of each source begins with; its value is the next offset to read."""
AT_ONCE = 20_000  # entries of one transaction, about

log = logging.getLogger(__name__)

Learn = Callable[[Draft, TopicPartition, Iterable[Any]], None]
"""Fold records of a source into the state, without outputs."""


def relearning(stage: str, learn: Learn) -> Opened:
    """The ``opened`` of a stage's plan: bring the lane's detectors to this code's version. Records that are aside are left out."""

    async def opened(lane: Lane, options: Mapping[str, Any]) -> None:
        await relearn(lane, options, stage, learn)

    return opened


async def relearn(lane: Lane, options: Mapping[str, Any], stage: str, learn: Learn) -> None:
    """Bring the state of a lane's detectors to this code's version. Raises Refused when newer code wrote it."""
    if not lane.positions or is_current(lane.state):
        return
    version = b"%d" % VERSION
    if lane.state.get(LEARNING) != version:
        await _forget(lane)
    entries, left = 0, await left_by(stage, options)

    def learn_rest(draft: Draft, source: TopicPartition, records: Iterable[Any]) -> None:
        learn(draft, source, left.without(source, list(records)))

    for source, position in sorted(lane.positions.items()):
        entries += await _learn_from(lane, source, position, options, learn_rest)
        if left.retried.get(source):
            await _take_up(
                lane, source, [one async for part in in_parts(source, position, options) for one in left.again(source, part)], learn
            )
    gone: Changes = {key: None for key in lane.state if key == LEARNING or key.startswith(LEARNT)}
    await lane.change({**gone, MARK: version})
    log.warning("%s: learnt from %d entries again", lane.name, entries)


async def _forget(lane: Lane) -> None:
    """Remove the state of detectors of another version. The last transaction marks that the state must be rebuilt."""
    newest = max((int(lane.state[key]) for key in (MARK, LEARNING) if key in lane.state), default=0)
    if newest > VERSION:
        raise Refused(f"the detectors' state has version {newest}, this code knows up to {VERSION}: deploy the newer code again")
    log.warning("%s: detectors of version %s wrote the state; learning again from the journal", lane.name, newest or "none")
    gone = [key for key in lane.state if (is_detectors(key) and key != MARK) or key.startswith(LEARNT)]
    for first in range(0, len(gone), REPLACE_RECORDS):
        await lane.change(dict.fromkeys(gone[first : first + REPLACE_RECORDS]))
    await lane.change({MARK: None, LEARNING: b"%d" % VERSION})


async def _learn_from(lane: Lane, source: TopicPartition, position: int, options: Mapping[str, Any], learn: Learn) -> int:
    """Rebuild from a source, from the stored offset up to the lane's position. Returns the number of entries."""
    key = LEARNT + f"{source.topic}/{source.partition}".encode()
    entries, waiting = 0, 0
    changes: Changes = {}
    async for records in in_parts(source, position, options, int(lane.state.get(key, 0))):
        learn(Draft(lane.state, changes), source, records)
        changes[key] = b"%d" % (records[-1].offset + 1)
        entries, waiting = entries + len(records), waiting + len(records)
        if waiting >= AT_ONCE:
            await _put(lane, changes)
            changes, waiting = {}, 0
    if changes:
        await _put(lane, changes)
    return entries


async def _take_up(lane: Lane, source: TopicPartition, records: list[Any], learn: Learn) -> None:
    """Fold the records that were set aside and retried, after the others, once."""
    key = LEARNT + f"again/{source.topic}/{source.partition}".encode()
    if key not in lane.state:
        changes: Changes = {key: b"1"}
        learn(Draft(lane.state, changes), source, records)
        await _put(lane, changes)


async def _put(lane: Lane, changes: Changes) -> None:
    changes.pop(MARK, None)  # the fold writes it first, but it is true only at the end
    await lane.change(changes)
