"""How much may wait in a lane, what is read meanwhile, and what becomes of a run whose lane was taken away."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from mekong.streams import reader as module
from mekong.streams.consumer import Consumer
from mekong.streams.lanes import Broken, Lane, ReadPosition, Run
from mekong.streams.member import Fetched
from mekong.streams.reader import HURRY_S
from mekong.streams.sources import Sources
from mekong.streams.worker_lanes import WorkerLanes

VN, LA = TopicPartition("in.VN-CUSTOMS.v1", 0), TopicPartition("in.LA-CUSTOMS.v1", 0)
NUMBERS = {VN: 0, LA: 1}


class Message:
    tp, acked, offset = VN, False, 0


@pytest.fixture
def consumer(monkeypatch):
    monkeypatch.setattr(module, "LANE_RECORDS", 3)
    found = Consumer.__new__(Consumer)
    found.app = SimpleNamespace(number_of=NUMBERS.__getitem__)
    found.held = WorkerLanes(found, "intake")
    found.held.open = {0: lane(0), 1: lane(1)}
    found._sources, found._reading = {VN, LA}, Sources(found)
    found._places, found._dropped, found._room = {VN: ReadPosition(0), LA: ReadPosition(0)}, set(), asyncio.Event()
    found._unacked_messages, found._acked = set(), {}
    return found


def lane(number):
    found = Lane(number, TopicPartition("cases.v1", number), f"intake-{number}", {})
    found.task = SimpleNamespace(cancel=lambda: None)  # serves nothing
    return found


def event(consumer, first, records=2):
    place = consumer._places[VN]
    run = Run(consumer.held.open[0], VN, place, first - 1 if first else None, first, first + records - 1, 10, [None] * records)
    return SimpleNamespace(value=run, message=Message())


def test_a_lane_that_stands_takes_no_room_from_the_others(consumer):
    async def run():
        for first in (0, 2):
            await consumer.offer(event(consumer, first), None)
        assert [tp for tp in (VN, LA) if consumer._has_room(tp)] == [LA]
        served = consumer.held.open[0]._gather()
        assert not consumer._has_room(VN), "what is in a transaction is held, too"
        consumer.held.open[0]._hold(served, -1)
        assert consumer._has_room(VN)

    asyncio.run(run())


def test_only_lanes_with_room_are_read_and_the_others_soon_after(consumer, monkeypatch):
    async def run():
        asked = []

        async def fetched(readable, most_s):
            asked.append((readable, most_s))
            return {LA: Fetched(0, [SimpleNamespace(offset=0, value=b"1")])}

        async def offsets(tp):
            return {tp: 0 if consumer._places[tp].next == 0 else 1}

        consumer.flow_active, consumer._read_offset = True, {}
        consumer.earliest_offsets = consumer.highwaters = offsets
        consumer._getmany, consumer._to_message = fetched, lambda tp, _: SimpleNamespace(tp=tp)
        monkeypatch.setattr(Consumer, "should_stop", False)
        for first in (0, 2):
            await consumer.offer(event(consumer, first), None)
        handed = [message async for _, message in consumer.getmany(1.0)]
        assert [message.tp for message in handed] == [LA]
        assert not any(message.generation_id != generation for message in handed for generation in (1, 2)), "or a stream drops it"
        assert asked == [({LA}, HURRY_S)]
        consumer.leave(consumer.held.open.pop(0))
        consumer._sources = {LA}
        assert [tp async for tp, _ in consumer.getmany(1.0)] == []  # the same offsets once more: they were handed out
        assert asked[1:] == [({LA}, 1.0)]

    asyncio.run(run())


def test_a_run_is_dropped_when_its_lane_went_because_it_comes_again(consumer):
    async def run():
        for first in (0, 2):
            await consumer.offer(event(consumer, first), None)
        stale, here = event(consumer, 4), consumer.held.open[0]
        consumer.leave(here)
        consumer._places[VN] = ReadPosition(0)
        await consumer.offer(stale, None)
        assert stale.message.acked
        assert not here.waiting
        await consumer.offer(event(consumer, 0), None)
        assert [run.first for run, _ in here.waiting] == [0]

    asyncio.run(run())


def test_a_run_that_follows_another_that_was_lost_ends_the_worker(consumer):
    with pytest.raises(Broken, match="follows 1"):
        asyncio.run(consumer.offer(event(consumer, 2), None))


def test_what_went_through_takes_no_room(consumer, monkeypatch):
    async def run():
        served = asyncio.Event()

        async def transact(runs, fold): ...

        async def done(batch):
            served.set()

        here = consumer.held.open[0]
        monkeypatch.setattr(here, "transact", transact)
        await consumer.offer(event(consumer, 0), None)
        serving = asyncio.create_task(here.serve(None, done, lambda: 0.0))
        await served.wait()
        assert (here.held_records, here.held_bytes) == (0, 0)
        serving.cancel()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("seats", "kept"),
    [
        pytest.param([("a", 1)], [False], id="the first time"),
        pytest.param([("a", 1), ("a", 2), ("a", 3)], [False, True, True], id="another came or went"),
        pytest.param([("a", 1), ("a", 1)], [False, True], id="the same again"),
        pytest.param([("a", 1), ("a", 3), ("a", 4)], [False, False, True], id="a generation was missed"),
        pytest.param([("a", 1), ("b", 2)], [False, False], id="it was taken for gone"),
        pytest.param([("a", 7), ("a", 1)], [False, False], id="the group began anew"),
    ],
)
def test_lanes_stay_open_only_when_nobody_else_can_have_had_them(consumer, seats, kept):
    """Each seat: what the group calls us, and its generation."""
    found, consumer._seat = [], None
    for member, generation in seats:
        consumer._thread = SimpleNamespace(member_id=lambda member=member: member)
        found.append(consumer._took_part(generation))
    assert found == kept
