"""The HTTPS way to the exchange: what happens when the other side, a proxy or a setting is not as it should be."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from mekong.deploy.cli import mekong
from mekong.producers.files import SendOptions, format_named, send_file
from mekong.producers.https.connection import Connection
from mekong.producers.https.mailbox import HttpsMailbox
from mekong.producers.https.outbox import HttpsOutbox
from mekong.producers.outbox import Delivered
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.wire import encode
from tests.unit.filled import filled
from tests.unit.https_server import AGENCY, TOKEN, TOPIC, Exchange


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    found = Exchange()
    yield found
    found.close()


def until(holds: Callable[[], bool], within_s: float = 12.0) -> None:
    """Wait for it. Less than the 20 s after which the exchange of the test would answer."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def sent(exchange: Exchange, home: Path):
    file = home / "messages.jsonl"
    file.write_text(
        json.dumps({"message_type": "seizure", "agency": AGENCY, "case_no": "1", "seized_at": "2026-11-20", "lines": []}) + "\n"
    )
    return send_file(exchange.settings(home), file, SendOptions(format_named("json"), wait_s=0.1))


def test_what_was_delivered_belongs_to_the_exchange_and_not_to_its_address(exchange, tmp_path):
    assert sent(exchange, tmp_path).sent == 1
    assert sent(exchange, tmp_path).resumed == 1  # no receipt came: it continues
    exchange.me["exchange"] = "ANOTHER"
    assert sent(exchange, tmp_path).resumed == 0
    assert len(exchange.posted) == 2


@pytest.mark.parametrize("named", ["../../stolen", "", "a/b", "é", "a" * 101, 7, None])
def test_an_exchange_whose_id_cannot_be_in_the_name_of_a_file_is_refused(exchange, tmp_path, named):
    exchange.me["exchange"] = named
    with pytest.raises(Fatal, match="does not answer"):
        sent(exchange, tmp_path)
    assert [one.name for one in tmp_path.rglob("*")] == ["messages.jsonl"]


UNEXPECTED = [
    {"messages": [{"line": 1}]},
    {"messages": [{"no": 1}]},
    {"messages": ["x"]},
    {"messages": [{"line": 1, "id": "x@y"}]},
    {"messages": [{"line": 1, "reason": [], "field": "", "detail": ""}]},
    {"messages": [{"line": 1, "reason": "not_json", "field": 1, "detail": None}]},
]


@pytest.mark.parametrize("answer", UNEXPECTED, ids=json.dumps)
def test_an_unexpected_answer_to_messages_ends_the_sending_with_a_sentence(exchange, tmp_path, answer):
    exchange.answer = 202, answer
    with HttpsOutbox[int](exchange.settings(tmp_path)) as outbox:
        outbox.send(TOPIC, "1", b"{}", 1)
        for _ in range(2):
            with pytest.raises(Fatal, match="Does the address belong to the exchange"):
                outbox.flush(20)


def test_a_fault_of_the_connection_ends_the_sending_with_a_sentence(exchange, tmp_path):
    with HttpsOutbox[int](exchange.settings(tmp_path)) as outbox:
        outbox._connection.close()
        outbox.send(TOPIC, "1", b"{}", 1)
        with pytest.raises(Fatal, match="Does the address belong to the exchange"):
            outbox.flush(20)


@pytest.mark.parametrize("page", [{}, {"receipts": [], "next": 7}, {"receipts": 7, "next": TOPIC + "@0"}], ids=json.dumps)
def test_an_unexpected_page_of_receipts_ends_the_reading_with_a_sentence(exchange, tmp_path, page):
    exchange.pages[3] = page
    with HttpsMailbox(exchange.settings(tmp_path)) as mailbox:
        mailbox.follow([TOPIC], {f"receipts.{AGENCY}.v1": 3})
        for _ in range(2):
            with pytest.raises(Fatal, match="Does the address belong to the exchange"):
                mailbox.poll(20)
        with pytest.raises(Fatal, match="Does the address belong to the exchange"):
            list(mailbox.to_end())


