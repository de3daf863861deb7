"""How much waits in the lanes of a worker, and what becomes of a run whose lane is taken away while it waits for room."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from streams import consumer as module
from streams.consumer import Consumer
from streams.lanes import Broken, Lane, Place, Run

SOURCE = TopicPartition("in.VN-CUSTOMS.v1", 0)


class Message:
    tp, acked, offset = SOURCE, False, 0


@pytest.fixture
def consumer(monkeypatch):
    monkeypatch.setattr(module, "WAITING_RECORDS", 3)
    found = Consumer.__new__(Consumer)
    found.lanes, found._places, found._room = {0: lane()}, {SOURCE: Place(0)}, asyncio.Event()
    found._unacked_messages, found._acked = set(), {}
    return found


def lane():
    found = Lane(0, TopicPartition("cases.v1", 0), "intake-0", {})
    found.task = SimpleNamespace(cancel=lambda: None)  # serves nothing
    return found


def event(consumer, first, records=2):
    place = consumer._places[SOURCE]
    run = Run(consumer.lanes[0], SOURCE, place, first - 1 if first else None, first, first + records - 1, 10, [None] * records)
    return SimpleNamespace(value=run, message=Message())


def test_a_run_waits_while_the_lanes_are_full_and_goes_in_when_there_is_room(consumer):
    async def run():
        for first in (0, 2):
            await consumer.offer(event(consumer, first), None)
        third = asyncio.create_task(consumer.offer(event(consumer, 4), None))
        await asyncio.sleep(0.01)
        assert not third.done()
        served = consumer.lanes[0]._gather()
        consumer.lanes[0]._hold(served, -1)
        consumer._room.set()
        await third
        assert consumer.lanes[0].held_records == 2

    asyncio.run(run())


def test_a_run_that_waited_while_a_seek_came_is_dropped_because_it_comes_again(consumer):
    async def run():
        for first in (0, 2):
            await consumer.offer(event(consumer, first), None)
        stale = event(consumer, 4)
        waiting = asyncio.create_task(consumer.offer(stale, None))
        await asyncio.sleep(0.01)
        consumer._put_back(consumer.lanes[0])
        consumer._places[SOURCE] = Place(0)
        await waiting
        assert stale.message.acked
        assert not consumer.lanes[0].waiting
        await consumer.offer(event(consumer, 0), None)
        assert [run.first for run, _ in consumer.lanes[0].waiting] == [0]

    asyncio.run(run())


def test_what_waits_in_a_lane_that_was_closed_takes_no_room(consumer):
    async def run():
        for first in (0, 2):
            await consumer.offer(event(consumer, first), None)
        consumer.lanes[0]._gather()  # in a transaction that will not end
        consumer.lanes[0] = lane()
        consumer._places[SOURCE] = Place(0)
        await asyncio.wait_for(consumer.offer(event(consumer, 0), None), 1)

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

        here = consumer.lanes[0]
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
        consumer.app = SimpleNamespace(consumer_generation_id=generation)
        found.append(consumer._took_part())
    assert found == kept


def test_a_seek_closes_and_opens_again_what_was_not_ours_all_the_time(consumer):
    async def run():
        closed, opened = [], []

        async def close():
            closed.append(0)

        async def open_lane(number):
            opened.append(number)
            return lane()

        async def nothing(*_): ...

        consumer.lanes[0].close = close
        consumer._opening, consumer._seat = asyncio.Lock(), ("a", 1)
        consumer.assignment, consumer._seek_all = (lambda: {SOURCE}), nothing
        consumer.app = SimpleNamespace(consumer_generation_id=2, sources={SOURCE.topic}, number_of=lambda _: 0, open_lane=open_lane)
        for member in ("a", "b"):
            consumer._thread = SimpleNamespace(member_id=lambda member=member: member)
            await consumer.perform_seek()
        assert (closed, opened) == ([0], [0])

    asyncio.run(run())
