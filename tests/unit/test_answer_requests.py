"""Requests for the page of answers: nothing is said to be recorded that is not, and nothing twice."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import ClientSession as Client

from mekong.schemas.errors import Retriable
from mekong.schemas.keys import Keys
from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.subscriptions import Answer
from mekong.sinks.delivery.answers.recording import MOST_BYTES
from mekong.sinks.delivery.answers.serve import Answers
from mekong.sinks.delivery.links import PATH, AnswerTarget, Links
from tests.unit.served import served

ALERT = json.loads((Path(__file__).parents[1] / "examples" / "alerts" / "good" / "spike-open.json").read_text())
AT = datetime(2026, 5, 3, 8, tzinfo=UTC)
NOTIFICATION = Notification(
    notification_id=UUID(int=5), subscription="duty", member="VN-CUSTOMS", reason=Reason.ALERT, raised_at=AT, language="vi",
    subject="Spike", text="Nine cases.", items=(ALERT,),
)  # fmt: skip
LINKS = Links("https://alerts.example.org", Keys.of("links to answers", b"hush"))
URL = PATH + LINKS.link(NOTIFICATION, 3).url.rpartition("/")[2]
ACK = {"kind": "acknowledge", "form": "nonce-of-a-page"}


class Kafka:
    """Both ends of it, in memory; ``away`` refuses, ``slow`` holds a write until it is set."""

    def __init__(self) -> None:
        self.recorded: list[Answer] = []
        self.away = False
        self.slow = threading.Event()
        self.slow.set()

    def notification(self, place: AnswerTarget) -> Notification | None:
        if self.away:
            raise Retriable("away")
        return NOTIFICATION if place.offset == 3 else None

    def record(self, answer: Answer) -> int:
        if self.away:
            raise Retriable("away")
        assert self.slow.wait(10)
        self.recorded.append(answer)
        return len(self.recorded) - 1

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
def run(kafka: Kafka) -> Callable[..., None]:
    """Run a test against the page."""

    def run(test: Callable[[Client], Awaitable[None]], now: datetime = AT) -> None:
        async def serve() -> None:
            answers = Answers(LINKS, kafka, kafka, lambda: now)
            async with served(answers.routes()) as client:
                await test(client)
            answers.close()

        asyncio.run(serve())

    return run


def test_to_look_changes_nothing_and_leaves_no_trace_in_caches_and_referrers(kafka, run):
    async def test(client: Client) -> None:
        for method in ("GET", "HEAD"):
            answer = await client.request(method, URL)
            assert answer.status == 200
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert answer.headers["content-type"] == "text/html; charset=utf-8"

    run(test)
    assert kafka.recorded == []


def test_a_form_sent_again_is_recorded_once_also_while_the_first_is_under_way(kafka, run):
    async def test(client: Client) -> None:
        kafka.slow.clear()
        sent = [asyncio.ensure_future(client.post(URL, data=ACK)) for _ in range(5)]
        await asyncio.sleep(0.2)
        assert not any(one.done() for one in sent), "nobody is told that it is recorded before it is"
        kafka.slow.set()
        assert [(await one).status for one in sent] == [200] * 5
        assert (await client.post(URL, data=ACK)).status == 200
        assert (await client.post(URL, data={**ACK, "form": "nonce-of-another"})).status == 200

    run(test)
    assert len(kafka.recorded) == 2


def test_while_kafka_is_away_the_answer_stays_in_the_page_to_be_sent_again(kafka, run):
    async def test(client: Client) -> None:
        shown = await (await client.get(URL)).text()
        nonce = re.search(r'name="form" value="([^"]+)"', shown)
        assert nonce is not None
        kafka.away = True
        note = {"kind": "note", "text": "asked «the post» & wait", "form": nonce[1]}
        refused = await client.post(URL, data=note)
        assert (refused.status, refused.headers["retry-after"]) == (503, "30")
        kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', await refused.text()))
        assert kept == {**note, "text": "asked «the post» &amp; wait"}
        assert (await client.get(URL)).status == 503
        kafka.away = False
        assert (await client.post(URL, data=note)).status == 200

    run(test)
    assert [one.text for one in kafka.recorded] == ["asked «the post» & wait"]


def test_a_link_that_is_none_or_has_ended_says_so_and_records_nothing(kafka, run):
    async def gone(client: Client) -> None:
        other = LINKS.link(NOTIFICATION, 4).url.rpartition("/")[2]
        for url, status in ((URL, 410), (URL[:-9] + "AAAAAAAAA", 404), (PATH + "x", 404), (PATH + "%00<script>", 404)):
            for answer in (await client.get(url), await client.post(url, data=ACK)):
                assert answer.status == status
                assert "<script>" not in await answer.text()
        assert (await client.get(PATH + other)).status == 410

    async def elsewhere(client: Client) -> None:
        assert (await client.get(PATH + LINKS.link(NOTIFICATION, 4).url.rpartition("/")[2])).status == 404

    run(gone, AT + timedelta(days=30))
    run(elsewhere)
    assert kafka.recorded == []


def test_what_is_refused_says_why_in_the_subscribers_language_and_what_is_too_large_is_not_read(kafka, run):
    async def test(client: Client) -> None:
        refused = await client.post(URL, data={**ACK, "kind": "mute", "series": "VN-CUSTOMS/drug", "until": "2026-05-09"})
        assert refused.status == 422
        assert "Chưa lưu" in await refused.text()
        assert (await client.post(URL, json=ACK)).status == 422
        assert (await client.post(URL, data={**ACK, "text": "x" * MOST_BYTES})).status == 413
        longest = {**ACK, "kind": "note", "text": "𠀀" * 1_000}
        assert (await client.post(URL, data=longest)).status == 200

    run(test)
    assert [len(one.text or "") for one in kafka.recorded] == [1_000]
