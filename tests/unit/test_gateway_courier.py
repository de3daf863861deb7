"""The courier of an agency without a broker: every request has its answer, whatever fails in the courier's thread."""

from __future__ import annotations

import asyncio
import threading
from typing import ClassVar

import pytest
from kafka.errors import KafkaTimeoutError

from mekong.producers.gateway import courier
from mekong.producers.gateway.courier import Courier
from mekong.producers.gateway.parcels import Letter
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.repeats import Key, Stored
from mekong.producers.gateway.turns import SLICE
from mekong.producers.outbox import Delivered
from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings

TOPIC = "in.VN-CUSTOMS.v1"
LETTER = Letter(1, "case 1", b"the secret note of a case")


class Repeats:
    def __init__(self, settings, topic):
        pass

    def delivered(self, offset, header, at_ms):
        pass

    def close(self):
        pass


class Outbox:
    """Delivers; first it fails as often as ``fails`` says, and then cannot be closed."""

    fails: ClassVar[list[BaseException]] = []

    def __init__(self, settings, delivery_timeout_s):
        self._reports = []

    def send(self, topic, case_no, value, token, headers):
        self._reports.append(Delivered(token, topic, 7))

    def reports(self):
        found, self._reports = self._reports, []
        if found and Outbox.fails:
            raise Outbox.fails.pop()
        return found

    def close(self):
        raise KafkaTimeoutError("messages are still being sent")


@pytest.fixture(autouse=True)
def _without_a_broker(monkeypatch):
    monkeypatch.setattr(courier, "Repeats", Repeats)
    monkeypatch.setattr(courier, "Outbox", Outbox)
    monkeypatch.setattr(courier, "cluster_id", lambda *_: "it answers")
    Outbox.fails = []


def at_once(_: float) -> float:
    """No pause."""
    return 0.0


async def status(one: Courier) -> int:
    """202, or that of the refusal."""
    try:
        async with asyncio.timeout(30):
            assert await one.deliver([LETTER], [], None, 17) == ({1: 7}, 17, frozenset())
    except Problem as exc:
        return exc.status
    return 202


@pytest.mark.parametrize("failure", [Retriable("away"), KeyError("the secret note of a case")], ids=["the broker", "our code"])
def test_what_fails_answers_its_parcel_and_the_next_one_is_delivered(failure, caplog):
    async def story():
        Outbox.fails = [failure]
        one = Courier(Settings(), TOPIC, at_once)
        assert [await status(one), await status(one)] == [503, 202]
        assert one.is_alive
        await asyncio.to_thread(one.stop)

    asyncio.run(story())
    assert "secret note" not in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_waits_when_the_thread_ends_is_answered_and_later_parcels_are_refused(monkeypatch):
    """What no ``except`` holds back ends the thread, such as the end of the interpreter."""

    async def story():
        Outbox.fails = [SystemExit()]
        one = Courier(Settings(), TOPIC, at_once)
        found = await asyncio.gather(*(status(one) for _ in range(5)))
        assert 503 in found
        await asyncio.to_thread(one._thread.join, 30)
        assert not one.is_alive
        assert await status(one) == 503

    asyncio.run(story())


def test_a_courier_that_was_stopped_refuses():
    async def story():
        one = Courier(Settings(), TOPIC, at_once)
        await asyncio.to_thread(one.stop)
        assert await status(one) == 503

    asyncio.run(story())


def test_while_the_broker_is_known_to_be_away_nobody_waits_for_a_delivery_and_the_first_one_after_that_is_delivered(monkeypatch):
    looked, away, opened = [], [True], []

    def look(settings, within_ms):
        looked.append(within_ms)
        if away[0]:
            raise Retriable("away")
        return "it answers"

    class Counted(Outbox):
        def __init__(self, settings, delivery_timeout_s):
            opened.append(self)
            super().__init__(settings, delivery_timeout_s)

    monkeypatch.setattr(courier, "cluster_id", look)
    monkeypatch.setattr(courier, "Outbox", Counted)

    async def story():
        Outbox.fails = [Retriable("away")]
        one = Courier(Settings(), TOPIC, at_once)
        assert await status(one) == 503
        assert (len(opened), looked) == (1, [])
        assert await asyncio.gather(*(status(one) for _ in range(20))) == [503] * 20
        assert len(opened) == 1, "no delivery was begun"
        assert 2 * looked[0] < 3_000
        away[0] = False
        assert await status(one) == 202
        await asyncio.to_thread(one.stop)

    asyncio.run(story())


def test_two_equal_numbers_have_an_answer():
    async def story():
        one = Courier(Settings(), TOPIC, at_once)
        async with asyncio.timeout(30):
            assert (await one.deliver([LETTER, LETTER], [], None, 17)).fates == {1: 7}
        await asyncio.to_thread(one.stop)

    asyncio.run(story())


def test_a_message_that_an_older_version_stored_under_another_number_is_not_sent_again(monkeypatch):
    class Earlier(Repeats):
        def stored(self, key, now_ms):
            return Stored("d", now_ms, 3, {11: 5})

    monkeypatch.setattr(courier, "Repeats", Earlier)

    async def story():
        one = Courier(Settings(), TOPIC, at_once)
        letters = [Letter(21, "case 1", b"{}", formerly=11), Letter(22, "case 2", b"{}", formerly=12)]
        assert await one.deliver(letters, [], Key("key", "d"), 17) == ({21: 5, 22: 7}, 3, frozenset({11}))
        await asyncio.to_thread(one.stop)

    asyncio.run(story())


def test_a_request_that_is_stored_has_its_answer_while_a_large_one_of_its_agency_is_sent(monkeypatch):
    """The outbox has the report of the small request only after the first slice of the large one."""
    is_answered = threading.Event()

    class Late(Outbox):
        def reports(self):
            return super().reports() if len(self._reports) != 1 else []

    def until_answered(_: float) -> float:
        if len(pauses) == 1:
            assert is_answered.wait(10)
        pauses.append(0.0)
        return 0.0

    pauses: list[float] = []
    monkeypatch.setattr(courier, "Outbox", Late)

    async def story():
        one = Courier(Settings(), TOPIC, until_answered)
        small = asyncio.create_task(one.deliver([LETTER], [], None, 17))
        large = asyncio.create_task(one.deliver([Letter(number, "case", b"{}") for number in range(3 * SLICE)], [], None, 17))
        assert (await small).fates == {1: 7}
        assert not large.done()
        is_answered.set()
        assert len((await large).fates) == 3 * SLICE
        await asyncio.to_thread(one.stop)

    asyncio.run(story())
    assert is_answered.is_set()
