"""The mailroom without a broker: no reader loses a receipt, and none waits for a thread that has ended."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest
from kafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError

from mekong.producers.gateway import topic_reader
from mekong.producers.gateway.mailroom import Mailroom
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.shelf import SHELF, Found, Shelf
from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings

TOPIC = "receipts.VN-CUSTOMS.v1"
ALERTS = "alerts.TH-CUSTOMS.v1"


class Consumer:
    """Topics that are empty. ``fails`` are raised, the last one first. Nobody may see the end of a topic in ``unseen``, before ``seen``
    is set; nobody may read those in ``unreadable``.
    """

    def __init__(self, fails=(), unseen=(), unreadable=()):
        self.fails, self.unseen, self.unreadable = list(fails), set(unseen), set(unreadable)
        self.seen, self.assigned = threading.Event(), []

    def _may_fail(self):
        if self.fails:
            raise self.fails.pop()

    def end_offsets(self, partitions, timeout_ms):
        if any(tp.topic in self.unseen for tp in partitions):
            self.seen.wait(60)
            raise KafkaTimeoutError("no end")
        return dict.fromkeys(partitions, 0)

    def assignment(self):
        return set(self.assigned)

    def assign(self, partitions):
        self.assigned = list(partitions)
        if partitions:
            self._may_fail()

    def seek(self, tp, offset):
        pass

    def poll(self, timeout_ms):
        if refused := {tp.topic for tp in self.assigned} & self.unreadable:
            raise TopicAuthorizationFailedError(refused)
        return {}

    def close(self):
        raise ValueError("it cannot be closed")


async def opened(monkeypatch, *fails, consumer=None) -> Mailroom:
    found = consumer or Consumer(fails)
    monkeypatch.setattr(topic_reader, "reader", lambda *_: found)
    return Mailroom(Settings())


async def ended(one: Mailroom) -> None:
    one.close()
    await asyncio.to_thread(one._thread.join, 30)
    assert not one._thread.is_alive()


def test_a_reader_that_slept_while_more_than_a_shelf_came_loses_none(monkeypatch):
    def older(settings, topic, after, before, most):
        return Found([(one, b"") for one in range(after, before)][:most], after + most)

    async def story():
        one = await opened(monkeypatch)
        assert await one.place(TOPIC) == 0
        reading = asyncio.create_task(one.read(TOPIC, 0, 1_000, 30))
        await asyncio.sleep(0)
        shelf: Shelf = one._shelves[TOPIC]
        for start in range(0, SHELF + 1_000, 500):
            shelf.add([(at, b"") for at in range(start, start + 500)], start + 500)
        found = await reading
        assert [at for at, _ in found.receipts] == list(range(1_000))
        await ended(one)

    monkeypatch.setattr(topic_reader, "older", older)
    asyncio.run(story())


@pytest.mark.parametrize("failure", [Retriable("away"), KeyError("a fault of a library")], ids=["the broker", "our code"])
def test_what_fails_is_503_and_the_next_reader_is_answered(monkeypatch, failure):
    async def story():
        one = await opened(monkeypatch, failure)
        async with asyncio.timeout(30):
            with pytest.raises(Problem, match="503"):
                await one.place(TOPIC)
            while True:  # whoever asks while the connection is being closed is refused too
                with suppress(Problem):
                    assert await one.place(TOPIC) == 0
                    break
        await ended(one)

    asyncio.run(story())


def test_whoever_asks_when_the_thread_has_ended_is_refused(monkeypatch):
    async def story():
        one = await opened(monkeypatch)
        await ended(one)
        async with asyncio.timeout(30):
            with pytest.raises(Problem, match="503"):
                await one.place(TOPIC)

    asyncio.run(story())


def test_a_topic_that_the_gateway_may_not_see_delays_no_other_agency(monkeypatch):
    async def story():
        consumer = Consumer(unseen=[ALERTS])
        one = await opened(monkeypatch, consumer=consumer)
        alerts = [asyncio.create_task(one.place(ALERTS)) for _ in range(20)]
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            assert await one.place(TOPIC) == 0
        assert not any(task.done() for task in alerts)
        consumer.seen.set()
        await asyncio.wait(alerts)
        assert {task.exception().status for task in alerts} == {503}
        await ended(one)

    asyncio.run(story())


def test_a_topic_that_the_gateway_may_not_read_stops_no_other_reader(monkeypatch, caplog):
    async def story():
        one = await opened(monkeypatch, consumer=Consumer(unreadable=[ALERTS]))
        assert await one.place(TOPIC) == 0
        reading = asyncio.create_task(one.read(TOPIC, 0, 1, 60))
        async with asyncio.timeout(30):
            with pytest.raises(Problem, match="503"):
                await one.read(ALERTS, 0, 1, 60)
            with pytest.raises(Problem, match="503"):
                await one.read(ALERTS, 0, 1, 60)
        assert not reading.done()
        one._shelves[TOPIC].add([(0, b"a receipt")], 1)
        assert (await reading).receipts == [(0, b"a receipt")]
        await ended(one)

    asyncio.run(story())
    assert caplog.text.count(f"the gateway may not read {ALERTS}") == 1
