"""Opens the lanes that the group assigns to a worker, opens a lane again when it ends itself, and closes lanes that the worker loses.

A lane ends itself when Kafka did not say how a transaction ended, or when another producer fenced it off. The worker opens the lane
again only while the group assigns it to this worker. It asks the group before and after; otherwise it could fence off the new owner for
nothing. Each lane is opened and closed alone; the other lanes do not stop. Exactly-once depends on the lane's producer and its stored
position alone, never on the group.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Coroutine
from typing import Any, Protocol

from aiokafka.errors import KafkaError, ProducerFenced

from mekong.schemas import measured, metrics
from mekong.schemas.errors import Fatal, Retriable
from mekong.streams.lanes import Lane
from mekong.streams.producer import OutcomeUnknown

AGAIN_AT_MOST = 3  # within AGAIN_WITHIN_S: a failure that repeats more often does not pass by itself
AGAIN_WITHIN_S = 600.0
RETRY_S = 1.0

log = logging.getLogger(__name__)


class Member(Protocol):
    """The worker as a member of its group."""

    async def is_member(self) -> bool:
        """Ask the coordinator of the group whether this worker is a member of the generation that it knows."""

    async def open_lane(self, number: int) -> Lane:
        """A lane, ready for its first record."""

    async def enter(self, lane: Lane) -> None:
        """Start to read the lane's sources that are not read yet, each at the lane's position."""

    def leave(self, lane: Lane) -> None:
        """Pass no more records to the lane."""

    def ready(self) -> None:
        """Log that all lanes of the assignment are open."""

    async def crash(self, exc: BaseException) -> None:
        """End the process."""


class WorkerLanes:
    """The lanes of one worker. Everything runs on one event loop."""

    def __init__(self, member: Member, group: str) -> None:
        self._member, self._group = member, group
        self.given: frozenset[int] = frozenset()
        """The lanes of the assignment. Each is open or being opened."""
        self.open: dict[int, Lane] = {}
        self._opening: dict[int, asyncio.Task[None]] = {}
        self._again: defaultdict[int, deque[float]] = defaultdict(deque)

    async def take(self, given: frozenset[int], *, is_kept: bool) -> bool:
        """Accept a new assignment. True when the worker loses lanes by it.

        When ``is_kept`` is False, other members may have held the lanes meanwhile, and all are closed. The lanes that the worker loses are
        closed when this returns.
        """
        before, self.given = self.given, given
        stays = given if is_kept else frozenset()
        cancelled = [self._opening.pop(number) for number in set(self._opening) - stays]
        for task in cancelled:
            task.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)
        await asyncio.gather(*(self._close(self.open[number]) for number in set(self.open) - stays))
        return not before <= given

    def ready(self) -> frozenset[int]:
        """The lanes that are open and read all their sources. One that is only about to begin with a source is not."""
        return frozenset(self.open) - frozenset(self._opening)

    def open_missing(self) -> None:
        """Start to open the assigned lanes that are not open. A lane that is open may have new sources; it starts to read them."""
        for number, lane in self.open.items():
            self._begin(number, self._enter(lane))
        for number in sorted(self.given - set(self.open) - set(self._opening)):
            self._begin(number, self._open(number))
        self._tell()

    async def ended(self, lane: Lane, exc: BaseException) -> None:
        """React to a lane that ended itself by ``exc``. After a KafkaError it is opened again, if this does not happen too often.

        After any other exception, the process ends.
        """
        if self.open.get(lane.number) is not lane:
            return  # it is being closed
        if not isinstance(exc, KafkaError):
            await self._member.crash(exc)
            return
        why = _why(exc)
        times = self._again[lane.number]
        times.append(time.monotonic())
        while times[0] < times[-1] - AGAIN_WITHIN_S:
            times.popleft()
        if len(times) >= AGAIN_AT_MOST:
            await self._member.crash(Fatal(f"lane {lane.number} of {self._group}: {why}, {len(times)} times in ten minutes"))
            return
        log.warning("lane %d of %s: %s: opening it again", lane.number, self._group, why, extra=self._ids(lane.number))
        measured.count(metrics.REOPENED, stage=self._group)
        self._begin(lane.number, self._reopen(lane))

    async def close(self) -> None:
        """Close all lanes, because the worker ends."""
        await self.take(frozenset(), is_kept=False)

    async def _reopen(self, lane: Lane) -> None:
        await self._close(lane)
        await self._open(lane.number)

    async def _open(self, number: int) -> None:
        """Open a lane as long as it is assigned to this worker. When Kafka cannot do it now, try again."""
        while number in self.given:
            try:
                if await self._member.is_member() and await self._opened(number):
                    return
            except (KafkaError, Retriable) as exc:
                if not (isinstance(exc, Retriable | ProducerFenced | OutcomeUnknown) or exc.retriable):
                    raise
                log.warning("lane %d of %s cannot be opened now: %r", number, self._group, exc, extra=self._ids(number))
            await asyncio.sleep(RETRY_S)
        log.warning("lane %d of %s is another worker's now", number, self._group, extra=self._ids(number))

    async def _opened(self, number: int) -> bool:
        """Open a lane. When it is not assigned to this worker any more, close it again and return False."""
        lane = await self._member.open_lane(number)
        try:
            if await self._member.is_member() and number in self.given:
                self.open[number] = lane
                await self._member.enter(lane)
                log.info("lane %d of %s is open", number, self._group, extra=self._ids(number))
                return True
        except BaseException:
            await self._close(lane)
            raise
        await lane.close()
        return False

    def _ids(self, number: int) -> dict[str, Any]:
        return {"stage": self._group, "lane": number}

    async def _enter(self, lane: Lane) -> None:
        try:
            await self._member.enter(lane)
        except KafkaError as exc:
            await self.ended(lane, exc)

    async def _close(self, lane: Lane) -> None:
        if self.open.get(lane.number) is lane:
            del self.open[lane.number]
        self._member.leave(lane)
        await lane.close()

    def _begin(self, number: int, opening: Coroutine[Any, Any, None]) -> None:
        task = self._opening[number] = asyncio.create_task(self._watched(opening))
        task.add_done_callback(lambda done: self._is_through(number, done))

    async def _watched(self, opening: Coroutine[Any, Any, None]) -> None:
        try:
            await opening
        except asyncio.CancelledError:
            if _is_cancelled_by_us():
                raise
            await self._member.crash(Fatal(f"the opening of a lane of {self._group} was broken off from within"))
        except Exception as exc:  # noqa: BLE001 - refused, or a defect: the process ends
            await self._member.crash(exc)

    def _is_through(self, number: int, done: asyncio.Task[None]) -> None:
        if self._opening.get(number) is done:
            del self._opening[number]
            self._tell()

    def _tell(self) -> None:
        if not self._opening and self.given <= set(self.open):
            self._member.ready()


def _is_cancelled_by_us() -> bool:
    """Whether this worker cancelled the task. If not, a client raised a CancelledError of its own, which nobody would notice."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _why(exc: KafkaError) -> str:
    if isinstance(exc, OutcomeUnknown):
        return "Kafka did not say how a transaction ended"
    if isinstance(exc, ProducerFenced):
        return "another producer fenced it off"
    return f"it failed ({exc.__cause__ or exc!r})"
