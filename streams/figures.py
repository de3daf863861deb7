"""Counts what a worker does: each commit of a lane, and once a second the state of all its lanes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from mekong.schemas import measured, metrics
from mekong.schemas.condition import CONDITION
from mekong.schemas.topics import ASIDE, TOPICS

log = logging.getLogger(__name__)

LOOK_S = 1.0
LAG_EVERY_S = 15.0
"""Between two looks at the lag."""
STUCK_S = 60.0
"""An event loop that has not moved for this time is stuck."""
SILENT_S = 60.0
"""Kafka is away when no broker has answered for this time. An idle worker gets an answer about each second."""
_STATES = frozenset(topic.name for topic in TOPICS if topic.holds is None)


class Lanes(NamedTuple):
    """The lanes of a worker at this moment."""

    assigned: int
    missing: tuple[int, ...]
    """Lanes of the assignment that are not open."""
    buffered: int
    """Records that are read and not yet committed."""
    parked: int
    """Sources that are not read."""
    answered_at: float | None = None
    """When a broker has last answered a fetch, in seconds since 1970. None: not yet, or no lane is assigned."""


_committed_at: dict[str, float] = {}
"""Stage -> when it has last committed, in seconds since 1970: the broker has answered then, too."""


def committed(producer: str, seconds: float, written: Mapping[str, int]) -> None:
    """Count a transaction of the lane with this transactional id; ``written``: its records by topic."""
    stage = producer.rpartition("-")[0]
    measured.observe(metrics.COMMIT, seconds, stage=stage)
    _committed_at[stage] = time.time()
    measured.put(metrics.LAST_COMMIT, _committed_at[stage], stage=stage)
    measured.count(metrics.OUTPUTS, sum(number for topic, number in written.items() if topic not in _STATES), stage=stage)
    if aside := written.get(ASIDE.name):
        measured.count(metrics.ASIDE, aside, stage=stage)


def starting(stage: str) -> None:
    """Show the figures of a worker at 0, before it has joined its group."""
    measured.begin(stage=stage)
    measured.put_all(metrics.LAST_ANSWER, {}, "stage")  # 0 would be an age of many years
    CONDITION.report(stage, f"{stage} has not joined its group yet.")


async def keep(app: Any) -> None:
    """Measure until the worker ends. Nothing here asks the broker, and no failure here ends the worker."""
    stage, lag_at, has_failed = app.plan.name, 0.0, False
    while not app.should_stop:
        CONDITION.beat(f"the event loop of {stage}", STUCK_S)
        try:
            look(stage, app.consumer.lanes())
            if time.monotonic() >= lag_at:
                lag_at = time.monotonic() + LAG_EVERY_S
                measured.put_all(metrics.LAG, app.consumer.behind(), "topic", stage=stage)
        except Exception as exc:  # measuring must not end the work
            if not has_failed:
                log.exception("%s cannot measure itself: %s", stage, type(exc).__name__)
            has_failed = True
        await asyncio.sleep(LOOK_S)


def look(stage: str, lanes: Lanes | None) -> None:
    """Show the state of the lanes. None: the group has not assigned any yet."""
    if lanes is None:
        return
    measured.put(metrics.ASSIGNED, lanes.assigned, stage=stage)
    measured.put(metrics.OPEN, lanes.assigned - len(lanes.missing), stage=stage)
    measured.put(metrics.BUFFERED, lanes.buffered, stage=stage)
    measured.put(metrics.PARKED, lanes.parked, stage=stage)
    answered_at = max(lanes.answered_at, _committed_at.get(stage, 0.0)) if lanes.answered_at else None
    measured.put_all(metrics.LAST_ANSWER, {stage: answered_at} if answered_at else {}, "stage")
    CONDITION.report(stage, _missing(stage, lanes, answered_at))


def _missing(stage: str, lanes: Lanes, answered_at: float | None) -> str:
    if answered_at and (silent_s := time.time() - answered_at) > SILENT_S:
        return f"No broker has answered {stage} for {silent_s:.0f} s."
    named = ", ".join(map(str, lanes.missing))
    return f"{stage} has not opened {len(lanes.missing)} of its {lanes.assigned} lanes: {named}." if lanes.missing else ""
