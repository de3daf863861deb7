"""The live page on the real server, without Kafka and ClickHouse: who is let in, that it opens, that nobody keeps the server."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from mekong.deploy.web.rooms import every_room
from mekong.schemas.settings import Settings
from mekong.sinks.console import stream
from mekong.sinks.console.board import Board
from mekong.sinks.console.key import Key
from mekong.sinks.console.pages import HOME
from mekong.sinks.console.room import LivePage
from mekong.sinks.console.values import Part, Pipeline
from mekong.sinks.console.words import texts
from tests.unit.console_values import AT, EMPTY
from tests.unit.served import served

SECRET = "Kx-_" * 8
NOWHERE = Settings(home=Path("nowhere"), console_key=SECRET)
KEY = Key(SECRET)
WELL = Pipeline(AT, (), ())


@asynccontextmanager
async def opened(look=lambda: WELL, *, has_key=True):
    room = LivePage(NOWHERE, look, lambda *_: pytest.fail("no file is asked for"), "/send/style.css")
    async with served(await room.start(lambda: None)) as client:
        client.cookie_jar.update_cookies({KEY.cookie: KEY.ticket} if has_key else {})
        yield client, room
        room.leave()
    await room.stop()


def test_the_page_opens_when_no_server_answers_and_says_so():
    async def scenario():
        async with opened() as (client, _):
            await client.get(HOME)
            began = time.monotonic()
            answer = await client.get(HOME)
            html = await answer.text()
            assert answer.status == 200
            assert time.monotonic() - began < 2
            for server in ("kafka", "clickhouse"):
                assert texts("en")[f"away_{server}"] in html
            assert "script-src 'self'" in answer.headers["content-security-policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
            away = await client.get(f"{HOME}/case/{uuid4()}")
            assert (away.status, texts("en")["away_title"] in await away.text()) == (503, True)
            unknown = await client.get(f"{HOME}/case/nothing")
            assert (unknown.status, texts("en")["unknown_title"] in await unknown.text()) == (404, True)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:80"}, 421),
        ({"host": "localhost:8443"}, 200),
        ({"host": "[::1]:8443"}, 200),
        ({"x-forwarded-for": "127.0.0.1"}, 403),
        ({"forwarded": "for=127.0.0.1"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 200),
        ({"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}, 200),
    ],
)
def test_only_this_machine_and_the_page_itself_are_let_in(headers, status):
    async def scenario():
        async with opened() as (client, _):
            for path in (HOME, f"{HOME}/style.css", f"{HOME}/case/nothing"):
                answer = await client.get(path, headers=headers)
                assert answer.status == (404 if status == 200 and path.endswith("nothing") else status)
                assert status == 200 or answer.headers["content-type"] == "application/problem+json"

    asyncio.run(scenario())


def test_a_proxy_that_adds_no_header_and_speaks_http_1_0_is_refused():
    async def scenario():
        async with opened() as (client, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", client._base_url.port)
            writer.write(f"GET {HOME} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
            assert b" 403 " in await reader.readline()
            writer.close()

    asyncio.run(scenario())


def test_a_language_is_remembered_and_an_odd_choice_is_the_first_one():
    async def scenario():
        async with opened() as (client, _):
            first = await client.get(f"{HOME}?lang=vi&window=99d&map=mars")
            assert '<html lang="vi">' in await first.text()
            assert first.cookies["mekong-language"]["samesite"] == "strict"
            again = await client.get(HOME, headers={"accept-language": "zh", "cookie": f"mekong-language=vi; {KEY.cookie}={KEY.ticket}"})
            assert '<html lang="vi">' in await again.text()

    asyncio.run(scenario())


async def parts(answer, wanted: int) -> list[dict[str, str]]:
    """The next parts of a stream."""
    found = []
    async for line in answer.content:
        if line.startswith(b"data: "):
            found.append(json.loads(line[6:]))
            if len(found) == wanted:
                break
    return found


def test_a_reader_gets_every_part_then_only_what_changes_and_leaves_at_the_end(monkeypatch):
    for source in ("follow", "ask", "look_on"):
        monkeypatch.setattr(f"mekong.sinks.console.room.{source}", lambda _, board: board.pause(60))

    async def scenario():
        async with opened() as (client, room), client.get(f"{HOME}/events?window=7d") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert {one["part"] for one in await parts(answer, 8)} == set(Part)
            room._board.put("clickhouse", alerts=EMPTY.alerts)
            changed = await parts(answer, 2)
            assert {one["part"] for one in changed} == {"alerts", "tiles"}
            assert texts("en")["alerts_none"] in "".join(one["html"] for one in changed)
            room.leave()
            assert b"data: " not in await asyncio.wait_for(answer.content.read(), 5)

    asyncio.run(scenario())


def test_too_many_readers_are_refused_and_a_place_is_free_again(monkeypatch):
    monkeypatch.setattr("mekong.sinks.console.stream.MOST_READERS", 1)

    async def scenario():
        async with opened() as (client, _):
            async with client.get(f"{HOME}/events") as answer:
                await parts(answer, 1)
                refused = await client.get(f"{HOME}/events")
                assert (refused.status, refused.headers["retry-after"]) == (503, "30")
            for _ in range(50):
                again = await client.get(f"{HOME}/events")
                if again.status == 200:
                    break
                await asyncio.sleep(0.1)
            assert again.status == 200
            again.close()

    asyncio.run(scenario())


def test_fifty_readers_are_served_and_one_more_is_refused():
    async def scenario():
        async with opened() as (client, _):
            answers = [await client.get(f"{HOME}{('/events', '/alerts/events')[number % 2]}") for number in range(stream.MOST_READERS)]
            assert {answer.status for answer in answers} == {200}
            for path in ("/events", "/alerts/events"):
                assert (await client.get(f"{HOME}{path}")).status == 503
            assert (await client.get(HOME)).status == 200, "the page itself opens"
            answers[7].close()
            for _ in range(100):
                again = await client.get(f"{HOME}/events")
                if again.status == 200:
                    break
                await asyncio.sleep(0.1)
            assert again.status == 200
            for answer in (*answers, again):
                answer.close()

    asyncio.run(scenario())


def test_a_reader_that_never_reads_a_byte_gives_its_place_back(monkeypatch):
    monkeypatch.setattr(stream, "_WRITE_WITHIN_S", 0.5)
    monkeypatch.setattr(stream, "MOST_READERS", 1)
    monkeypatch.setattr(stream, "_SHORTEST_S", 0.01)
    monkeypatch.setattr("mekong.sinks.console.routes.Pages.part", lambda *_: f"{time.monotonic()}{'x' * 200_000}")

    async def scenario():
        async with opened() as (client, room):
            silent = socket.create_connection(("127.0.0.1", client._base_url.port))
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            cookie = f"{KEY.cookie}={KEY.ticket}"
            silent.sendall(f"GET {HOME}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
            await asyncio.sleep(0.3)
            assert (await client.get(f"{HOME}/events")).status == 503, "it has the only place"
            status = 503
            for number in range(200):
                room._board.failed("kafka", str(number))  # something changes all the time
                async with client.get(f"{HOME}/events") as answer:
                    status = answer.status
                if status == 200:
                    break
                await asyncio.sleep(0.05)
            assert status == 200
            silent.close()

    asyncio.run(scenario())


def test_a_reader_that_does_not_read_is_disconnected(monkeypatch):
    monkeypatch.setattr(stream, "_WRITE_WITHIN_S", 0.05)
    readers = stream.Readers()

    async def scenario():
        board = Board()
        answer = stream.Changes(stream.changes(board, lambda _: {"state": "x"}), readers, {})
        sent = []

        async def send(message):
            sent.append(message["type"])
            if len(sent) > 1:
                await asyncio.sleep(60)

        async def receive():
            await asyncio.sleep(60)

        await asyncio.wait_for(answer({}, receive, send), 5)
        assert sent == ["http.response.start", "http.response.body"]
        assert readers.count == 0

    asyncio.run(scenario())


def test_our_own_failure_in_a_source_does_not_end_the_page(caplog):
    text = "a text of a message"

    def fails() -> Pipeline:
        raise ZeroDivisionError(text)

    async def scenario():
        async with opened(fails) as (client, _):
            assert (await client.get(HOME)).status == 200
            for _ in range(50):
                if caplog.records:
                    break
                await asyncio.sleep(0.1)
            assert (await client.get(HOME)).status == 200

    asyncio.run(scenario())
    assert "ZeroDivisionError" in caplog.text
    assert text not in caplog.text


def test_what_was_known_when_somebody_last_looked_is_not_shown_as_new(monkeypatch):
    async def scenario():
        board = Board()
        board.look()
        board.put("clickhouse", hour=EMPTY.hour)
        board.look()
        assert board.shown.hour == EMPTY.hour
        monkeypatch.setattr(board, "_until", 0.0)
        board.look()
        assert board.shown.hour is None

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("only", "host", "behind_proxy", "is_there"),
    [("", "127.0.0.1", False, True), ("", "::1", False, True), ("", "0.0.0.0", False, False), ("", "127.0.0.1", True, False)],
)
def test_the_page_is_a_room_on_this_machine_only(only, host, behind_proxy, is_there, caplog):
    caplog.set_level(logging.INFO)
    rooms = every_room(NOWHERE, only, host=host, behind_proxy=behind_proxy)
    assert ("console" in rooms) is is_there
    assert ("the live page is left out" in caplog.text) is not is_there
