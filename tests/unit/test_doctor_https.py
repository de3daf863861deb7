"""``mekong doctor --url``: each step is broken once, and the sentence names the cause and whom to ask for what."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mekong.producers.doctor import HTTPS_STEPS, Found, examine_https, https_trial
from mekong.schemas.settings import Settings
from tests.unit.https_server import AGENCY, TOKEN, TOPIC, Exchange

NOW = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)
RECEIPT = {
    "source_topic": TOPIC,
    "source_offset": 0,
    "agency": AGENCY,
    "outcome": "rejected",
    "reason": "test_message",
    "received_at": "2026-11-29T01:00:00Z",
}


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    found = Exchange()
    found.pages[0] = {"receipts": [RECEIPT], "next": f"{TOPIC}@1"}
    yield found
    found.close()


@pytest.fixture
def serving() -> Iterator[Callable[[bytes], int]]:
    """Starts a port that gives every connection the same answer to its first bytes."""
    servers: list[socket.socket] = []

    def start(answer: bytes) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def run() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with suppress(OSError), client:
                        if answer and client.recv(65_536):
                            client.sendall(answer)

        threading.Thread(target=run, daemon=True).start()
        return int(server.getsockname()[1])

    yield start
    for server in servers:
        server.close()


def tried(settings: Settings, agency: str | None = None, now: datetime = NOW) -> list[Found]:
    return list(examine_https(settings, agency, lambda: now))


def failed(found: list[Found], step: str, *sentences: str) -> None:
    """All steps before this one are well, and the sentences are there."""
    assert [one.step for one in found] == list(HTTPS_STEPS[: HTTPS_STEPS.index(step) + 1]), found
    assert [one.result for one in found] == ["ok"] * (len(found) - 1) + ["FAILED"]
    for sentence in sentences:
        assert sentence in f"{found[-1].said} | {found[-1].ask}", found[-1]


def test_all_is_well(exchange, tmp_path):
    found = tried(exchange.settings(tmp_path), AGENCY)
    assert [one.step for one in found] == list(HTTPS_STEPS)
    assert {one.result for one in found} == {"ok"}
    assert not any(TOKEN in one.said for one in found)
    (message,) = exchange.posted
    assert json.loads(message)["message_type"] == "test"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"token": ""}, "MEKONG_TOKEN is not set"),
        ({"url": "http://exchange.example"}, "the address must begin with https://"),
        ({"url_cafile": "/nowhere/ca.pem"}, "MEKONG_URL_CAFILE: /nowhere/ca.pem cannot be used"),
    ],
)
def test_settings_that_cannot_be_right_are_the_first_step(tmp_path, changed, said):
    settings = {"home": tmp_path, "url": "https://exchange.example", "token": TOKEN}
    failed(tried(Settings.model_validate({**settings, **changed})), "settings", said)


def test_a_name_that_nobody_knows_and_a_port_where_nothing_listens(tmp_path, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    failed(tried(Settings(home=tmp_path, url="https://a.invalid", token=TOKEN)), "name", "the name a.invalid", "your own network team")
    failed(tried(Settings(home=tmp_path, url=f"https://127.0.0.1:{port}", token=TOKEN)), "port", f"127.0.0.1:{port} refuses the connection")


def test_a_port_that_does_not_speak_tls(tmp_path, serving):
    port = serving(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    failed(tried(Settings(home=tmp_path, url=f"https://127.0.0.1:{port}", token=TOKEN)), "TLS", "does not speak TLS")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "asks for a user and a password"),
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "allow CONNECT to exchange.example:443"),
        (b"", "does not let a connection to exchange.example:443 through"),
    ],
)
def test_a_proxy_that_does_not_let_the_connection_through(tmp_path, serving, monkeypatch, answer, said):
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://somebody:pass-word-1@127.0.0.1:{serving(answer)}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    found = tried(Settings(home=tmp_path, url="https://exchange.example", token=TOKEN))
    failed(found, "proxy", said)
    assert not any("pass-word-1" in one.said + one.ask for one in found)


def test_a_token_of_another_agency_and_an_address_of_somebody_else(exchange, tmp_path):
    failed(tried(exchange.settings(tmp_path), "LA-CUSTOMS"), "token", f"the token is of {AGENCY}, not of LA-CUSTOMS")
    exchange.me = {"hello": "world"}
    failed(tried(exchange.settings(tmp_path)), "token", "answers what the exchange does not answer")


def test_an_older_gateway_that_refuses_tests(exchange, tmp_path):
    exchange.answer = (422, {"detail": "this message was a test of the connection", "reason": "test_message"})
    exchange_of = tried(exchange.settings(tmp_path))
    assert (exchange_of[-1].step, exchange_of[-1].result) == ("message", "FAILED")


def test_no_receipt_within_the_time(exchange, tmp_path, monkeypatch):
    monkeypatch.setattr(https_trial, "RECEIPT_WITHIN_S", 0.2)
    exchange.pages[0] = {"receipts": [], "next": f"{TOPIC}@0"}
    failed(tried(exchange.settings(tmp_path)), "message", "no receipt came within", "whether intake runs")


def test_a_wrong_clock(exchange, tmp_path):
    failed(tried(exchange.settings(tmp_path), now=NOW + timedelta(hours=1)), "clock", "60 minutes ahead of the broker's", "future_date")


def test_the_page_has_a_row_for_each_step():
    page = (Path(__file__).parents[2] / "docs" / "join.md").read_text(encoding="utf-8")
    table = page.split("| step over HTTPS | what it tries |")[1].split("\n\n")[0]
    assert tuple(re.findall(r"^\| (\w+) \|", table, re.MULTILINE)) == HTTPS_STEPS
