"""The links in mails on the real broker: a mail leads to the page, the page to an answer, the answer to silence."""

from __future__ import annotations

import html
import json
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from mekong.deploy.local.ports import free_port
from mekong.deploy.subscriptions import read_all
from mekong.schemas.errors import Retriable
from mekong.schemas.notifications import Notification, Shared
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.schemas.topics import ANSWERS, NOTICES, NOTIFICATIONS
from mekong.schemas.wire import encode
from mekong.sinks.delivery.answers.store import AnswerWriter, NotificationReader
from mekong.sinks.delivery.links import AnswerTarget, Links
from tests.integration.committed import committed

ALERT = json.loads((Path(__file__).parents[2] / "examples" / "alerts" / "good-shared" / "alert.json").read_text())
pytestmark = pytest.mark.integration


def shared(series: str, at: datetime) -> bytes:
    alert = {**ALERT["alert"], "alert_id": str(uuid4()), "series": series, "raised_at": at.isoformat()}
    return json.dumps({**ALERT, "member": "VN-CUSTOMS", "at": at.isoformat(), "alert": alert}).encode()


def ask(url: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, urlencode(form).encode() if form else None, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read().decode()


def given(exchange: Any) -> list[Answer]:
    return read_all(exchange.settings, ANSWERS, Answer)


def told(exchange: Any) -> list[Notification]:
    return [one for one in read_all(exchange.settings, NOTIFICATIONS, Notification) if one.subscription == "duty-vn"]


def prove(exchange: Any, mailbox: Any, at: datetime, mails: int) -> None:
    """Ask for a test and wait for it: subscription and answers that stand before it were read."""
    exchange.write(ANSWERS.name, Answer(subscription="duty-vn", kind=AnswerKind.TEST, at=at), key=b"duty-vn")
    exchange.wait_until(lambda: len(mailbox.mails) == mails, "the test", 120)


@pytest.fixture(scope="module", autouse=True)
def decides(one_exchange: Any) -> None:
    """A `mekong worker notify` has run before: notifications of a lane without state would say that its state was lost."""
    one_exchange.subscribe("first", channel="stream")
    worker = one_exchange.mekong("worker", "notify")
    one_exchange.wait_until(lambda: committed(one_exchange.bootstrap, NOTICES.name), "its state", 60)
    worker.stop()


@pytest.fixture
def site(exchange: Any, notifier: Callable[..., Any]) -> str:
    """The notifier and the page, under an address of their own."""
    tokens, url = exchange.folder / "tokens", f"http://127.0.0.1:{free_port()}"
    tokens.write_text("")
    served = exchange.mekong(
        "events", "--listen", url.removeprefix("http://"), env={"MEKONG_STREAM_TOKENS": str(tokens), "MEKONG_PUBLIC_URL": url}
    )
    notifier(MEKONG_PUBLIC_URL=url)
    exchange.wait_until(lambda: "ready:" in served.last_words(20), "the server listens", 40)
    return url


def test_each_notification_has_its_own_link_and_a_link_that_leads_nowhere_is_told(exchange, site):
    ids = exchange.notify("reader", 3)
    links, until = Links(site, exchange.settings.link_keys()), datetime.now(UTC) + timedelta(days=1)
    placed = {one: offset for offset, one in enumerate(ids)}  # nothing stands before them in the topic
    for one, offset in placed.items():
        url = f"{site}/v1/answers/{links.token(AnswerTarget('reader', one, offset, until))}"
        assert ask(url)[0] == 200
        assert ask(url[:-5] + "AAAAA")[0] == 404
    assert ask(f"{site}/v1/answers/{links.token(AnswerTarget('reader', ids[0], placed[ids[1]], until))}")[0] == 404
    assert ask(f"{site}/v1/answers/{links.token(AnswerTarget('reader', UUID(int=1), 0, until))}")[0] == 404
    assert ask(f"{site}/v1/answers/{links.token(AnswerTarget('reader', ids[0], placed[ids[0]], until - timedelta(days=2)))}")[0] == 410


def test_while_the_broker_is_silent_nothing_is_said_to_be_recorded_and_the_same_form_goes_through_later(exchange, site):
    subscription = "patient"
    exchange.notify(subscription)
    written = read_all(exchange.settings, NOTIFICATIONS, Notification)
    until = datetime.now(UTC) + timedelta(days=1)
    place = AnswerTarget(subscription, written[-1].notification_id, len(written) - 1, until)
    url = f"{site}/v1/answers/{Links(site, exchange.settings.link_keys()).token(place)}"
    form = {"kind": "acknowledge", "form": "nonce-of-a-page"}
    assert ask(url)[0] == 200
    exchange.broker.send(signal.SIGSTOP)
    try:
        status, shown = ask(url, form)
    finally:
        exchange.broker.send(signal.SIGCONT)
    assert status == 503
    assert 'name="form" value="nonce-of-a-page"' in shown
    exchange.wait_until(lambda: ask(url, form)[0] == 200, "the same form is recorded", 60)
    answers = [one for one in read_all(exchange.settings, ANSWERS, Answer) if one.subscription == subscription]
    assert {one.kind for one in answers} == {AnswerKind.ACKNOWLEDGE}
    assert len({one.answer_id for one in answers}) == 1


def test_the_link_in_a_mail_mutes_a_series_and_a_form_sent_twice_is_one_answer(exchange, mailbox, site):
    exchange.subscribe("duty-vn", channel="mail", to="duty@example.org")
    exchange.mekong("worker", "notify")
    now = datetime.now(UTC)
    prove(exchange, mailbox, now, 1)
    exchange.share(encode(Shared(kind="hour", at=now, member="VN-CUSTOMS")), shared("VN-CUSTOMS/drug", now))
    exchange.wait_until(lambda: len(mailbox.mails) == 2, "the mail of the alert", 60)
    mail = mailbox.mails[1]
    found = re.search(rf"{site}/v1/answers/[\w.-]+", mail.get_body(["plain"]).get_content())
    assert found is not None
    assert found[0] in html.unescape(mail.get_body(["html"]).get_content())

    before = len(given(exchange))
    status, shown = ask(found[0])
    assert status == 200
    assert ALERT["alert"]["sentences"]["en"] in html.unescape(shown)
    assert len(given(exchange)) == before, "to look changes nothing"
    nonce = re.search(r'name="form" value="([^"]+)"', shown)
    assert nonce is not None
    until = (now + timedelta(days=3)).date().isoformat()
    mute = {"kind": "mute", "form": nonce[1], "series": "VN-CUSTOMS/drug", "until": until, "text": "known operation"}
    assert ask(found[0], {**mute, "text": ""})[0] == 422
    for form in ({"kind": "acknowledge", "form": nonce[1]}, mute, mute):
        assert ask(found[0], form)[0] == 200
    answers = given(exchange)[before:]
    assert [one.kind for one in answers] == [AnswerKind.ACKNOWLEDGE, AnswerKind.MUTE]
    assert {one.notification_id for one in answers} == {told(exchange)[-1].notification_id}

    exchange.write(ANSWERS.name, answers[1], key=b"duty-vn")  # as another process would, that does not remember the form
    prove(exchange, mailbox, now, 3)
    exchange.share(shared("VN-CUSTOMS/drug", now), shared("VN-CUSTOMS/fauna", now))
    exchange.wait_until(lambda: len(mailbox.mails) == 4, "the mail of the other series", 60)
    assert [item["series"] for one in told(exchange) for item in one.items] == ["VN-CUSTOMS/drug", "VN-CUSTOMS/fauna"]


def test_without_kafka_nothing_is_said_to_be_read_or_recorded(monkeypatch):
    monkeypatch.setattr("mekong.schemas.bootstrap.EACH_MS", 250)
    away = Settings(kafka_bootstrap=f"127.0.0.1:{free_port()}", secret="hush")
    with pytest.raises(Retriable):
        NotificationReader(away).notification(AnswerTarget("duty", UUID(int=1), 0, datetime.now(UTC)))
    with pytest.raises(Retriable):
        AnswerWriter(away).record(Answer(subscription="duty", kind=AnswerKind.ACKNOWLEDGE, at=datetime.now(UTC)))
