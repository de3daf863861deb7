"""Opens each lane that the group assigns to this worker, starts it at its position, serves it and closes it.

During a rebalance, reading continues, and a lane that stays with this worker is not touched. streams/reader.py reads the records.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from aiokafka.errors import TopicAuthorizationFailedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from mekong.schemas import measured, metrics
from mekong.schemas.topics import CONTROL
from mekong.streams.figures import Lanes
from mekong.streams.lanes import Fold, Lane, Run
from mekong.streams.member import Thread
from mekong.streams.reader import Reader
from mekong.streams.sources import start_of
from mekong.streams.worker_lanes import WorkerLanes

log = logging.getLogger(__name__)

TRANSACTIONS_PER_S = 400  # of one worker: when many lanes are busy, each gathers for longer (a broker on two cores manages about 500)


class Consumer(Reader):
    """A worker in its group. It knows its lanes, reads each source from the lane's position, and passes the runs to the lane."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = WorkerLanes(self, self.app.plan.name)
        self._seat: tuple[str, int] | None = None  # our member id, and the generation of the group, at the last assignment

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Do nothing: a rebalance only begins. The next assignment shows which lanes this worker loses.

        The same holds when the worker ends meanwhile. Faust would cut the connection here, and the group would wait for a member that
        does not exist any more.
        """

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Close the lanes that this worker lost, continue those that stay, then open the new ones. Opening may take long."""
        if self.app.should_stop:
            return  # `on_stop` closes the lanes and leaves the group
        self._sources = {tp for tp in assigned if tp.topic in self.app.sources}
        gave_some_back = await self.held.take(frozenset(map(self.app.number_of, self._sources)), is_kept=self._took_part(generation_id))
        for tp in set(self._places) - self._sources:
            del self._places[tp]
        for tp in self._places:
            self._go_back(tp)  # the broker client has forgotten its position
        await super().on_partitions_assigned(assigned, generation_id)
        self.held.open_missing()
        if gave_some_back:
            await self._thread.rejoin()  # the next rebalance assigns them to their new owner

    async def perform_seek(self) -> None:
        """Do nothing: each lane seeks its positions when it is open."""

    async def on_stop(self) -> None:
        """Close the lanes before the worker leaves the group."""
        await self.held.close()
        await super().on_stop()

    def _took_part(self, generation: int) -> bool:
        """Whether this worker was in every generation since its last assignment. If not, others may have held its lanes meanwhile."""
        before, self._seat = self._seat, (self._thread.member_id(), generation)
        return before is not None and before[0] == self._seat[0] and self._seat[1] - before[1] in (0, 1)

    async def is_member(self) -> bool:
        """Ask the coordinator of the group whether this worker is a member of the generation that it knows."""
        return bool(await self._thread.is_member())

    async def open_lane(self, number: int) -> Lane:
        """A lane, ready for its first record."""
        lane: Lane = await self.app.open_lane(number)
        return lane

    async def crash(self, exc: BaseException) -> None:
        """End the process."""
        await self.app.crash(exc)

    def ready(self) -> None:
        """Log that all lanes of the assignment are open."""
        self.app.say_ready()

    async def enter(self, lane: Lane) -> None:
        """Start to read the lane's sources that are not read yet, each at the lane's position."""
        new = {tp for tp in self._sources if self.app.number_of(tp) == lane.number and tp not in self._places}
        if not new:
            return
        try:
            earliest, ends = await self.earliest_offsets(*new), await self.highwaters(*new)
        except TopicAuthorizationFailedError as exc:
            await self._reading.bar(exc, new)
            return
        reached = await self._reached(lane, new)
        for tp in new:
            begins = partial(start_of, tp, lane.positions.get(tp), earliest[tp], ends[tp], reached[tp])
            if tp not in self._places and self._is_ours(tp, lane):  # still
                await self._reading.begin(tp, lane, begins)

    async def _reached(self, lane: Lane, sources: Iterable[TP]) -> dict[TP, int | None]:
        """The offset that the group has committed for each source; None when there is none, or when it does not count.

        The group's commit may be ahead of the lane's position because the broker confirmed the commit of a transaction and aborted the
        transaction later (streams/unmarked.py). The log of the state shows this. Then the group's commit does not count, and the lane does
        the work again. When the state was lost, its log shows nothing.
        """
        reached = {tp: await self._thread.committed(tp) for tp in sources}
        ahead = {tp: at for tp, at in reached.items() if at is not None and at > lane.positions.get(tp, 0)}
        given_up = await lane.given_up() if ahead else {}
        for tp, at in ahead.items():
            if given_up.get(tp, 0) >= at:
                log.warning("%s/%d: the group is at %d by a transaction that was aborted: its work is repeated", tp.topic, tp.partition, at)
                reached[tp] = None
        return reached

    async def try_again(self, tp: TP) -> None:
        """Check again whether this worker may read a source now."""
        lane = self.held.open.get(self.app.number_of(tp))
        if tp in self._places:
            await self.fetch(tp, wanted=True)
        elif lane is not None:
            await self.enter(lane)

    async def _heed(self, lane: Lane) -> None:
        """Follow new orders about the sources of a lane."""
        mine = {
            tp: place.next if (place := self._places.get(tp)) else None for tp in self._sources if self.app.number_of(tp) == lane.number
        }
        await self._reading.heed(lane, mine, lambda tp: self._start(tp, lane.positions.get(tp)))

    async def offer(self, event: Any, fold: Fold) -> None:
        """Pass the event's run to its lane."""
        run = self.take(event)
        if run is None:
            self.ack(event.message)
            return
        if run.lane.task is None:
            run.lane.task = asyncio.create_task(self._serve(run.lane, fold))
        run.lane.put(run, event)

    async def _serve(self, lane: Lane, fold: Fold) -> None:
        async def served(batch: list[tuple[Run, Any]]) -> None:
            measured.count(metrics.FOLDED, sum(len(run.records) for run, _ in batch), stage=self.app.plan.name)
            for _, event in batch:
                self.ack(event.message)
            self._room.set()
            if any(run.source.topic == CONTROL.name for run, _ in batch):
                await self._heed(lane)

        try:
            await lane.serve(fold, served, self._linger_s)
        except Exception as exc:  # noqa: BLE001 - fenced, an unknown outcome, or a defect
            await self.held.ended(lane, exc)

    def _linger_s(self) -> float:
        """How long a lane gathers runs before it commits. The time is longer when many lanes are busy, so that the broker keeps up."""
        busy = sum(1 for lane in self.held.open.values() if lane.waiting)
        return max(0.005, busy / TRANSACTIONS_PER_S)

    def _new_offset(self, tp: TP) -> int | None:
        """The lane's position, for the group's commit. Tools show lag by this commit, and ``start_of`` compares it with the position."""
        self._acked[tp] = []
        lane = self.held.open.get(self.app.number_of(tp))
        return lane.positions.get(tp) if lane else None

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
        """Commit for the group. Faust takes a commit that was refused for made, and would not make it again while nothing new comes."""
        before = {tp: self._committed_offset[tp] for tp in offsets}
        is_done = bool(await super()._commit_offsets(offsets, start_new_transaction))
        if not is_done:
            self._committed_offset.update(before)
        return is_done

    async def topics(self) -> frozenset[str]:
        """Ask the broker for the names of all topics that this user may see."""
        found: frozenset[str] = await self._thread.topics()
        return found

    def lanes(self) -> Lanes | None:
        """The lanes at this moment; None before the first assignment."""
        if self._seat is None:
            return None
        missing = tuple(sorted(self.held.given - self.held.ready()))
        buffered = sum(lane.held_records for lane in self.held.open.values())
        parked = len(self._reading.parked & self._sources)
        return Lanes(len(self.held.given), missing, buffered, parked, self._thread.answered_at() if self.held.given else None)

    def behind(self) -> dict[str, int]:
        """Records from the stored positions to the end of each topic that is read, about, by the last fetch: this asks nobody.

        A topic is left out as long as the end of one of its partitions is not known.
        """
        found, unknown = Counter[str](), set[str]()
        for tp in self._places.keys() - self._reading.parked:
            if (lane := self.held.open.get(self.app.number_of(tp))) is None:
                continue
            if (end := self._thread.end_of(tp)) is None:
                unknown.add(tp.topic)
            else:
                at = lane.positions.get(tp)
                found[tp.topic] += max(0, end - (at if at is not None else self._places[tp].next))
        return {topic: records for topic, records in found.items() if topic not in unknown}

    async def follow(self, topics: Iterable[str]) -> None:
        """Read these sources from now on. The group rebalances; reading of the other sources continues."""
        await self._thread.follow(topics)


class Transport(driver.Transport):  # type: ignore[misc]
    """Faust's transport with our consumer."""

    Consumer = Consumer
