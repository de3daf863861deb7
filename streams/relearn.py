"""A lane just opened whose detectors' state another version wrote, in; the same learnt again from the journal, out.

Nothing is told: what these entries raised was told when they came. The mark of the version is written last, so a process that dies
on the way begins anew; positions and counts stay as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition

from schemas.errors import Refused
from streams.app import Opened
from streams.core.draft import Draft
from streams.core.spikes.fold import MARK, VERSION, is_current, is_detectors
from streams.lanes import Lane
from streams.rebuild import in_parts, kept

log = logging.getLogger(__name__)

Learn = Callable[[Draft, TopicPartition, Iterable[Any]], None]
"""Fold records of a source into the state, telling nothing."""


def relearning(learn: Learn) -> Opened:
    """A plan's ``opened``: bring the lane's detectors to this code's version."""

    async def opened(lane: Lane, options: Mapping[str, Any]) -> None:
        await relearn(lane, options, learn)

    return opened


async def relearn(lane: Lane, options: Mapping[str, Any], learn: Learn) -> None:
    """Bring the state of a lane's detectors to this code's version. Raises Refused when newer code wrote it."""
    if not lane.positions or is_current(lane.state):
        return
    written = lane.state.get(MARK)
    if written is not None and int(written) > VERSION:
        raise Refused(f"the detectors' state has version {int(written)}, this code knows up to {VERSION}: deploy the newer code again")
    log.warning("%s: detectors of version %s wrote the state; learning again from the journal", lane.name, (written or b"none").decode())
    state = {key: value for key, value in lane.state.items() if not is_detectors(key)}
    changes: dict[bytes, bytes | None] = {}
    entries = 0
    for source, position in sorted(lane.positions.items()):
        async for records in in_parts(source, position, options):
            learn(Draft(state, changes), source, records)
            entries += len(records)
    state |= kept(changes)
    state.pop(MARK, None)  # the fold put it first
    await lane.replace({**state, MARK: b"%d" % VERSION}, lane.positions)
    log.warning("%s: learnt from %d entries again", lane.name, entries)
