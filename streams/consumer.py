"""Faust's consumer made to hand out runs: unbroken, in order, each from the position of its lane.

Stock Faust pays about 200 us between fetch and agent for each record and can lose records around a rebalance. Here one stream
event is a run of up to ``RUN_RECORDS`` consecutive records, and what was fetched and dropped is fetched again. This file and
streams/app.py lean on private parts of a pinned faust-streaming; tests/contract/test_faust_private_parts.py names each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import count
from typing import Any

from aiokafka import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from schemas.errors import Refused
from streams.assignor import Assignor
from streams.lanes import RUN_BYTES, RUN_RECORDS, Broken, Fold, Lane, Place, Run

WAITING_RECORDS = 20_000  # gathered in all lanes before the stream waits
WAITING_BYTES = 64_000_000
REQUEST_MS = 60_000
FETCH_WAIT_MS = 100  # a fetch that went out before the lanes were at their places keeps the first records waiting for so long
TRANSACTIONS_PER_S = 400  # of a worker: with many busy lanes each gathers longer (a broker on two cores takes about 500)


class Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The broker client's thread, reading committed records only and assigning by lane."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001
        consumer._request_timeout_ms = consumer._client._request_timeout_ms = REQUEST_MS  # noqa: SLF001 - the app's is of opening lanes
        strategy = type("LaneAssignor", (Assignor,), {"number_of": staticmethod(self.app.number_of)})
        consumer._partition_assignment_strategy = [strategy]  # noqa: SLF001
        return consumer

    async def committed(self, tp: TP) -> int | None:
        """The group's commit of one source."""
        found: int | None = await self.call_thread(self._ensure_consumer().committed, TopicPartition(tp.topic, tp.partition))
        return found

    def member_id(self) -> str:
        """What the group's broker calls us; another after each time it took us for gone."""
        return str(self._ensure_consumer()._coordinator.member_id)  # noqa: SLF001

    async def topics(self) -> frozenset[str]:
        """Names of all topics this user may see, asked of the broker now."""
        return frozenset(await self.call_thread(self._ensure_consumer().topics))


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Opens the lanes of its assignment and hands their records out in runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lanes: dict[int, Lane] = {}
        self._seat: tuple[str, int] | None = None  # who the group took us for, and its generation, when lanes were opened last
        self._room = asyncio.Event()
        self._opening = asyncio.Lock()
        self._places: dict[TP, Place] = {}
        self._dropped: set[TP] = set()  # fetched but not handed out: the broker client has moved on, so go back

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Open the lanes of the assignment, close the others, and go to their positions.

        A lane stays open only when nobody else can have owned it meanwhile: a generation that we missed may have given it away.
        """
        async with self._opening:
            mine = {tp for tp in self.assignment() if tp.topic in self.app.sources}
            numbers = {self.app.number_of(tp) for tp in mine}
            kept = numbers if self._took_part() else set()
            for number in set(self.lanes) - kept:
                lane = self.lanes.pop(number)
                self._put_back(lane)
                await lane.close()
            opened = await asyncio.gather(*(self.app.open_lane(number) for number in sorted(numbers - set(self.lanes))))
            self.lanes.update({lane.number: lane for lane in opened})
            for lane in self.lanes.values():
                self._put_back(lane)
            if mine:
                await self._seek_all(mine)

    def _took_part(self) -> bool:
        """Whether we were in every generation of the group since the lanes were opened last."""
        before, self._seat = self._seat, (self._thread.member_id(), self.app.consumer_generation_id)
        return before is not None and before[0] == self._seat[0] and self._seat[1] - before[1] in (0, 1)

    async def _seek_all(self, mine: set[TP]) -> None:
        earliest, ends = await self.earliest_offsets(*mine), await self.highwaters(*mine)
        for tp in mine:
            lane = self.lanes[self.app.number_of(tp)]
            committed = await self._thread.committed(tp)
            start = start_of(tp, lane.positions.get(tp), earliest[tp], ends[tp], committed)
            await self._seek(tp, start)
            self._places[tp] = Place(start)
            self._read_offset[tp] = None
            if tp in lane.positions:
                self._acked[tp] = [start - 1]  # the group's commit may be behind the lane

    def _put_back(self, lane: Lane) -> None:
        """Forget what was fetched before this seek: it comes again."""
        for _, event in lane.put_back():
            self.ack(event.message)
        self._room.set()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Hand out nothing of these before the next seek."""
        for tp in revoked:
            self._places.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109 - Faust's signature
        """The next runs, as messages of Faust."""
        generation = self.app.consumer_generation_id
        while self.flow_active and self._dropped:
            tp = self._dropped.pop()
            if tp in self._places:
                await self._seek(tp, self._places[tp].next)
        records, active = await self._wait_next_records(timeout)
        if not records or self.should_stop:
            return
        self._dropped.update(tp for tp, found in records.items() if found)
        for tp, found in records.items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if active is not None and tp not in active and tp not in self._buffered_partitions:
                continue
            wanted = self._unbroken(tp, found)
            if wanted is None:
                continue
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            for part in parts(wanted):
                lane, place = self.lanes.get(self.app.number_of(tp)), self._places.get(tp)
                if lane is None or place is None or not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                run = Run(lane, tp, place, place.handed, part[0].offset, part[-1].offset, sum(map(_size, part)), list(part))
                place.handed, place.next = run.last, run.last + 1
                self._read_offset[tp] = None
                message = self._to_message(tp, part[-1])
                message.key, message.value = None, run
                yield tp, message
            self._dropped.discard(tp)

    def _unbroken(self, tp: TP, found: Sequence[Any]) -> list[Any] | None:
        """The records from the wanted offset on; None when something was dropped before them, and must be fetched again."""
        place = self._places.get(tp)
        if not found or place is None:
            return None
        if found[0].offset > place.next and place.sought != place.next:
            place.sought = place.next  # something was dropped, or a transaction marker is there: go back and look once more
            return None
        return [record for record in found if record.offset >= place.next]

    async def verify_all_partitions_active(self) -> None:
        """Nothing: Faust looks for a stuck stream here, partition by partition, and what it looks at is not what we move."""

    def take(self, event: Any) -> Run | None:
        """The event's run, or None when it is from before a seek (it comes again). Raises Broken when one before it was lost."""
        run: Run = event.value
        tp = event.message.tp
        if self._places.get(tp) is not run.place:
            return None
        if run.after != run.place.taken:
            raise Broken(f"{tp}: run {run.first}-{run.last} follows {run.after}, but the lane has taken up to {run.place.taken}")
        run.place.taken = run.last
        return run

    async def offer(self, event: Any, fold: Fold) -> None:
        """Give the event's run to its lane; waits while too much is waiting."""
        while self._is_full():
            self._room.clear()
            await self._room.wait()
        run = self.take(event)  # only now: a seek may have come while it waited
        if run is None:
            self.ack(event.message)
            return
        if run.lane.task is None:
            run.lane.task = asyncio.create_task(self._serve(run.lane, fold))
        run.lane.put(run, event)

    def _is_full(self) -> bool:
        """Whether the open lanes hold as much as they may: what waits in a closed one counts no more."""
        lanes = self.lanes.values()
        return sum(lane.held_records for lane in lanes) > WAITING_RECORDS or sum(lane.held_bytes for lane in lanes) > WAITING_BYTES

    async def _serve(self, lane: Lane, fold: Fold) -> None:
        async def served(batch: list[tuple[Run, Any]]) -> None:
            for _, event in batch:
                self.ack(event.message)
            self._room.set()

        try:
            await lane.serve(fold, served, self._linger_s)
        except asyncio.CancelledError:
            raise
        except BaseException as exc:  # noqa: BLE001 - fenced, broken, or a defect: the process ends, another opens the lane
            await self.app.crash(exc)

    def _linger_s(self) -> float:
        """How long a lane gathers before it commits: longer when many are busy, so that the broker keeps up."""
        busy = sum(1 for lane in self.lanes.values() if lane.waiting)
        return max(0.005, busy / TRANSACTIONS_PER_S)

    def ack(self, message: Any) -> bool:
        """Mark a run as done with. Returns False when it was already."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        self._acked[message.tp] = [message.offset]
        return True

    def _new_offset(self, tp: TP) -> int | None:
        """The group's commit follows the lane: for tools that show lag, and for the tripwire in ``start_of``."""
        self._acked[tp] = []
        lane = self.lanes.get(self.app.number_of(tp))
        return lane.positions.get(tp) if lane else None

    async def topics(self) -> frozenset[str]:
        """Names of all topics this user may see, asked of the broker now."""
        found: frozenset[str] = await self._thread.topics()
        return found


