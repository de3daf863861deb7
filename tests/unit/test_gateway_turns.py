"""Large and small requests at the same time: turns between agencies, the order inside one agency, and the token. No broker is needed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from types import SimpleNamespace

import httpx
import pytest

from mekong.deploy.profiles import profile_of
from mekong.producers.gateway import state as gateway_state
from mekong.producers.gateway.application import application
from mekong.producers.gateway.judging import Judging, Work
from mekong.producers.gateway.parcels import Carried
from mekong.producers.gateway.quota import Limits, Quotas
from mekong.producers.gateway.register import Book
from mekong.producers.gateway.state import Running
from mekong.producers.gateway.turns import SLICE, Turns, in_slices
from mekong.schemas.settings import Settings
from mekong.schemas.wire import encode
from mekong.streams.core.intake.alone import judge
from tests.unit.test_gateway import AGENCY, NDJSON, OTHER, TEXT, ndjson, seizure, token

LARGE = 400
"""Messages of about 180 bytes."""


class Broker:
    """Stores the messages of all topics in a list."""

    def __init__(self) -> None:
        self.stored: list[dict] = []

    async def deliver(self, letters, headers, key, receipts):
        self.stored += [json.loads(letter.value) for letter in letters]
        await asyncio.sleep(0)
        return Carried({letter.number: letter.number for letter in letters}, receipts)


class Whole(Running):
    """The gateway as it runs, with a list in place of a broker."""

    def __init__(self) -> None:
        book = Book()
        book.apply(f"agency:{AGENCY}", encode(profile_of(AGENCY)))
        book.apply(token().key, encode(token()))
        super().__init__(Settings(kafka_bootstrap="127.0.0.1:1"), book, Quotas(Limits(60_000, 100_000_000), 0.0), judge, "an exchange")
        self.broker = Broker()

    def courier(self, topic):
        return self.broker


class Room:
    def __init__(self, settings) -> None:
        pass

    async def place(self, topic):
        return 17

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def without_a_broker(monkeypatch):
    monkeypatch.setattr(gateway_state, "Mailroom", Room)


def served(scenario: Callable[[Whole, httpx.AsyncClient], Awaitable[None]]) -> None:
    async def run() -> None:
        state = Whole()
        headers = {"authorization": f"Bearer {TEXT}"}
        transport = httpx.ASGITransport(application(state))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client:
                await scenario(state, client)
        finally:
            await state.close()

    asyncio.run(run())


async def begun(client: httpx.AsyncClient, count: int) -> asyncio.Task[httpx.Response]:
    """A request whose body the gateway has, and which is not answered yet."""
    arrived = asyncio.Event()

    async def parts():
        yield ndjson(*map(seizure, range(count)))
        arrived.set()

    task = asyncio.create_task(client.post("/v1/messages", content=parts(), headers=NDJSON))
    await arrived.wait()
    assert not task.done()
    return task


def test_a_small_request_does_not_pass_an_earlier_large_one_of_its_agency():
    async def scenario(state: Whole, client: httpx.AsyncClient) -> None:
        large = await begun(client, LARGE)
        small = await client.post("/v1/messages", json=seizure(7, method_note="the newer version"))
        assert (small.status_code, (await large).status_code) == (202, 202)
        assert len(state.broker.stored) == LARGE + 1
        assert state.broker.stored[-1]["method_note"] == "the newer version"

    served(scenario)


@pytest.mark.parametrize("count", [SLICE + 1, LARGE], ids=["small", "large"])
def test_a_token_that_is_revoked_while_its_messages_are_judged_sends_nothing(count):
    async def scenario(state: Whole, client: httpx.AsyncClient) -> None:
        request = await begun(client, count)
        state.book.apply(token().key, None)
        assert (await request).status_code == 401
        assert state.broker.stored == []

    served(scenario)


def work(agency: str, count: int) -> Work:
    raw = ndjson(*(seizure(number, agency=agency) for number in range(count)))
    return Work(raw, is_ndjson=True, profile=profile_of(agency))


async def nowhere() -> int:
    return 0


@pytest.mark.parametrize("requests", [1, 4, 30])
def test_between_two_messages_of_one_agency_at_most_a_slice_of_another_is_judged(requests):
    order: list[str] = []

    def noting(raw, profile, now_ms, edition=None, *, is_whole=True):
        order.append(profile.agency)
        return ()

    async def both() -> None:
        broker = Broker()
        judging = Judging(noting, lambda _: broker)
        flood = [asyncio.create_task(judging.send(work(AGENCY, 3_000 // requests), nowhere)) for _ in range(requests)]
        await asyncio.sleep(0)
        await judging.send(work(OTHER, 200), nowhere)
        assert order.count(AGENCY) < 3_000, "the other one did not wait until the flood had ended"
        await asyncio.gather(*flood)

    asyncio.run(both())
    places = [place for place, agency in enumerate(order) if agency == OTHER]
    between = [later - earlier - 1 for earlier, later in pairwise(places)]
    assert len(places) == 200
    assert max(between) <= SLICE
    assert places[0] <= 2 * SLICE


def test_an_agency_that_needs_more_pauses_only_while_another_one_waits():
    turns = Turns()
    assert turns.pause_s(AGENCY, 1.0) == 0.0
    with turns.request(AGENCY, is_small=True):
        assert turns.pause_s(AGENCY, 0.002) == 0.0
        with turns.request(OTHER, is_small=True), turns.request(OTHER, is_small=True):
            assert turns.pause_s(AGENCY, 0.002) == pytest.approx(0.008)
            assert turns.pause_s(AGENCY, 1.0) == 0.02, "a pause is bounded"
            assert turns.pause_s(OTHER, 0.002) == 0.0
        assert turns.pause_s(AGENCY, 0.002) == 0.0


def test_agencies_that_need_about_the_same_do_not_pause_and_neither_does_one_that_needs_little():
    turns = Turns()
    with turns.request(AGENCY, is_small=True), turns.request(OTHER, is_small=True):
        assert [turns.pause_s(agency, 0.002) for _ in range(500) for agency in (AGENCY, OTHER)] == [0.0] * 1_000
    little = Turns()
    with little.request(OTHER, is_small=True):
        assert [little.pause_s(AGENCY, 0.0001) for _ in range(100)] == [0.0] * 100


def test_what_an_agency_has_used_is_forgotten(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("mekong.producers.gateway.turns.time.monotonic", lambda: now[0])
    turns = Turns()
    with turns.request(OTHER, is_small=True):
        assert turns.pause_s(AGENCY, 1.0) > 0
        now[0] = 10.0
        assert turns.pause_s(AGENCY, 0.002) == 0.0


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("mekong.producers.gateway.turns.time.monotonic", lambda: now[0])
    return now


def test_a_small_request_that_only_waits_for_the_broker_holds_nobody_back(clock):
    turns = Turns()
    with turns.request(OTHER, is_small=True):
        clock[0] += 0.9
        assert turns.pause_s(AGENCY, 1.0) > 0
        clock[0] += 0.2
        assert turns.pause_s(AGENCY, 1.0) == 0.0
        with turns.request(OTHER, is_small=True):
            assert turns.pause_s(AGENCY, 1.0) > 0


@pytest.mark.parametrize("is_small", [True, False])
def test_an_agency_whose_oldest_request_is_late_pauses_no_more(clock, is_small):
    turns = Turns()
    with turns.request(AGENCY, is_small=is_small):
        clock[0] += 20.1
        with turns.request(AGENCY, is_small=is_small), turns.request(OTHER, is_small=True):
            assert turns.pause_s(AGENCY, 1.0) == 0.0
    with turns.request(AGENCY, is_small=is_small), turns.request(OTHER, is_small=True):
        assert turns.pause_s(AGENCY, 1.0) > 0


def test_pauses_make_a_flood_at_most_20_s_longer(clock):
    """Calculated: five requests that begin together, each with 4 s of work in slices of 4 ms, while a small request always waits."""
    turns = Turns()
    with turns.request(AGENCY, is_small=False):
        for _ in range(5 * 1_000):
            with turns.request(OTHER, is_small=True):
                clock[0] += 0.004 + turns.pause_s(AGENCY, 0.004)
    assert 35 < clock[0] - 100.0 < 40, "a proxy with 60 s does not cut it off; with pauses to its end it would last 100 s"


@pytest.mark.parametrize("count", [1, LARGE], ids=["small", "large"])
def test_each_request_is_under_way_until_its_answer(clock, count):
    pauses: list[float] = []

    class Slow(Broker):
        async def deliver(self, letters, headers, key, receipts):
            for _ in range(2):
                with judging.turns.request(OTHER, is_small=True):
                    pauses.append(judging.turns.pause_s(AGENCY, 1.0))
                clock[0] += 20.1
            return await super().deliver(letters, headers, key, receipts)

    judging = Judging(judge, lambda _: Slow())
    asyncio.run(judging.send(work(AGENCY, count), nowhere))
    assert pauses == [0.02, 0.0]


def test_the_messages_of_a_parcel_keep_their_order_with_a_pause_after_each_slice_and_at_the_end():
    pauses: list[float] = []

    def noted(spent_s: float) -> float:
        pauses.append(spent_s)
        return 0.0

    assert list(in_slices(range(2 * SLICE + 1), noted)) == list(range(2 * SLICE + 1))
    assert len(pauses) == 3


@pytest.mark.parametrize(("requests", "count"), [(1, 200), (20, 10)], ids=["a large request", "many small ones"])
def test_a_flood_pauses_while_another_agency_waits_also_when_its_requests_are_small(monkeypatch, requests, count):
    def slow(raw, profile, now_ms, edition=None, *, is_whole=True):
        until = time.thread_time() + 0.001
        while time.thread_time() < until:
            pass
        return ()

    asked = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)
        await asyncio.sleep(0)

    async def flooded(other: str) -> float:
        asked.clear()
        judging = Judging(slow, lambda _: Broker())
        judging.turns.pause_s(AGENCY, 1.0)
        with judging.turns.request(other, is_small=True):
            for _ in range(requests):
                await judging.send(work(AGENCY, count), nowhere)
        return sum(asked)

    monkeypatch.setattr("mekong.producers.gateway.judging.asyncio", SimpleNamespace(sleep=sleep, Lock=asyncio.Lock))
    assert asyncio.run(flooded(AGENCY)) == 0
    assert asyncio.run(flooded(OTHER)) >= 0.15, "8 slices pause for 20 ms each, and so do 20 small requests"


@pytest.mark.parametrize(("count", "is_small"), [(SLICE, True), (LARGE, False)])
def test_only_a_small_request_lets_large_ones_of_others_pause(count, is_small):
    pauses: list[float] = []

    class Waiting(Broker):
        async def deliver(self, letters, headers, key, receipts):
            pauses.append(judging.turns.pause_s(AGENCY, 1.0))
            return await super().deliver(letters, headers, key, receipts)

    judging = Judging(judge, lambda _: Waiting())
    asyncio.run(judging.send(work(OTHER, count), nowhere))
    assert (pauses[0] > 0) == is_small
    assert judging.turns.pause_s(AGENCY, 1.0) == 0.0


def test_the_courier_of_an_agency_pauses_for_the_others(monkeypatch):
    given = []
    monkeypatch.setattr(gateway_state, "Courier", lambda _, topic, pause_s: given.append((topic, pause_s)) or Broker())

    async def scenario(state: Whole, client: httpx.AsyncClient) -> None:
        Running.courier(state, f"in.{AGENCY}.v1")
        ((topic, pause_s),) = given
        with state.judging.turns.request(AGENCY, is_small=True):
            assert (topic, pause_s(1.0)) == (f"in.{AGENCY}.v1", 0.0)
        with state.judging.turns.request(OTHER, is_small=True):
            assert pause_s(1.0) > 0
        state._couriers.clear()

    served(scenario)
