"""What the sources of the live page do when a record is odd, when much arrives, when a server is slow, and when the program ends."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from kafka import TopicPartition
from kafka.errors import TopicAuthorizationFailedError

from mekong.schemas.errors import Retriable
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.settings import Settings
from mekong.schemas.topics import ANSWERS, JOURNAL
from mekong.sinks.console import asking, following, room
from mekong.sinks.console.asker import Asker
from mekong.sinks.console.board import INSIDE, Board
from mekong.sinks.console.case_reader import read_case
from mekong.sinks.console.feed import Feed
from mekong.sinks.console.pages import HOME, Asked, Pages
from mekong.sinks.console.room import LivePage
from mekong.sinks.console.values import Part, Pipeline
from mekong.sinks.console.words import texts
from tests.unit.console_values import AT
from tests.unit.served import served
from tests.unit.test_console_room import KEY, NOWHERE

RECEIPTS = TopicPartition("receipts.VN-CUSTOMS.v1", 0)
RECEIPT = {
    "format": 1,
    "source_topic": "in.VN-CUSTOMS.v1",
    "source_offset": 7,
    "agency": "VN-CUSTOMS",
    "case_no": "A1",
    "outcome": "rejected",
    "reason": "invalid",
    "field": "x",
    "detail": "d",
    "received_at": "2026-05-03T08:00:00Z",
}


def record(offset: int, value: object) -> SimpleNamespace:
    return SimpleNamespace(offset=offset, value=value if isinstance(value, bytes) else json.dumps(value).encode())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["kafka", "clickhouse", "health"])
def test_a_source_that_fails_inside_is_shown_until_it_works_again(name, language):
    def fails(board: Board) -> None:
        raise KeyError("a text of a message")

    async def scenario():
        board, pages = Board(), Pages("/style.css")
        board.look()
        thread = threading.Thread(target=room._on, args=[name, fails, board], daemon=True)
        thread.start()
        await asyncio.wait_for(board.next_change.wait(), 5)
        for other in {"kafka", "clickhouse"} - {name}:
            board.put(other)
        if name != "health":
            board.put_pipeline(Pipeline(AT, (), ()))
        for part in (Part.STATE, Part.HEALTH):
            html = pages.part(part, board.shown, Asked(language))
            assert texts(language)["failed_inside"] in html
            assert texts(language)["state_good"] not in html
            assert "a text of a message" not in html
        board._until = 0.0
        board.look()
        assert board.shown.away == {name: INSIDE}, "nobody looked for a time, and it has not worked since"
        if name == "health":
            board.put_pipeline(Pipeline(AT, (), ()))
        else:
            board.put(name)
        assert board.shown.away == {}
        board.close()
        thread.join(5)
        assert not thread.is_alive()

    asyncio.run(scenario())


def test_a_record_that_cannot_be_read_is_passed_over_and_logged_once(caplog):
    journal, feed, logged = TopicPartition("journal.v1", 0), Feed(), set()
    odd = [record(0, []), record(1, {"kind": "version"}), record(2, b"{"), record(3, {"kind": "version", "source": 1, "content": "hush"})]
    polled = {journal: odd, RECEIPTS: [record(4, {"hush": 1}), record(5, b"hush"), record(6, RECEIPT)]}
    assert following._take_in(feed, polled.items(), logged)
    assert [row.case_no for row in feed.rows()] == ["A1"]
    said = [entry.getMessage() for entry in caplog.records]
    assert [text.partition(":")[0] for text in said] == [
        "the live page passes over journal.v1/0 offset 0",
        f"the live page passes over {RECEIPTS.topic}/0 offset 4",
    ]
    assert "hush" not in caplog.text


class Flood:
    """A consumer of a partition that always has more than can be read."""

    def __init__(self, *topics: str) -> None:
        self.polls, self.sought, self._topics = 0, [], {RECEIPTS.topic, *topics}

    def assignment(self):
        return {RECEIPTS} if self.polls else set()

    def topics(self):
        return self._topics

    def partitions_for_topic(self, _):
        return {0}

    def beginning_offsets(self, tps, timeout_ms):
        return dict.fromkeys(tps, 0)

    def end_offsets(self, tps, timeout_ms):
        return dict.fromkeys(tps, 10_000 * (self.polls + 1))

    def position(self, tp, timeout_ms):
        return 0

    def assign(self, tps):
        self.assigned = set(tps)

    def seek(self, tp, offset):
        self.sought.append(offset)

    def poll(self, timeout_ms):
        self.polls += 1
        return {RECEIPTS: [record(0, RECEIPT)] * following._MOST_BEHIND}

    def close(self):
        pass


def test_a_flood_is_read_with_pauses_and_what_is_old_is_passed_over_at_once(monkeypatch):
    flood = Flood()
    monkeypatch.setattr(following, "reader", lambda *_, **__: flood)

    async def scenario():
        board = Board()
        board.look()
        thread = threading.Thread(target=following.follow, args=[NOWHERE, board], daemon=True)
        thread.start()
        await asyncio.sleep(1)
        board.close()
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()
        assert board.shown.feed

    asyncio.run(scenario())
    assert 2 <= flood.polls <= 6
    assert len(flood.sought) >= flood.polls - 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("topics", "refused", "why"),
    [
        ((), None, "journal.v1"),
        ((JOURNAL.name,), TopicAuthorizationFailedError("journal.v1"), "TopicAuthorizationFailedError"),
        ((JOURNAL.name,), None, ""),
        ((JOURNAL.name, ANSWERS.name), TopicAuthorizationFailedError({ANSWERS.name}), ""),
    ],
)
def test_a_right_that_is_missing_is_named_on_the_page(monkeypatch, language, topics, refused, why):
    calm = Flood(*topics)

    def poll(timeout_ms):
        if refused and (ANSWERS.name not in str(refused) or TopicPartition(ANSWERS.name, 0) in calm.assigned):
            raise refused
        time.sleep(0.01)
        return {}

    monkeypatch.setattr(calm, "poll", poll)
    monkeypatch.setattr(following, "reader", lambda *_, **__: calm)

    async def scenario():
        board, pages = Board(), Pages("/style.css")
        board.look()
        thread = threading.Thread(target=following.follow, args=[NOWHERE, board], daemon=True)
        thread.start()
        await asyncio.sleep(0.5)
        html = pages.part(Part.HEALTH, board.shown, Asked(language))
        assert (texts(language)["away_rights"].replace("`", "") in html.replace("`", "")) == bool(why)
        assert why in html
        assert texts(language)["away_kafka"] not in html
        board.close()
        await asyncio.to_thread(thread.join, 5)

    asyncio.run(scenario())


@pytest.mark.parametrize("fails", [True, False])
def test_a_slow_server_is_given_a_longer_rest_also_after_a_failure(monkeypatch, fails):
    def slow(*_, **__):
        time.sleep(0.1)
        if fails:
            raise Retriable("it is slow")

    pauses, rounds = [], iter([True, False])
    board = SimpleNamespace(wait_until_watched=lambda: next(rounds), pause=pauses.append, failed=lambda *_: None)
    for name in ("_AGAIN_S", "EVERY_S"):
        monkeypatch.setattr(asking, name, 0.1)
    monkeypatch.setattr(asking, "_round", slow)
    asking.ask(Settings(clickhouse_url="http://u:p@127.0.0.1:1/d"), board)
    assert len(pauses) == 1
    assert 0.4 <= pauses[0] < 4


def test_the_end_does_not_wait_for_a_case_that_clickhouse_does_not_give():
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts, and never answers
        settings = NOWHERE.model_copy(
            update={"clickhouse_url": type(NOWHERE.clickhouse_url)(f"http://u:p@127.0.0.1:{silent.getsockname()[1]}/d")}
        )

        async def scenario():
            page = LivePage(settings, lambda: Pipeline(AT, (), ()), lambda *_: pytest.fail("no file is asked for"), "/style.css")
            async with served(await page.start(lambda: None)) as client:
                client.cookie_jar.update_cookies({KEY.cookie: KEY.ticket})
                asked = [asyncio.create_task(client.get(f"{HOME}/case/{uuid4()}")) for _ in range(4)]
                await asyncio.sleep(0.5)
                assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("console"))
                began = time.monotonic()
                page.leave()
                answers = await asyncio.gather(*asked)
                assert [answer.status for answer in answers] == [503] * 4
                assert "the server ends" in await answers[0].text()
                assert (await client.get(f"{HOME}/case/{uuid4()}")).status == 503
                await page.stop()
                assert time.monotonic() - began < 2

        asyncio.run(scenario())


def test_a_case_is_given_up_after_some_seconds():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://u:p@127.0.0.1:{silent.getsockname()[1]}/d"

        async def scenario():
            reader = Asker(Settings(home=Path("nowhere"), clickhouse_url=url), within_s=1)
            began = time.monotonic()
            with pytest.raises(Retriable):
                await reader.ask(lambda database: read_case(database, uuid4()))
            assert time.monotonic() - began < 5
            reader.close()

        asyncio.run(scenario())
