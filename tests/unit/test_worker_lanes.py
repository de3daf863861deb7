"""The lanes of a worker: opened again when one ends itself, while the group gives it to us, and closed when it goes."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError, ProducerFenced, TopicAuthorizationFailedError

from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.streams import worker_lanes as module
from mekong.streams.producer import OutcomeUnknown
from mekong.streams.worker_lanes import WorkerLanes


class Member:
    """Counts what is done to it; ``fails`` are the errors of the next openings, ``seats`` whether we are in the group when asked."""

    def __init__(self, fails=(), seats=()):
        self.fails, self.seats = list(fails), list(seats)
        self.opened, self.closed, self.entered, self.left, self.crashes, self.readies = [], [], [], [], [], 0

    async def is_member(self):
        return self.seats.pop(0) if self.seats else True

    async def open_lane(self, number):
        if self.fails and (error := self.fails.pop(0)):
            raise error
        self.opened.append(number)

        async def close():
            self.closed.append(number)

        return SimpleNamespace(number=number, close=close)

    async def enter(self, lane):
        self.entered.append(lane.number)

    def leave(self, lane):
        self.left.append(lane.number)

    def ready(self):
        self.readies += 1

    async def crash(self, exc):
        self.crashes.append(exc)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.02)


async def given(member, *numbers):
    """Lanes that the group gave, open."""
    held = WorkerLanes(member, "intake")
    await held.take(frozenset(numbers), is_kept=True)
    held.open_missing()
    await settled(held)
    return held


async def settled(held):
    while held._opening:
        await asyncio.gather(*held._opening.values())
        await asyncio.sleep(0)


def failed_by(cause):
    """What aiokafka raises when its sender ends by ``cause``."""
    failed = KafkaError("Unexpected error during batch delivery")
    failed.__cause__ = cause
    return failed


@pytest.mark.parametrize(
    ("exc", "said"),
    [
        (OutcomeUnknown("?"), "lane 3 of intake: Kafka did not say how a transaction ended: opening it again"),
        (ProducerFenced(), "lane 3 of intake: another producer fenced it off: opening it again"),
        (failed_by(KafkaError("why")), "lane 3 of intake: it failed (KafkaError('why')): opening it again"),
    ],
)
def test_a_lane_that_ends_itself_is_opened_again_and_the_others_do_not_notice(caplog, exc, said):
    async def run():
        member = Member()
        held = await given(member, 3, 4)
        old, other = held.open[3], held.open[4]
        await held.ended(old, exc)
        await settled(held)
        assert (member.opened, member.closed, member.crashes) == ([3, 4, 3], [3], [])
        assert held.open[3] is not old
        assert held.open[4] is other

    asyncio.run(run())
    assert said in caplog.text


def test_a_lane_that_the_group_took_away_meanwhile_is_not_opened_again(caplog):
    async def run():
        member = Member()
        held = await given(member, 3)
        member.seats = [False]  # it asks the group, and hears what the group gives before it asks again
        await held.ended(held.open[3], ProducerFenced())
        await asyncio.sleep(0.01)
        assert (member.closed, member.seats) == ([3], []), "it has asked once"
        held.given = frozenset()
        await settled(held)
        assert (member.opened, held.open) == ([3], {})

    asyncio.run(run())
    assert "lane 3 of intake is another worker's now" in caplog.text


def test_a_lane_that_the_group_takes_away_while_it_opens_is_closed_again():
    async def run():
        member = Member(seats=[True, False])  # before, and after
        held = WorkerLanes(member, "intake")
        await held.take(frozenset({3}), is_kept=True)
        held.open_missing()
        await settled(held)
        assert (member.opened, member.closed, member.entered) == ([3, 3], [3], [3])

    asyncio.run(run())


def test_the_third_time_within_ten_minutes_ends_the_process(monkeypatch):
    async def run():
        member, now = Member(), SimpleNamespace(s=0.0)
        monkeypatch.setattr(module.time, "monotonic", lambda: now.s)
        held = await given(member, 3)
        for now.s in (100.0, 200.0, 701.0, 750.0):
            assert not member.crashes
            await held.ended(held.open[3], OutcomeUnknown("?"))
            await settled(held)
        assert [type(exc) for exc in member.crashes] == [Fatal]
        assert str(member.crashes[0]) == "lane 3 of intake: Kafka did not say how a transaction ended, 3 times in ten minutes"
        assert len(member.opened) == 4

    asyncio.run(run())


def test_what_is_not_the_weather_ends_the_process():
    async def run():
        for exc in (Fatal("lost"), KeyError("a defect")):
            member = Member()
            held = await given(member, 3)
            await held.ended(held.open[3], exc)
            assert (member.crashes, member.opened) == ([exc], [3])

    asyncio.run(run())


@pytest.mark.parametrize("error", [KafkaConnectionError("away"), Retriable("away"), ProducerFenced(), OutcomeUnknown("?")])
def test_a_lane_that_cannot_be_opened_now_is_tried_again(error):
    async def run():
        member = Member(fails=[error, error])
        await given(member, 3)
        assert (member.opened, member.crashes) == ([3], [])

    asyncio.run(run())


@pytest.mark.parametrize("error", [Refused("half"), TopicAuthorizationFailedError("cases.v1")])
def test_a_lane_that_is_refused_ends_the_process(error):
    async def run():
        member = Member(fails=[error])
        await given(member, 3)
        assert (member.opened, member.crashes) == ([], [error])

    asyncio.run(run())


def test_lanes_that_go_are_closed_before_the_group_hears_more_and_the_others_stay():
    async def run():
        member = Member()
        held = await given(member, 1, 2, 3)
        two = held.open[2]
        assert await held.take(frozenset({2}), is_kept=True), "some were given back"
        assert sorted(member.closed) == sorted(member.left) == [1, 3]
        assert held.open == {2: two}
        assert not await held.take(frozenset({2, 5}), is_kept=True)
        held.open_missing()
        await settled(held)
        assert member.opened == [1, 2, 3, 5]

    asyncio.run(run())


def test_lanes_that_others_may_have_had_meanwhile_are_opened_anew():
    async def run():
        member = Member()
        held = await given(member, 1)
        await held.take(frozenset({1}), is_kept=False)
        held.open_missing()
        await settled(held)
        assert (member.opened, member.closed) == ([1, 1], [1])

    asyncio.run(run())


def test_a_lane_that_fails_while_it_is_closed_is_not_opened_again():
    async def run():
        member = Member()
        held = await given(member, 1)
        lane = held.open[1]
        await held.close()
        await held.ended(lane, ProducerFenced())
        await settled(held)
        assert (member.opened, member.closed, member.crashes) == ([1], [1], [])

    asyncio.run(run())


def test_a_worker_is_ready_each_time_that_all_lanes_it_was_given_are_open():
    async def run():
        member = Member()
        held = await given(member, 1, 2)
        assert member.readies == 1
        await held.take(frozenset({1}), is_kept=True)
        held.open_missing()
        await settled(held)
        assert member.readies == 2

    asyncio.run(run())


def test_an_opening_that_is_broken_off_from_within_is_said_and_not_lost():
    async def run():
        member = Member([asyncio.CancelledError()])
        await given(member, 3)
        (crash,) = member.crashes
        assert isinstance(crash, Fatal)
        assert "the opening of a lane of intake was broken off from within" in str(crash)

    asyncio.run(run())


def test_an_opening_that_the_group_takes_back_ends_no_process():
    async def run():
        member = Member(seats=[False])
        held = WorkerLanes(member, "intake")
        await held.take(frozenset([3]), is_kept=True)
        held.open_missing()
        await asyncio.sleep(0)
        await held.take(frozenset(), is_kept=True)
        assert not member.crashes
        assert not held.open

    asyncio.run(run())
