"""Runs are unbroken: what was fetched and dropped is fetched again, and nothing else is."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from mekong.schemas.errors import Refused
from mekong.streams.consumer import Consumer
from mekong.streams.lanes import ReadPosition
from mekong.streams.member import Fetched
from mekong.streams.sources import Sources

SOURCE = TopicPartition("journal.v1", 0)


class Broker:
    """A log of one transaction a record, each record with the marker of its commit behind it, and a client that reads it."""

    def __init__(self, transactions, begins=0):
        self.offsets, self.begins, self.stands, self.fetches = [2 * number for number in range(transactions)], begins, 0, 0

    def fetch(self):
        """The next record; the client stands behind the marker then, or moves on by itself when the log begins later."""
        self.fetches += 1
        begin = self.stands if self.stands >= self.begins else None
        offset = next(offset for offset in self.offsets if offset >= max(self.stands, self.begins))
        self.stands = offset + 1
        return Fetched(begin, [SimpleNamespace(offset=offset)])


@pytest.fixture
def consumer():
    found = Consumer.__new__(Consumer)
    found._places = {SOURCE: ReadPosition(0)}
    found.app = SimpleNamespace(plan=SimpleNamespace(parking=None))
    found._reading = Sources(found)
    return found


def read(consumer, broker, drops=()):
    """All records in runs, a fetch of some of them dropped on the way."""

    async def earliest_offsets(tp):
        return {tp: broker.begins}

    async def highwaters(tp):
        return {tp: broker.offsets[-1] + 2}

    async def run():
        consumer.earliest_offsets, consumer.highwaters = earliest_offsets, highwaters
        consumer._go_back = lambda _: setattr(broker, "stands", place.next)
        place, taken = consumer._places[SOURCE], []
        while len(taken) < len(broker.offsets):
            fetched = broker.fetch()
            if broker.fetches in drops:
                continue
            for record in await consumer._unbroken(SOURCE, place, fetched):
                taken.append(record.offset)
                place.next = record.offset + 1
        return taken

    return asyncio.run(run())


def test_each_transaction_of_a_topic_is_fetched_once(consumer):
    broker = Broker(1_000)
    assert read(consumer, broker) == broker.offsets
    assert broker.fetches == 1_000


def test_what_was_dropped_is_fetched_again(consumer):
    broker = Broker(100)
    assert read(consumer, broker, drops={3, 4, 50}) == broker.offsets
    assert broker.fetches == 105  # three dropped, and two found to begin too late: the third and fourth were one gap


def test_records_of_a_place_that_is_no_more_are_dropped(consumer):
    old = consumer._places[SOURCE]
    consumer._places[SOURCE] = ReadPosition(500)
    assert asyncio.run(consumer._unbroken(SOURCE, old, Fetched(0, [SimpleNamespace(offset=0)]))) == ()


def test_a_log_that_begins_behind_the_wanted_offset_is_refused_and_not_passed_over(consumer):
    with pytest.raises(Refused, match="0 was wanted, but the log starts at 6"):
        read(consumer, Broker(10, begins=6))
