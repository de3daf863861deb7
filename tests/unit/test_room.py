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
