"""Makes Faust's consumer return runs of records: without gaps, in order, from the lane's position, while the lane has room.

Faust itself needs about 200 us between fetch and agent for each record, and can lose records around a rebalance. Here one stream event
is a run of up to ``RUN_RECORDS`` consecutive records, and records that were fetched and dropped are fetched again. streams/consumer.py
decides which lanes there are and where their reading starts. This module, streams/consumer.py, streams/member.py and streams/app.py
depend on private parts of a pinned faust-streaming; tests/contract/test_faust_private_parts.py names each part.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import (
    CorruptRecordException,
    IllegalStateError,
    KafkaConnectionError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
)
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from mekong.schemas.raw_records import Reading, patient
from mekong.streams.lanes import RUN_BYTES, RUN_RECORDS, Broken, Lane, ReadPosition, Run
from mekong.streams.member import Fetched
from mekong.streams.sources import Sources, start_of
from mekong.streams.worker_lanes import WorkerLanes

LANE_RECORDS = 5_000  # that may wait in a lane; then its sources are not read, and the other lanes continue
LANE_BYTES = 8_000_000
HURRY_S = 0.05  # how long a fetch waits for the others while a lane is full, or is being opened

fetcher.MemoryRecords = patient(fetcher.MemoryRecords, Reading(CorruptRecordException))  # a record of a member must never stop a worker


class _Any(int):
    """A generation that equals every other. Faust's streams drop messages of an older one; here only a run's place makes it outdated."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = int.__hash__


ANY_GENERATION = _Any()