class Transport(driver.Transport):  # type: ignore[misc]
    """Faust's transport with our consumer."""

    Consumer = Consumer


def start_of(tp: TP, position: int | None, earliest: int, end: int, committed: int | None) -> int:
    """Where to read a source from. Raises Refused when the log and the stored position do not fit: a person must act."""
    where = f"{tp.topic}/{tp.partition}"
    if committed is not None and committed > (position or 0):
        raise Refused(f"{where}: the group is at {committed}, the stored position at {position}: state was lost. Run `mekong rebuild`.")
    if position is None:
        return earliest
    if position > end:
        raise Refused(f"{where}: position {position} is beyond the log's end {end}: the topic was made anew. Give it a new name, v<n+1>.")
    if position < earliest:
        raise Refused(f"{where}: {position} was wanted, but the log starts at {earliest}: retention has deleted what was not read.")
    return position


def parts(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut records into runs of at most ``RUN_RECORDS`` and about ``RUN_BYTES``."""
    start = size = 0
    for end in count(1):
        if end > len(records):
            break
        size += _size(records[end - 1])
        if end - start == RUN_RECORDS or size >= RUN_BYTES:
            yield records[start:end]
            start, size = end, 0
    if start < len(records):
        yield records[start:]


def _size(record: Any) -> int:
    return len(record.value or b"")
