"""Decides which sources of a consumer are read and which are parked, and checks whether the log still has the next offset."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from aiokafka.errors import TopicAuthorizationFailedError
from faust.types import TP

from mekong.schemas.control import MADE_ANEW
from mekong.schemas.errors import Refused
from mekong.schemas.topics import agency_of
from mekong.streams.core.intake.orders import parked
from mekong.streams.lanes import Lane
from mekong.streams.parking import NO_RIGHT, found_readable, found_unreadable

log = logging.getLogger(__name__)

TRY_AGAIN_S = 30.0  # a source that we had no right to read


class Unfit(Refused):
    """The log does not have the next offset: records were deleted, or the topic was created again."""


class Sources:
    """Decides which sources of the assignment are read. Only an agency's own topic is ever left out, and only when the plan can park."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._stopped: set[TP] = set()
        self._barred: set[TP] = set()
        """Sources for which a right is missing. They have a place, and are tried again from time to time."""
        self._try_at = 0.0

    @property
    def parked(self) -> frozenset[TP]:
        """The sources that are not read."""
        return frozenset(self._stopped | self._barred)

    async def begin(self, tp: TP, lane: Lane, start: Callable[[], int]) -> None:
        """Read a source from where ``start`` says, unless it is parked. Raises Refused for an unfit log that cannot be parked."""
        known = parked(lane.state, tp.topic) if self._may_park(tp) else None
        if known is not None and not known["retry"]:
            await self._stop(tp)
            return
        try:
            at = start()
        except Unfit as exc:
            await self._park(tp, exc)
            return
        self._consumer.place(tp, lane, at)
        self._stopped.discard(tp)
        if known is not None:
            self._barred.add(tp)
        await self._consumer.fetch(tp, wanted=True)

    async def fits(self, tp: TP, look: Callable[[], Awaitable[None]]) -> bool:
        """Whether the log has the next offset; ``look`` asks the broker. If not, the source is parked, or Unfit is raised."""
        try:
            await look()
        except Unfit as exc:
            await self._park(tp, exc)
            return False
        return True

    async def came(self, tp: TP) -> None:
        """Note that records of a source arrived. If a right was missing before, the source is read again."""
        if tp in self._barred:
            self._barred.discard(tp)
            log.info("%s/%d is read again", tp.topic, tp.partition, extra=_ids(tp))
            await self._order(found_readable(tp.topic))

    async def bar(self, refused: TopicAuthorizationFailedError, mine: Collection[TP]) -> None:
        """Stop for now reading a topic that the broker refuses. Raises ``refused`` when the topic cannot be parked."""
        theirs = [tp for tp in mine if tp.topic in refused.args and self._may_park(tp)]
        if not theirs:
            raise refused
        for tp in theirs:
            await self._consumer.fetch(tp, wanted=False)
            if tp not in self._barred:
                self._barred.add(tp)
                log.warning("%s is parked: %s", tp.topic, NO_RIGHT, extra=_ids(tp))
                await self._order(found_unreadable(tp.topic, NO_RIGHT, retry=True))

    async def try_again(self) -> None:
        """Try again, from time to time, to read the sources for which a right was missing."""
        if self._barred and time.monotonic() > self._try_at:
            self._try_at = time.monotonic() + TRY_AGAIN_S
            for tp in tuple(self._barred):
                await self._consumer.try_again(tp)

    async def heed(self, lane: Lane, mine: Mapping[TP, int | None], start: Callable[[TP], Any]) -> None:
        """Follow the orders that the lane has just read. ``mine``: the next offset of each of its sources; None when it is not read."""
        for tp, at in mine.items():
            known = parked(lane.state, tp.topic)
            if known is not None and not known["retry"]:
                if tp not in self._stopped:
                    log.warning("%s is parked: %s", tp.topic, known["reason"], extra=_ids(tp))
                    await self._stop(tp)
            elif known is None and (tp in self._stopped or (at is not None and lane.positions.get(tp, 0) > at)):
                await self.begin(tp, lane, await start(tp))

    async def _park(self, tp: TP, why: Unfit) -> None:
        if not self._may_park(tp):
            raise why
        log.warning("%s is parked: %s", tp.topic, why, extra=_ids(tp))
        await self._stop(tp)
        await self._order(found_unreadable(tp.topic, str(why)))

    async def _stop(self, tp: TP) -> None:
        self._stopped.add(tp)
        self._barred.discard(tp)
        self._consumer.unplace(tp)
        await self._consumer.fetch(tp, wanted=False)

    async def _order(self, order: Any) -> None:
        await self._consumer.app.plan.parking.order(self._consumer.app.connection, order)

    def _may_park(self, tp: TP) -> bool:
        return self._consumer.app.plan.parking is not None and agency_of(tp.topic) is not None


def _ids(tp: TP) -> dict[str, Any]:
    """What a line of the log says about a source."""
    return {"topic": tp.topic, "partition": tp.partition, "agency": agency_of(tp.topic)}


def start_of(tp: TP, position: int | None, earliest: int, end: int, committed: int | None) -> int:
    """Where to start to read a source. Raises Refused when the log does not fit the stored position: a person must act."""
    where = f"{tp.topic}/{tp.partition}"
    if committed is not None and committed > (position or 0):
        raise Refused(f"{where}: the group is at {committed}, the stored position at {position}: state was lost. Run `mekong rebuild`.")
    if position is None:
        return earliest
    if position > end:
        raise Unfit(f"{where}: position {position} is beyond the log's end {end}: {MADE_ANEW}.")
    if position < earliest:
        raise Unfit(f"{where}: {position} was wanted, but the log starts at {earliest}: retention has deleted what was not read.")
    return position
