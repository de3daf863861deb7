"""Reading topics up to ends fixed before: it comes to its end, or says that the broker gives nothing any more."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from kafka import TopicPartition

from mekong.schemas import patience
from mekong.schemas.errors import Retriable
from mekong.schemas.patience import Patience
from mekong.schemas.upto import up_to

A, B = TopicPartition("a", 0), TopicPartition("b", 0)


class Consumer:
    """Stands where the polls have led it; each poll takes ten seconds."""

    def __init__(self, time, polls):
        self._time, self._polls, self._places, self.paused = time, iter(polls), {A: None, B: 0}, []

    def position(self, tp, timeout_ms):
        return self._places[tp]

    def pause(self, *tps):
        self.paused += tps

    def poll(self, timeout_ms):
        self._time.now += 10
        moved = next(self._polls, {})
        self._places |= moved
        return {tp: [SimpleNamespace(offset=place - 1)] for tp, place in moved.items()}


@pytest.fixture
def time(monkeypatch):
    found = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(patience.time, "monotonic", lambda: found.now)
    return found


def test_it_ends_when_each_partition_is_through_and_pauses_what_is(time):
    consumer = Consumer(time, [{A: 1}, {}, {A: 2}, {B: 7}])
    assert [sorted(polled) for polled in up_to(consumer, {A: 2, B: 5}, "read a and b")] == [[A], [A], [B]]
    assert consumer.paused == [A, B]


def test_nothing_is_polled_where_nothing_is_to_be_read(time):
    assert list(up_to(Consumer(time, []), {B: 0}, "read b")) == []
    assert time.now == 1_000


def test_a_broker_that_gives_nothing_any_more_is_an_error_that_says_what_was_read(time):
    polls = up_to(Consumer(time, [{A: 1}]), {A: 2, B: 5}, "read a and b")
    next(polls)
    with pytest.raises(Retriable, match=r"cannot read a and b: nothing has come from Kafka for 30 s"):
        next(polls)
    assert time.now == 1_050


def test_a_slow_reader_that_gets_further_is_waited_for(time):
    slow = Patience("read")
    for place in range(10):
        time.now += 300
        slow.look(place)