def test_a_receipt_that_cannot_be_read_is_not_passed_over(exchange, tmp_path):
    exchange.pages[3] = {"receipts": [{"of": "the future"}], "next": TOPIC + "@4"}
    with HttpsMailbox(exchange.settings(tmp_path)) as mailbox:
        mailbox.follow([TOPIC], {f"receipts.{AGENCY}.v1": 3})
        with pytest.raises(Refused, match="Install a newer one"):
            mailbox.poll(20)
        assert mailbox.place(TOPIC) == 3


@pytest.mark.parametrize("bad", [b"", b" \r\n", b"[{}]", b"[", b"{", b"\xff\xfe{\x00", b"\x1f\x8b"])
def test_a_message_for_which_a_whole_request_would_be_refused_is_undelivered_by_itself(exchange, tmp_path, bad):
    with HttpsOutbox[int](exchange.settings(tmp_path)) as outbox:
        for token, value in enumerate((bad, b"{}", bad, b'{\n"a": 1}')):
            outbox.send(TOPIC, "", value, token)
        reports = outbox.flush(20)
    assert {one.token: isinstance(one, Delivered) for one in reports} == {0: False, 1: True, 2: False, 3: True}
    assert exchange.posted == [b"{}", b'{ "a": 1}']


@pytest.mark.parametrize("around", [("", "\n"), ("", "\r\n"), (" ", " ")])
def test_a_token_may_have_the_line_end_of_the_file_it_was_read_from(exchange, tmp_path, around):
    connection = Connection(exchange.settings(tmp_path).model_copy(update={"token": SecretStr(TOKEN.join(around))}))
    assert connection.me().agency == AGENCY
    connection.close()


SECRET = "5ec4e7" * 10
WRONG = [
    f"mekong-00000000-{SECRET}",
    f"mekong-00000000-{SECRET}abc\nd",
    f"mekong-00000000-{SECRET}abcé",
    f"{SECRET}\n{SECRET}",
    f"é{SECRET}",
]


@pytest.mark.parametrize("token", WRONG)
def test_what_is_not_a_token_is_refused_and_no_text_has_it(exchange, tmp_path, caplog, token):
    settings = exchange.settings(tmp_path).model_copy(update={"token": SecretStr(token)})
    with caplog.at_level(logging.DEBUG), pytest.raises(Refused, match="MEKONG_TOKEN is not valid") as raised:
        HttpsMailbox(settings)
    assert exchange.asked == []
    said = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + repr(settings) + caplog.text
    assert SECRET not in said


def test_no_error_no_log_line_and_no_repr_has_the_token(exchange, tmp_path, caplog):
    settings = exchange.settings(tmp_path)
    with caplog.at_level(logging.DEBUG):
        connection = Connection(settings)
        connection.me()
        exchange.me["exchange"] = ""
        with pytest.raises(Fatal) as unlike:
            connection.me()
        exchange.close()
        connection.close()
        with pytest.raises(Retriable) as away:
            Connection(settings).me()
    raised = [text for one in (unlike, away) for text in traceback.format_exception(one.value)]
    assert "Bearer" not in caplog.text + repr(connection) + repr(settings) + "".join(raised)
    assert TOKEN not in caplog.text + repr(connection) + repr(settings) + "".join(raised)


def test_a_mailbox_that_is_closed_leaves_no_request_open(exchange, tmp_path):
    mailbox = HttpsMailbox(exchange.settings(tmp_path))
    mailbox.follow([TOPIC])
    until(lambda: exchange.open == 1)
    mailbox.close()
    until(lambda: exchange.open == 0)
    until(lambda: not mailbox._thread.is_alive())


def test_a_mailbox_that_is_closed_while_nobody_reads_ends_its_thread(exchange, tmp_path):
    exchange.pages = {number: {"receipts": [{}], "next": f"{TOPIC}@{number + 1}"} for number in range(100)}
    mailbox = HttpsMailbox(exchange.settings(tmp_path))
    mailbox.follow([TOPIC], {f"receipts.{AGENCY}.v1": 0})
    until(mailbox._came.full)
    mailbox.close()
    until(lambda: not mailbox._thread.is_alive())


def test_an_outbox_that_is_closed_ends_the_request_it_waits_for(exchange, tmp_path):
    exchange.is_slow = True
    outbox = HttpsOutbox[int](exchange.settings(tmp_path))
    outbox.send(TOPIC, "1", b"{}", 1)
    until(lambda: exchange.open == 1)
    outbox.close()
    until(lambda: exchange.open == 0)
    until(lambda: not outbox._thread.is_alive())


