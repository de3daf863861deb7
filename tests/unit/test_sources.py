"""Which sources a worker reads: one agency's that it may not read, or that does not fit, and no other, is left out."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import TopicAuthorizationFailedError
from faust.types import TP

from mekong.schemas.topics import INCOMING, JOURNAL, lane_of
from mekong.schemas.wire import dump
from mekong.streams.core.intake.orders import source_key
from mekong.streams.sources import Sources, Unfit

BROKEN, OTHER, OURS = TP(INCOMING.of("VN-CUSTOMS"), 0), TP(INCOMING.of("TH-POLICE"), 0), TP(JOURNAL.name, 6)
LANE = lane_of(BROKEN.topic)


class Consumer:
    """What Sources asks of one, and what it was told."""

    def __init__(self):
        self.orders, self.fetched, self.placed = [], {}, {}
        self.lane = SimpleNamespace(state={}, positions={})
        self.app = SimpleNamespace(connection={}, plan=SimpleNamespace(parking=self), number_of=lambda _: LANE)

    async def order(self, _, order):
        self.orders.append((order.topic, order.action, order.retry))

    async def fetch(self, tp, *, wanted):
        self.fetched[tp] = wanted

    async def try_again(self, tp):
        await self.fetch(tp, wanted=True)

    def place(self, tp, lane, at):
        self.placed[tp] = at

    def unplace(self, tp):
        self.placed.pop(tp, None)

    def park(self, tp, **how):
        self.lane.state[source_key(tp.topic)] = dump({"f": 1, "by": "exchange", "reason": "", "retry": False} | how)


@pytest.fixture
def consumer():
    return Consumer()


def does_not_fit():
    raise Unfit("records were deleted")


async def start_at(_):
    return lambda: 12


async def is_deleted():
    does_not_fit()


async def is_there():
    pass


def test_a_source_that_does_not_fit_is_parked_and_the_others_are_read(consumer):
    async def run():
        sources = Sources(consumer)
        await sources.begin(BROKEN, consumer.lane, does_not_fit)
        await sources.begin(OTHER, consumer.lane, lambda: 5)

    asyncio.run(run())
    assert consumer.orders == [(BROKEN.topic, "park", False)]
    assert (consumer.fetched, consumer.placed) == ({BROKEN: False, OTHER: True}, {OTHER: 5})


def test_a_topic_of_ours_that_does_not_fit_is_refused(consumer):
    with pytest.raises(Unfit):
        asyncio.run(Sources(consumer).begin(OURS, consumer.lane, does_not_fit))
    assert consumer.orders == []


def test_what_is_parked_already_is_not_looked_at_and_no_order_is_written_again(consumer):
    consumer.park(BROKEN)
    asyncio.run(Sources(consumer).begin(BROKEN, consumer.lane, does_not_fit))
    assert (consumer.orders, consumer.fetched) == ([], {BROKEN: False})


def test_a_right_that_is_taken_away_parks_its_topic_once_and_unparks_it_when_it_is_back(consumer, monkeypatch):
    async def run():
        sources = Sources(consumer)
        for tp in (BROKEN, OTHER):
            await sources.begin(tp, consumer.lane, lambda: 5)
        refused = TopicAuthorizationFailedError(BROKEN.topic)
        await sources.bar(refused, [BROKEN, OTHER])
        assert consumer.fetched == {BROKEN: False, OTHER: True}
        await sources.try_again()
        assert consumer.fetched[BROKEN]
        await sources.bar(refused, [BROKEN, OTHER])
        assert len(consumer.orders) == 1
        await sources.came(BROKEN)
        await sources.came(BROKEN)

    asyncio.run(run())
    assert consumer.orders == [(BROKEN.topic, "park", True), (BROKEN.topic, "unpark", False)]


def test_a_worker_that_starts_tries_what_a_right_was_missing_for(consumer):
    consumer.park(BROKEN, retry=True)

    async def run():
        sources = Sources(consumer)
        await sources.begin(BROKEN, consumer.lane, lambda: 5)
        assert consumer.fetched == {BROKEN: True}
        await sources.came(BROKEN)

    asyncio.run(run())
    assert consumer.orders == [(BROKEN.topic, "unpark", False)]


def test_a_right_to_a_topic_of_ours_that_is_missing_ends_the_process(consumer):
    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(Sources(consumer).bar(TopicAuthorizationFailedError(OURS.topic), [OURS, BROKEN]))


def test_records_that_do_not_follow_are_looked_at_and_the_source_is_parked(consumer):
    assert not asyncio.run(Sources(consumer).fits(BROKEN, is_deleted))
    assert consumer.orders == [(BROKEN.topic, "park", False)]


def test_records_that_do_not_follow_and_are_there_all_the_same_park_nothing(consumer):
    assert asyncio.run(Sources(consumer).fits(BROKEN, is_there))
    assert consumer.orders == []


def test_orders_of_the_lane_are_followed(consumer):
    lane = consumer.lane

    async def run():
        sources = Sources(consumer)
        await sources.begin(BROKEN, consumer.lane, lambda: 5)
        consumer.park(BROKEN, by="operator")
        await sources.heed(lane, {BROKEN: 5, OTHER: 1}, start_at)
        assert (consumer.fetched, consumer.placed) == ({BROKEN: False}, {})
        lane.state.clear()
        await sources.heed(lane, {BROKEN: None, OTHER: 1}, start_at)
        assert (consumer.fetched, consumer.placed) == ({BROKEN: True}, {BROKEN: 12})
        lane.positions[BROKEN] = 12
        consumer.placed.clear()
        await sources.heed(lane, {BROKEN: 12, OTHER: 1}, start_at)
        assert consumer.placed == {}
        await sources.heed(lane, {BROKEN: 9, OTHER: 1}, start_at)  # a skip of what is being read
        assert consumer.placed == {BROKEN: 12}

    asyncio.run(run())
