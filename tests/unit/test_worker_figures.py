"""The figures of a worker: they ask nobody, and what fails in them does not stop the work."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.consumer.subscription_state import SubscriptionState
from faust.types import TP

from mekong.schemas import measured
from mekong.schemas.condition import Condition
from mekong.streams import figures, producer
from mekong.streams.consumer import Consumer
from mekong.streams.figures import Lanes
from mekong.streams.member import Thread
from mekong.streams.producer import Producer
from mekong.streams.worker_lanes import WorkerLanes
from tests.unit.test_worker_lanes import Member, settled

VN, LA, KH, JOURNAL = TP("in.VN.v1", 0), TP("in.LA.v1", 0), TP("in.KH.v1", 0), [TP("journal.v1", number) for number in range(2)]


def reading(ends: dict[TP, int | None], positions: dict[TP, int], parked: frozenset[TP] = frozenset()) -> Consumer:
    """A consumer of these sources that may ask nobody."""
    return SimpleNamespace(
        _places={tp: SimpleNamespace(next=3) for tp in ends},
        _reading=SimpleNamespace(parked=parked),
        held=SimpleNamespace(open={0: SimpleNamespace(positions=positions)}),
        app=SimpleNamespace(number_of=lambda tp: 9 if tp is KH else 0),
        _thread=SimpleNamespace(end_of=ends.get),
    )


def test_the_lag_is_what_the_last_fetch_has_shown():
    assert Consumer.behind(reading({VN: 10, LA: 10}, {VN: 4})) == {VN.topic: 6, LA.topic: 7}


def test_a_topic_with_an_end_that_is_not_known_has_no_lag_and_hides_no_other():
    assert Consumer.behind(reading({VN: 10, JOURNAL[0]: 5, JOURNAL[1]: None}, {})) == {VN.topic: 7}


def test_a_source_that_is_parked_and_one_whose_lane_is_not_open_have_no_lag():
    assert Consumer.behind(reading({VN: 10, LA: 10, KH: 10}, {}, parked=frozenset({LA}))) == {VN.topic: 7}


def test_the_end_of_a_source_is_the_clients_own_knowledge():
    async def run():
        subscription = SubscriptionState()
        client = SimpleNamespace(_ensure_consumer=lambda: SimpleNamespace(_subscription=subscription))
        subscription.assign_from_user({VN, LA})
        subscription.subscription.assignment.state_value(VN).highwater = 7
        assert [Thread.end_of(client, tp) for tp in (VN, LA, KH)] == [7, None, None]

    asyncio.run(run())


def test_the_newest_answer_of_a_broker_counts():
    async def run():
        subscription = SubscriptionState()
        client = SimpleNamespace(_ensure_consumer=lambda: SimpleNamespace(_subscription=subscription))
        subscription.assign_from_user({VN, LA, KH})
        assert Thread.answered_at(client) is None
        for tp, at_ms in ((VN, 7_000), (LA, 9_500)):
            subscription.subscription.assignment.state_value(tp).timestamp = at_ms
        assert Thread.answered_at(client) == 9.5

    asyncio.run(run())


def answered(stage: str) -> float | None:
    return measured.REGISTRY.get_sample_value("mekong_last_answer_timestamp_seconds", {"stage": stage})


def test_a_worker_that_no_broker_answers_is_not_ready_and_its_last_answer_gets_old(condition):
    now = time.time()
    figures.look("idle", Lanes(8, (), 0, 0, now - 5))
    assert (condition.missing(), answered("idle")) == ("", now - 5)
    figures.look("idle", Lanes(8, (), 0, 0, now - 75))
    assert condition.missing() == "No broker has answered idle for 75 s."
    assert answered("idle") == now - 75


def test_a_commit_is_an_answer_too_and_a_worker_without_lanes_waits_for_none(condition):
    now = time.time()
    figures.committed("busy-3", 0.1, {})
    figures.look("busy", Lanes(8, (), 500, 0, now - 300))
    assert condition.missing() == ""
    assert answered("busy") >= now
    figures.look("busy", Lanes(0, (), 0, 0, None))
    assert (condition.missing(), answered("busy")) == ("", None)


@pytest.fixture
def condition(monkeypatch) -> Condition:
    """That of this process."""
    found = Condition()
    monkeypatch.setattr(figures, "CONDITION", found)
    monkeypatch.setattr(figures, "LOOK_S", 0.001)
    return found


def test_measuring_goes_on_after_a_failure_and_says_it_once(condition, caplog):
    failures = [RuntimeError("one"), RuntimeError("two")]

    def lanes():
        if failures:
            raise failures.pop()
        app.should_stop = True
        return Lanes(2, (), 5, 0)

    app = SimpleNamespace(
        plan=SimpleNamespace(name="a-worker"), should_stop=False, consumer=SimpleNamespace(lanes=lanes, behind=lambda: {VN.topic: 8})
    )
    asyncio.run(figures.keep(app))
    assert caplog.text.count("a-worker cannot measure itself: RuntimeError") == 1
    assert measured.REGISTRY.get_sample_value("mekong_lag_records", {"stage": "a-worker", "topic": VN.topic}) == 8
    assert (condition.missing(), condition.stuck()) == ("", "")


def test_a_count_that_fails_does_not_lose_where_the_transaction_was(monkeypatch):
    async def done(_):
        return None

    def fails(*_):
        raise RuntimeError

    monkeypatch.setattr(AIOKafkaProducer, "commit_transaction", done)
    monkeypatch.setattr(producer, "committed", fails)
    lane = Producer.__new__(Producer)
    lane._last, lane._written, lane._began_s, lane._closed = [], Counter(), 0.0, True
    lane._txn_manager = SimpleNamespace(txn_partitions={VN}, partitions_to_add=set, transactional_id="intake-0")
    with pytest.raises(RuntimeError):
        asyncio.run(lane.commit_transaction())
    assert lane._last == [{VN}]


def test_a_lane_that_is_being_opened_is_not_ready():
    async def run():
        entered = asyncio.Event()

        class Slow(Member):
            async def enter(self, lane):
                await entered.wait()

        held = WorkerLanes(Slow(), "intake")
        await held.take(frozenset({3}), is_kept=True)
        held.open_missing()
        await asyncio.sleep(0.01)
        assert (set(held.open), held.ready()) == ({3}, frozenset())
        entered.set()
        await settled(held)
        assert held.ready() == {3}

    asyncio.run(run())
