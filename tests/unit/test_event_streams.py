"""Streams of server-sent events over HTTP: who may read, and how many. The topics are stand-ins."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession as Client

from mekong.deploy.web.serve import Listen, bound
from mekong.schemas.errors import Refused
from mekong.sinks.delivery import events
from mekong.sinks.delivery.events import MOST_OF_A_MEMBER, PATH, Stream, routes
from mekong.sinks.delivery.feed import Listener
from mekong.sinks.delivery.frames import Entry
from mekong.sinks.delivery.tokens import EitherTokens, Tokens
from tests.unit.served import served

VN, LA = "a-token-of-enough-letters", "another-of-enough-letters"
TOKENS = f"VN-CUSTOMS {VN}\nLA-CUSTOMS {LA}\n"


class Feeds:
    """Topics that begin at offset 5."""

    def __init__(self) -> None:
        self.listeners = list[Listener]()
        self.joined = asyncio.Event()
        self.joined.set()

    async def join(self, topic: str) -> Listener:
        await self.joined.wait()
        self.listeners.append(Listener(5))
        return self.listeners[-1]

    async def end(self, topic: str) -> int:
        return 8

    def leave(self, topic: str, listener: Listener) -> None:
        self.listeners.remove(listener)

    async def missed(self, topic: str, start: int, end: int) -> AsyncGenerator[Entry]:
        for offset in range(start, end):
            yield record(offset)


def record(offset: int) -> Entry:
    return Entry(offset, "alert", {}, b"{}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "tokens"
    found.write_text(TOKENS)
    return found


@pytest.fixture
def run(path: Path) -> Callable[[Callable[[Client, Feeds], Awaitable[None]]], None]:
    """Run a test against the server."""

    def run(test: Callable[[Client, Feeds], Awaitable[None]]) -> None:
        async def serve() -> None:
            feeds = Feeds()
            async with served(routes(Stream(Tokens(path), feeds), None)) as client, asyncio.timeout(30):  # type: ignore[arg-type]
                await test(client, feeds)

        asyncio.run(serve())

    return run


async def get(client: Client, token: str = VN, last: int = 4):
    return await client.get(PATH, headers={"authorization": f"Bearer {token}", "last-event-id": str(last)})


@pytest.mark.parametrize(
    "left", ["# taken back\n", f"LA-CUSTOMS {VN}\n", "no line of tokens\n", None], ids=["none", "another's", "broken", "no file"]
)
def test_a_token_that_is_taken_back_reads_no_further(run, path, left):
    async def test(client, feeds):
        answer = await get(client)
        feeds.listeners[0].offer(record(5))
        assert b"id: 5" in await answer.content.readuntil(b"{}\n\n")
        path.unlink()
        if left is not None:
            path.write_text(left)
        feeds.listeners[0].offer(record(6))
        assert await answer.content.read() == b""

    run(test)


def test_a_stream_without_records_ends_at_the_next_heartbeat_after_its_token_was_taken_back(run, path, monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)

    async def test(client, feeds):
        answer = await get(client)
        await answer.content.readuntil(b"\n\n")
        path.write_text("")
        await answer.content.read()
        assert feeds.listeners == []

    run(test)


def test_a_member_has_so_many_readers_and_no_more_and_takes_no_place_of_another(run):
    async def test(client, feeds):
        feeds.joined.clear()  # all ask before one is let in
        asked = [asyncio.create_task(get(client)) for _ in range(2 * MOST_OF_A_MEMBER)]
        refused = 0
        while refused < MOST_OF_A_MEMBER:
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            refused = len(done)
            await asyncio.sleep(0.01)
        feeds.joined.set()
        answers = await asyncio.gather(*asked)
        assert sorted(one.status for one in answers) == [200] * MOST_OF_A_MEMBER + [503] * MOST_OF_A_MEMBER
        assert (await get(client, LA)).status == 200
        for one in answers:
            one.close()
        while feeds.listeners[1:]:  # it sees that they have gone when it writes
            for listener in feeds.listeners:
                listener.offer(record(5))
            await asyncio.sleep(0.01)
        assert (await get(client)).status == 200

    run(test)


def test_an_id_from_another_life_is_refused_and_says_what_to_do(run):
    async def test(client, feeds):
        answer = await get(client, last=8)
        assert answer.status == 400
        said = (await answer.json())["error"]
        assert "another deployment" in said
        assert "since" in said
        assert feeds.listeners == []

    run(test)


def test_a_reader_that_is_ahead_of_our_reading_gets_what_follows_its_place_and_nothing_again(run):
    async def test(client, feeds):
        answer = await get(client, last=7)
        assert answer.status == 200
        for offset in range(5, 9):
            feeds.listeners[0].offer(record(offset))
        assert (await answer.content.readuntil(b"{}\n\n")).splitlines()[2] == b"id: 8"

    run(test)


def test_a_request_that_is_refused_takes_no_place(run):
    async def test(client, feeds):
        for _ in range(2 * MOST_OF_A_MEMBER):
            assert (await client.get(f"{PATH}?kind=SPIKY", headers={"authorization": f"Bearer {VN}"})).status == 400
        assert (await get(client)).status == 200

    run(test)


def test_a_reader_that_acknowledges_nothing_is_let_go_after_a_minute():
    with bound(Listen("127.0.0.1", 0)) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000


def test_a_server_that_ends_lets_its_readers_go_and_ends_their_streams_in_order(run):
    async def test(client, feeds):
        answer = await get(client)
        await answer.content.readuntil(b"\n\n")
        feeds.listeners[0].end()
        await answer.content.read()
        assert feeds.listeners == []

    run(test)


def test_a_token_of_the_register_reads_where_the_file_does_not_have_it(path):
    file, other = Tokens(path), {"Bearer of-the-register": "TH-CUSTOMS"}.get
    assert [EitherTokens(file, other).member(f"Bearer {one}") for one in (VN, "of-the-register", "x")] == ["VN-CUSTOMS", "TH-CUSTOMS", None]
    assert EitherTokens(None, other).member(f"Bearer {VN}") is None
    assert EitherTokens(file, None).member("Bearer of-the-register") is None


def test_a_token_of_the_register_reads_also_while_the_file_is_broken(path):
    either = EitherTokens(Tokens(path), {"Bearer of-the-register": "TH-CUSTOMS"}.get)
    path.write_text("no line of tokens\n")
    assert either.member("Bearer of-the-register") == "TH-CUSTOMS"
    with pytest.raises(Refused):
        either.member(f"Bearer {VN}")