class Reader(driver.Consumer):  # type: ignore[misc]
    """Returns the records of the sources that have a place, in runs."""

    held: WorkerLanes

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._room = asyncio.Event()
        self._sources: set[TP] = set()  # the assignment
        self._places: dict[TP, ReadPosition] = {}
        self._reading = Sources(self)
        self._dropped: set[TP] = set()  # fetched and not passed to the agent: the broker client has moved on, so seek back

    def place(self, tp: TP, lane: Lane, start: int) -> None:
        """Read a source of a lane from ``start`` on."""
        if self._is_ours(tp, lane):
            self._places[tp] = ReadPosition(start)
            self._go_back(tp)
            if tp in lane.positions:
                self._acked[tp] = [start - 1]  # the group's commit may be lower than the lane's position
            self._room.set()

    def unplace(self, tp: TP) -> None:
        """Return no more records of a source."""
        self._places.pop(tp, None)

    async def fetch(self, tp: TP, *, wanted: bool) -> None:
        """Start or stop asking the broker for records of a source."""
        if tp in self._sources:
            await self._thread.fetch(tp, wanted=wanted)

    def leave(self, lane: Lane) -> None:
        """Pass no more records to a lane, and drop its waiting runs. The next owner of the lane reads them again."""
        for tp in [tp for tp in self._places if self.app.number_of(tp) == lane.number]:
            del self._places[tp]
        for _, event in lane.drain():
            self.ack(event.message)
        self._room.set()

    def _is_ours(self, tp: TP, lane: Lane) -> bool:
        return tp in self._sources and self.held.open.get(lane.number) is lane

    def _go_back(self, tp: TP) -> None:
        """Seek to the offset at which the next run begins."""
        with suppress(IllegalStateError):  # another member has it now: the next assignment will show this
            self._thread.seek(tp, self._places[tp].next)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109 - Faust's signature
        """The next runs, as messages of Faust."""
        await self._reading.try_again()
        while self._dropped:
            tp = self._dropped.pop()
            if tp in self._places:
                self._go_back(tp)
        readable = {tp for tp in self._places if self._has_room(tp)} if self.flow_active else set()
        if not readable:
            await self._wait_for_room(timeout)
            return
        places = {tp: self._places[tp] for tp in readable}
        try:
            found = await self._getmany(readable, timeout if len(readable) == len(self._sources) else HURRY_S)
        except TopicAuthorizationFailedError as exc:
            await self._reading.bar(exc, readable)
            return
        if self.should_stop:
            return
        self._dropped.update(found)
        for tp, fetched in found.items():
            for part in parts(await self._unbroken(tp, places[tp], fetched)):
                if (message := self._handed(tp, places[tp], part)) is None:
                    return
                yield tp, message
            self._dropped.discard(tp)

    async def _unbroken(self, tp: TP, place: ReadPosition, fetched: Fetched) -> Sequence[Any]:
        """The records from the wanted offset on. When the client began after this offset: none, and a seek back to it.

        The offset at which the client began is reported by the client itself. The first record cannot show it, because it may come later,
        after the marker of a transaction. Raises Refused.
        """
        if self._places.get(tp) is not place:
            return ()
        if fetched.begin is not None and fetched.begin <= place.next:
            await self._reading.came(tp)
            wanted = [record for record in fetched.records if record.offset >= place.next]
            if wanted or not fetched.records or await self._reading.fits(tp, partial(self._look, tp, place.next)):
                return wanted
            return ()
        if place.sought == place.next and not await self._reading.fits(tp, partial(self._look, tp, place.next)):
            return ()
        place.sought = place.next
        self._go_back(tp)
        return ()

    async def _look(self, tp: TP, wanted: int) -> None:
        """Raises Unfit when the log does not have the wanted offset. Then the client has moved on by itself, and would do so again."""
        with suppress(KafkaConnectionError, RequestTimedOutError):
            (await self._start(tp, wanted))()

    async def _start(self, tp: TP, position: int | None) -> Callable[[], int]:
        """Ask the broker for the ends of a source's log; returns a function that says where to start to read."""
        earliest, ends = await self.earliest_offsets(tp), await self.highwaters(tp)
        return partial(start_of, tp, position, earliest[tp], ends[tp], None)

    def _handed(self, tp: TP, place: ReadPosition, part: Sequence[Any]) -> Any | None:
        """A run as a message of Faust; None when its lane is not open any more."""
        lane = self.held.open.get(self.app.number_of(tp))
        if lane is None or self._places.get(tp) is not place:
            return None
        run = Run(lane, tp, place, place.handed, part[0].offset, part[-1].offset, sum(map(_size, part)), list(part))
        place.handed, place.next = run.last, run.last + 1
        self._read_offset[tp] = None
        message = self._to_message(tp, part[-1])
        message.key, message.value, message.generation_id = None, run, ANY_GENERATION
        return message

    async def verify_all_partitions_active(self) -> None:
        """Do nothing. Faust looks here for stuck streams by offsets that this reader does not set."""

    def take(self, event: Any) -> Run | None:
        """The event's run; None when it is from before a seek (its records are read again). Raises Broken when a run before it was lost."""
        run: Run = event.value
        tp = event.message.tp
        if self._places.get(tp) is not run.place:
            return None
        if run.after != run.place.taken:
            raise Broken(f"{tp}: run {run.first}-{run.last} follows {run.after}, but the lane's last offset is {run.place.taken}")
        run.place.taken = run.last
        return run

    def ack(self, message: Any) -> bool:
        """Mark a run as finished. Returns False when it was marked already."""
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        self._acked[message.tp] = [message.offset]
        return True

    def _has_room(self, tp: TP) -> bool:
        """Whether the lane of a source may hold more runs. So a lane that is stuck takes no room from the others."""
        lane = self.held.open.get(self.app.number_of(tp))
        return lane is not None and lane.held_records < LANE_RECORDS and lane.held_bytes < LANE_BYTES

    async def _wait_for_room(self, most_s: float) -> None:
        """Wait while no lane has room: the lanes are full, or rebuild detectors' state before their first record, which may take long."""
        self._room.clear()
        try:
            async with asyncio.timeout(most_s):
                await self._room.wait()
        except TimeoutError:
            await self._thread.fetches_nothing()


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
