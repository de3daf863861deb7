"""Faust's consumer made to hand out runs: unbroken, in order, each from the position of its lane.

Stock Faust pays about 200 us between fetch and agent for each record and can lose records around a rebalance. Here one stream
event is a run of up to ``RUN_RECORDS`` consecutive records, and what was fetched and dropped is fetched again. This file and
streams/app.py lean on private parts of a pinned faust-streaming; tests/contract/test_faust_private_parts.py names each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import count
from typing import Any

from aiokafka import TopicPartition
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from schemas.errors import Refused
from streams.lanes import RUN_BYTES, RUN_RECORDS, Broken, Fold, Lane, Run

WAITING_RECORDS = 20_000  # gathered in all lanes before the stream waits
WAITING_BYTES = 64_000_000
REQUEST_MS = 60_000
FETCH_WAIT_MS = 100  # a fetch that went out before the lanes were at their places keeps the first records waiting for so long
TRANSACTIONS_PER_S = 400  # of a worker: with many busy lanes each gathers longer (a broker on two cores takes about 500)


class Assignor(AbstractPartitionAssignor):  # type: ignore[misc]
    """Gives all sources of a lane to one member."""

    name, version = "lanes", 0
    number_of: Callable[[TP], int]  # set by the app

    @classmethod
    def assign(cls, cluster: Any, members: Any) -> Any:
        """Member -> its partitions. A topic its owner does not know yet waits for that member's next start."""
        given: dict[str, dict[str, list[int]]] = {member: {} for member in members}
        for topic in sorted({topic for member in members.values() for topic in member.subscription}):
            for partition in sorted(cluster.partitions_for_topic(topic) or ()):
                owner = sorted(members)[cls.number_of(TP(topic, partition)) % len(members)]
                if topic in members[owner].subscription:
                    given[owner].setdefault(topic, []).append(partition)
        return {member: ConsumerProtocolMemberAssignment(cls.version, sorted(topics.items()), b"") for member, topics in given.items()}

    @classmethod
    def metadata(cls, topics: Any) -> Any:
        """What a member tells the group's leader."""
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: Any) -> None:
        """Nothing to remember."""


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

    async def topics(self) -> frozenset[str]:
        """Names of all topics this user may see, asked of the broker now."""
        return frozenset(await self.call_thread(self._ensure_consumer().topics))


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Opens the lanes of its assignment and hands their records out in runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lanes: dict[int, Lane] = {}
        self._waiting_records = self._waiting_bytes = 0
        self._room = asyncio.Event()
        self._opening = asyncio.Lock()
        self._next: dict[TP, int] = {}  # offset the next run must start at
        self._dropped: set[TP] = set()  # fetched but not handed out: the broker client has moved on, so go back
        self._sought: dict[TP, int] = {}
        self._handed: dict[TP, int | None] = {}

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Open the lanes of the assignment, close the others, and go to their positions."""
        async with self._opening:
            mine = {tp for tp in self.assignment() if tp.topic in self.app.sources}
            numbers = {self.app.number_of(tp) for tp in mine}
            for number in set(self.lanes) - numbers:
                await self.lanes.pop(number).close()
            opened = await asyncio.gather(*(self.app.open_lane(number) for number in sorted(numbers - set(self.lanes))))
            self.lanes.update({lane.number: lane for lane in opened})
            for lane in self.lanes.values():
                self._put_back(lane)
            if mine:
                await self._seek_all(mine)

    async def _seek_all(self, mine: set[TP]) -> None:
        earliest, ends = await self.earliest_offsets(*mine), await self.highwaters(*mine)
        for tp in mine:
            lane = self.lanes[self.app.number_of(tp)]
            committed = await self._thread.committed(tp)
            start = start_of(tp, lane.positions.get(tp), earliest[tp], ends[tp], committed)
            await self._seek(tp, start)
            self._next[tp], self._sought[tp], self._handed[tp], lane.taken[tp] = start, -1, None, None
            self._read_offset[tp] = None
            if tp in lane.positions:
                self._acked[tp] = [start - 1]  # the group's commit may be behind the lane

    def _put_back(self, lane: Lane) -> None:
        """Forget what was fetched before this seek: it comes again."""
        while lane.waiting:
            run, event = lane.waiting.popleft()
            self._make_room([(run, event)])
            self.ack(event.message)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Hand out nothing of these before the next seek."""
        for tp in revoked:
            self._next.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109 - Faust's signature
        """The next runs, as messages of Faust."""
        generation = self.app.consumer_generation_id
        while self.flow_active and self._dropped:
            tp = self._dropped.pop()
            if tp in self._next:
                await self._seek(tp, self._next[tp])
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
                lane = self.lanes.get(self.app.number_of(tp))
                if lane is None or not self.flow_active or self.app.consumer_generation_id != generation or tp not in self._next:
                    return
                run = Run(lane, tp, self._handed[tp], part[0].offset, part[-1].offset, sum(map(_size, part)), list(part))
                self._handed[tp], self._next[tp] = run.last, run.last + 1
                self._read_offset[tp] = None
                message = self._to_message(tp, part[-1])
                message.key, message.value = None, run
                yield tp, message
            self._dropped.discard(tp)

    def _unbroken(self, tp: TP, found: Sequence[Any]) -> list[Any] | None:
        """The records from the wanted offset on; None when something was dropped before them, and must be fetched again."""
        wanted = self._next.get(tp)
        if not found or wanted is None:
            return None
        if found[0].offset > wanted and self._sought.get(tp) != wanted:
            self._sought[tp] = wanted  # something was dropped, or a transaction marker is there: go back and look once more
            return None
        return [record for record in found if record.offset >= wanted]

    async def verify_all_partitions_active(self) -> None:
        """Nothing: Faust looks for a stuck stream here, partition by partition, and what it looks at is not what we move."""

    def take(self, event: Any) -> Run | None:
        """The event's run, or None when it is stale (it comes again). Raises Broken when one before it was lost."""
        run: Run = event.value
        tp = event.message.tp
        if self.lanes.get(run.lane.number) is not run.lane or tp not in self._next:
            return None
        if run.after != run.lane.taken.get(tp):
            raise Broken(f"{tp}: run {run.first}-{run.last} follows {run.after}, but the lane has taken up to {run.lane.taken.get(tp)}")
        run.lane.taken[tp] = run.last
        return run

    async def offer(self, event: Any, fold: Fold) -> None:
        """Give the event's run to its lane; waits while too much is waiting."""
        run = self.take(event)
        if run is None:
            self.ack(event.message)
            return
        while self._waiting_records > WAITING_RECORDS or self._waiting_bytes > WAITING_BYTES:
            self._room.clear()
            await self._room.wait()
        if run.lane.task is None:
            run.lane.task = asyncio.create_task(self._serve(run.lane, fold))
        self._waiting_records += len(run.records)
        self._waiting_bytes += run.size
        run.lane.put(run, event)

    async def _serve(self, lane: Lane, fold: Fold) -> None:
        async def served(batch: list[tuple[Run, Any]]) -> None:
            self._make_room(batch)
            for _, event in batch:
                self.ack(event.message)

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

    def _make_room(self, batch: list[tuple[Run, Any]]) -> None:
        for run, _ in batch:
            self._waiting_records -= len(run.records)
            self._waiting_bytes -= run.size
        self._room.set()

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