def test_an_empty_page_is_not_the_end_while_the_place_moves(exchange, tmp_path):
    made = Receipt(source_topic=TOPIC, source_offset=0, agency=AGENCY, outcome=Outcome.ACCEPTED, received_at="2026-05-03T00:00:00Z")
    receipt = json.loads(encode(made))
    exchange.pages = {
        0: {"receipts": [receipt], "next": f"{TOPIC}@1"},
        1: {"receipts": [], "next": f"{TOPIC}@40"},
        40: {"receipts": [receipt], "next": f"{TOPIC}@41"},
    }
    with HttpsMailbox(exchange.settings(tmp_path)) as mailbox:
        assert list(mailbox.to_end()) == [[made], [made]]


def checked(exchange: Exchange, home: Path, monkeypatch: pytest.MonkeyPatch, agency: str = AGENCY) -> str:
    """What `mekong check` says of a sheet, with the address set, and a local stack whose broker is away."""
    (home / "stack.json").write_text(json.dumps({"kafka": {"bootstrap": "127.0.0.1:1"}}))
    for name, value in {"MEKONG_HOME": str(home), "MEKONG_URL": exchange.url, "MEKONG_TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)
    sheet = home / "may.xlsx"
    sheet.write_bytes(filled("en", 2, agency))
    return CliRunner().invoke(mekong, ["check", str(sheet)]).output


def test_a_check_asks_the_exchange_behind_the_address(exchange, tmp_path, monkeypatch):
    assert "no exchange was asked" not in checked(exchange, tmp_path, monkeypatch)
    assert "/v1/me" in exchange.asked
    assert exchange.posted == []
    assert [one.name for one in (tmp_path / "editions").iterdir()] == ["ONE.db"]
    assert "LA-CUSTOMS is not registered at this exchange, or you may not send for it" in checked(
        exchange, tmp_path, monkeypatch, "LA-CUSTOMS"
    )


def test_a_check_goes_on_when_it_is_not_the_exchange_that_answers(exchange, tmp_path, monkeypatch):
    exchange.me = {}
    said = checked(exchange, tmp_path, monkeypatch)
    assert "no exchange was asked: " + exchange.url in said


def test_a_check_without_any_address_names_both(tmp_path, monkeypatch):
    monkeypatch.delenv("MEKONG_KAFKA_BOOTSTRAP", raising=False)
    monkeypatch.delenv("MEKONG_URL", raising=False)
    monkeypatch.setenv("MEKONG_HOME", str(tmp_path))
    sheet = tmp_path / "may.xlsx"
    sheet.write_bytes(filled("en", 2))
    assert "neither MEKONG_URL nor MEKONG_KAFKA_BOOTSTRAP is set" in CliRunner().invoke(mekong, ["check", str(sheet)]).output


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_is_not_asked_for_an_address_of_this_machine(exchange, tmp_path, monkeypatch, name, host):
    proxy = Exchange()
    for one in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, proxy.url)
    here = exchange.settings(tmp_path).model_copy(update={"url": exchange.url.replace("127.0.0.1", host)})
    connection = Connection(here)
    assert connection.me().agency == AGENCY
    connection.close()
    proxy.close()
    assert (proxy.asked, exchange.asked) == ([], ["/v1/me"])


def test_a_message_that_no_edition_orders_is_in_a_request_without_one(exchange, tmp_path):
    with HttpsOutbox(exchange.settings(tmp_path), "a sheet", edition="2026-11-01T08:00:00Z", linger_ms=200) as outbox:
        for number, ordered in enumerate((True, True, False, True)):
            outbox.send(TOPIC, str(number), b'{"case_no":"%d"}' % number, number, ordered=ordered)
        outbox.flush()
    assert [json.loads(line)["case_no"] for line in exchange.posted] == ["0", "1", "2", "3"]
    posts = [path for path in exchange.asked if path.startswith("/v1/messages")]
    assert ["edition=" in path for path in posts] == [True, False, True]
    assert all("batch=" in path for path in posts)
