"""The gateway without a broker: bodies, quotas, tokens, problems, and that nothing of a message or a token is logged."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import pickle
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from mekong.deploy.profiles import profile_of
from mekong.deploy.tokens import Made
from mekong.deploy.web.serve import Listen, check_tls
from mekong.producers.gateway import body, receipts
from mekong.producers.gateway.application import application
from mekong.producers.gateway.judging import Judging
from mekong.producers.gateway.parcels import Carried
from mekong.producers.gateway.problem import Problem, away
from mekong.producers.gateway.quota import Limits, Quota, Quotas, held
from mekong.producers.gateway.register import Book
from mekong.producers.gateway.sheets import child
from mekong.producers.gateway.sheets.history import Sendings
from mekong.producers.gateway.shelf import Found
from mekong.producers.gateway.state import State
from mekong.schemas.errors import Refused
from mekong.schemas.feed import feed_health
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.settings import Settings
from mekong.schemas.tokens import SCOPES, Token, digest_of, text_of
from mekong.schemas.trial import trial_message
from mekong.schemas.wire import encode
from mekong.streams.core.intake.alone import judge
from tests.amount import PART

AGENCY, OTHER = "VN-CUSTOMS", "LA-CUSTOMS"
TEXT = text_of("0123abcd", "5" * 64)
NDJSON = {"content-type": "application/x-ndjson"}
LIMITS = Limits(600, 50_000_000)


def token(agency: str = AGENCY, text: str = TEXT, scopes=SCOPES) -> Token:
    return Token(agency=agency, id=text[7:15], digest=digest_of(text), scopes=scopes, made_at=datetime(2026, 11, 1, tzinfo=UTC))


def seizure(number: int = 1, **more):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 2, "unit": "kg"}
    return {"message_type": "seizure", "agency": AGENCY, "case_no": f"case {number}", "seized_at": "2026-05-03", "lines": [line], **more}


def ndjson(*messages) -> bytes:
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in messages)


class Past:
    """The history of sheets in memory."""

    def __init__(self) -> None:
        self.book, self.failing = Sendings(), 0

    def sendings(self):
        return self.book

    def write(self, sending):
        if self.failing:
            self.failing -= 1
            if not self.failing:
                raise away()
        self.book.apply(sending.key, encode(sending))

    def forget(self, sending):
        self.book.apply(sending.key, None)


def read_here(given: bytes):
    """What a child would answer. ``make check`` reads sheets in its own process: starting a child costs 20 times as much as a sheet."""
    return pickle.loads(pickle.dumps(child.done(given)))


class Broker(State):
    """Stores messages in a list; ``outcome`` is raised when it is set."""

    def __init__(self) -> None:
        book = Book()
        for agency in (AGENCY, OTHER):
            book.apply(f"agency:{agency}", encode(profile_of(agency)))
        book.apply(token().key, encode(token()))
        super().__init__(book, Quotas(LIMITS, 0.0), judge, "an exchange")
        self.mailroom, self.feeds, self.stored, self.outcome, self.headers = self, self, [], None, []
        self.is_closed = False
        if PART > 1:
            self.children._ask = read_here
        self.history, self.letters = Past(), []

    def courier(self, topic):
        return self

    async def deliver(self, letters, headers, key, receipts):
        if self.outcome:
            raise self.outcome
        found = {}
        for letter in letters:
            found[letter.number] = len(self.stored)
            self.stored.append(letter.value)
            self.letters.append(letter)
        self.headers = [*headers, *(letters[0].headers if letters else ())]
        return Carried(found, receipts)

    async def place(self, topic):
        return 17

    async def read(self, topic, after, most, wait_s):
        return Found([], max(after, 17))

    async def health(self, agency):
        health = feed_health((), datetime(2026, 11, 1, tzinfo=UTC))
        return {**health.model_dump(mode="json"), "is_well": health.is_well, "is_partial": False}


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def client(broker: Broker) -> TestClient:
    return TestClient(application(broker), headers={"authorization": f"Bearer {TEXT}"}, raise_server_exceptions=False)


def problem(answer, status: int, reason: str | None = None) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert found.get("reason") == reason
    return found


def test_a_message_is_stored_as_it_was_sent(client, broker):
    raw = json.dumps(seizure(), indent=2).encode()
    answer = client.post("/v1/messages", content=raw, headers={"content-type": "application/json; charset=utf-8"})
    assert answer.status_code == 202
    assert broker.stored == [raw]
    assert answer.json() == {
        "sent": 1,
        "refused": 0,
        "receipts_after": f"in.{AGENCY}.v1@17",
        "messages": [{"line": 1, "case_no": "case 1", "id": f"in.{AGENCY}.v1@0"}],
    }


def test_a_bad_line_costs_no_other_line(client, broker):
    answer = client.post("/v1/messages", content=ndjson(seizure(1), b"no", b"", seizure(2, agency=OTHER), seizure(3)), headers=NDJSON)
    found = answer.json()
    assert (answer.status_code, found["sent"], found["refused"]) == (202, 2, 2)
    assert [(one["line"], one.get("reason")) for one in found["messages"]] == [(1, None), (2, "not_json"), (4, "wrong_agency"), (5, None)]
    assert len(broker.stored) == 2


def test_when_no_line_is_good_nothing_is_sent(client, broker):
    found = problem(client.post("/v1/messages", content=ndjson(b"no", seizure(seized_at="x")), headers=NDJSON), 422)
    assert [one["reason"] for one in found["messages"]] == ["not_json", "bad_date"]
    assert broker.stored == []


@pytest.mark.parametrize(
    ("message", "status", "reason", "field"),
    [
        (b"{", 400, "not_json", "message"),
        (b'{"case_no": "\xff"}', 400, "invalid_utf8", "line"),
        (seizure(agency=OTHER), 403, "wrong_agency", "agency"),
        (seizure(lines=[]), 422, "invalid_value", "lines"),
        (seizure(case_no=None), 422, "wrong_type", "case_no"),
        ({"agency": AGENCY, "case_no": "1"}, 422, "missing_field", "message_type"),
        (seizure(method_note="x" * 1_000_000), 413, "too_large", "message"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_message_that_is_refused_says_why_in_the_words_of_receipts(client, broker, message, status, reason, field):
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    found = problem(client.post("/v1/messages", content=raw, headers={"content-type": "application/json"}), status, reason)
    assert found["field"] == field
    assert broker.stored == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"content-type": "text/csv"}, {"content-type": "application/json; charset=gbk"}, {**NDJSON, "content-encoding": "br"}],
)
def test_another_type_of_body_is_415(client, headers):
    problem(client.post("/v1/messages", content=b"{}", headers=headers), 415)


def test_an_empty_body_is_400(client):
    problem(client.post("/v1/messages", content=b"", headers=NDJSON), 400, "bad_file")
    problem(client.post("/v1/messages", content=b"\n\n", headers=NDJSON), 400, "bad_file")


def test_gzip_is_unpacked_also_in_several_members(client, broker):
    packed = gzip.compress(ndjson(seizure(1))) + gzip.compress(ndjson(seizure(2)))
    assert client.post("/v1/messages", content=packed, headers={**NDJSON, "content-encoding": "gzip"}).json()["sent"] == 2


def test_a_gzip_body_that_is_cut_off_or_damaged_is_400(client):
    packed = gzip.compress(ndjson(*map(seizure, range(100))))
    for raw in (packed[:-9], b"no gzip"):
        problem(client.post("/v1/messages", content=raw, headers={**NDJSON, "content-encoding": "gzip"}), 400, "bad_file")


def test_a_bomb_is_refused_and_never_unpacked(client, monkeypatch):
    unpacked = []

    class Spied(body._Unpacked):
        def finish(self) -> bytes:
            raise AssertionError("it was read to its end")

        def add(self, part: bytes) -> None:
            try:
                super().add(part)
            finally:
                unpacked.append(len(self._found))

    monkeypatch.setattr(body, "_Unpacked", Spied)
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(1_000)) + packer.flush()
    problem(client.post("/v1/messages", content=bomb, headers={**NDJSON, "content-encoding": "gzip"}), 413, "too_large")
    assert max(unpacked) <= body.MOST_BYTES + 1


def test_a_body_over_the_limit_is_413(client):
    problem(client.post("/v1/messages", content=bytes(body.MOST_BYTES + 1), headers=NDJSON), 413, "too_large")


def test_more_lines_than_a_request_may_have_are_413_before_any_is_read(client, broker):
    broker.judge = None  # fails when it is asked
    for raw in (b"1\n" * 10_001, b" 1\r\n\n" * 10_001, b"\n" * 100_001 + b"1"):
        found = problem(client.post("/v1/messages", content=raw, headers=NDJSON), 413, "too_large")
        assert "10,000 messages" in found["detail"]
        broker.quotas = Quotas(LIMITS, 0.0)


def test_blank_lines_are_not_counted_as_messages():
    assert body.count(b"\n \n\xef\xbb\xbf{}\r\n\t\r\n" + b"\n" * 50_000 + b"{}", is_ndjson=True) == 2
    assert body.count(b"1\n" * body.MOST_MESSAGES, is_ndjson=True) == body.MOST_MESSAGES
    assert body.count(b"{\n\n}", is_ndjson=False) == 1


def test_bad_lines_are_charged_before_they_are_judged(client, broker):
    problem(client.post("/v1/messages", content=b"1\n" * 400, headers=NDJSON), 422)
    problem(client.post("/v1/check", content=b"1\n", headers=NDJSON), 429)
    broker.quotas, left = Quotas(LIMITS, 0.0), []
    broker.judging = Judging(lambda *_, **__: left.append(broker.quotas._quotas[AGENCY].wait_s(0.0)) or (), broker.courier)
    assert client.post("/v1/messages", content=ndjson(*map(seizure, range(400))), headers=NDJSON).status_code == 202
    assert left[0] == 30


def test_the_bytes_of_a_body_are_under_way_while_it_arrives():
    quota = Quota(LIMITS, 0.0)
    with held(quota) as hold:
        found = body._Plain(hold)
        found.add(bytes(9_000_000))
        assert quota.body_bytes == 9_000_000
        with held(quota) as others:
            for _ in range(3):
                body._Unpacked(others).add(gzip.compress(bytes(9_000_000)))
            with pytest.raises(Problem) as refused:
                body._Unpacked(others).add(gzip.compress(bytes(9_000_000)))
        assert refused.value.status == 429
        assert quota.body_bytes == 9_000_000
    assert quota.body_bytes == 0


def test_a_token_is_asked_for_and_a_wrong_one_is_refused(broker):
    client = TestClient(application(broker))
    for header in (
        "",
        "Basic abc",
        "Bearer ",
        f"Bearer {TEXT}x",
        f"Bearer {text_of('0123abcd', '6' * 64)}",
        "Bearer ünicode".encode().decode("latin-1"),
    ):
        answer = client.get("/v1/me", headers={"authorization": header.encode("latin-1")} if header else {})
        problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_does_only_what_it_is_for(broker):
    read_only = text_of("89abcdef", "7" * 64)
    one = token(text=read_only, scopes=("read",))
    broker.book.apply(one.key, encode(one))
    client = TestClient(application(broker), headers={"authorization": f"Bearer {read_only}"})
    assert client.get("/v1/receipts").status_code == 200
    problem(client.post("/v1/messages", json=seizure()), 403)


def test_a_revoked_token_and_a_disabled_agency_are_refused(broker, client):
    broker.book.apply(
        f"agency:{AGENCY}", encode(profile_of(AGENCY).model_copy(update={"status": "disabled", "reason": "its key was stolen"}))
    )
    found = problem(client.get("/v1/me"), 403, "agency_disabled")
    assert "its key was stolen" in found["detail"]
    broker.book.apply(token().key, None)
    problem(client.get("/v1/me"), 401)


def test_two_tokens_with_the_same_id_are_told_apart(broker, client):
    text = text_of("0123abcd", "8" * 64)
    one = token(OTHER, text)
    broker.book.apply(one.key, encode(one))
    assert client.get("/v1/me").json()["agency"] == AGENCY
    assert client.get("/v1/me", headers={"authorization": f"Bearer {text}"}).json()["agency"] == OTHER


def test_a_token_that_is_revoked_while_its_reader_waits_reads_nothing_more(client, broker):
    async def read(topic, after, most, wait_s):
        broker.book.apply(token().key, None)
        return Found([(17, b"{}")], 18)

    broker.read = read
    problem(client.get("/v1/receipts?wait=50"), 401)


def test_a_token_that_is_revoked_while_its_body_arrives_sends_nothing(client, broker):
    def parts():
        raw = json.dumps(seizure()).encode()
        yield raw[:5]
        broker.book.apply(token().key, None)
        yield raw[5:]

    problem(client.post("/v1/messages", content=parts(), headers={"content-type": "application/json"}), 401)
    assert broker.stored == []


def test_a_token_that_is_revoked_while_the_place_of_receipts_is_looked_up_sends_nothing(client, broker):
    async def place(topic):
        broker.book.apply(token().key, None)
        return 17

    broker.place = place
    problem(client.post("/v1/messages", json=seizure()), 401)
    assert broker.stored == []


def test_a_body_that_never_ends_is_408(monkeypatch):
    async def drips():
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"x", "more_body": True}

    monkeypatch.setattr(body, "WHOLE_WITHIN_S", 0.05)
    request = Request({"type": "http", "method": "POST", "headers": []}, drips)
    with pytest.raises(Problem) as refused:
        asyncio.run(body.read(request, lambda _: None))
    assert (refused.value.status, refused.value.detail) == (408, "The body took longer than 0.05 s.")


def test_a_record_of_the_register_that_a_newer_version_wrote_stops_nothing(client, broker):
    broker.book.apply(f"token:{AGENCY}:89abcdef", b'{"scopes": ["dream"]}')
    assert client.get("/v1/me").status_code == 200


def test_while_the_broker_is_away_the_answer_is_503_with_a_time(client, broker):
    broker.outcome = away()
    answer = client.post("/v1/messages", json=seizure())
    problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


def test_an_agency_that_floods_waits_and_delays_nobody_else(client, broker):
    flood = ndjson(*map(seizure, range(400)))
    assert client.post("/v1/messages", content=flood, headers=NDJSON).status_code == 202
    answer = client.post("/v1/messages", json=seizure())
    problem(answer, 429)
    assert 1 <= int(answer.headers["retry-after"]) <= 32
    text = text_of("89abcdef", "8" * 64)
    one = token(OTHER, text)
    broker.book.apply(one.key, encode(one))
    other = client.post("/v1/messages", json=seizure(agency=OTHER), headers={"authorization": f"Bearer {text}"})
    assert other.status_code == 202


def test_a_quota_fills_up_again_with_time():
    quota = Quota(Limits(60, 6_000), 0.0)
    quota.charge(40, 0)
    assert quota.wait_s(0.0) == 30
    assert quota.wait_s(29.0) == pytest.approx(1)
    assert quota.wait_s(31.0) == 0
    quota.charge(0, 999)
    assert quota.wait_s(31.0) == 0, "its bytes were full"
    quota.charge(0, 601)
    assert quota.wait_s(31.0) == pytest.approx(6)


def test_check_says_what_would_become_of_a_message_and_sends_nothing(client, broker):
    answer = client.post("/v1/check", content=ndjson(seizure(colour="red"), seizure(seized_at="2099-01-01")), headers=NDJSON)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["good"], found["refused"]) == (1, 1)
    assert found["messages"][0]["warnings"][0]["code"] == "unknown_field"
    assert found["messages"][1]["reason"] == "future_date"
    assert broker.stored == []


def test_a_test_of_the_connection_is_stored_so_that_it_gets_its_receipt(client, broker):
    message = trial_message(AGENCY, "test 1")
    checked = client.post("/v1/check", content=message, headers={"content-type": "application/json"}).json()
    assert (checked["good"], checked["messages"][0]["warnings"][0]["code"]) == (1, "test_message")
    answer = client.post("/v1/messages", content=message, headers={"content-type": "application/json"})
    assert answer.status_code == 202
    assert broker.stored == [message]
    other = client.post("/v1/messages", content=trial_message(OTHER, "test 2"), headers={"content-type": "application/json"})
    problem(other, 403, "wrong_agency")


def test_what_check_refuses_intake_rejects_for_the_same_reason():
    said = judge(json.dumps(seizure(country="QQ")).encode(), profile_of(AGENCY), 1_790_000_000_000)
    assert isinstance(said, Rejected)
    assert (said.reason, said.field) == (Reason.UNKNOWN_CODE, "country")


def test_batch_and_edition_become_headers_and_a_wrong_one_is_refused(client, broker):
    good = client.post("/v1/messages", json=seizure(), params={"batch": "a sheet", "edition": "2026-11-01T08:00:00Z"})
    assert good.status_code == 202
    assert broker.headers == [("mekong-batch", b"a sheet"), ("mekong-edition", b"2026-11-01T08:00:00Z")]
    problem(client.post("/v1/messages", json=seizure(), params={"edition": "2026-11-01"}), 400, "bad_date")
    problem(client.post("/v1/messages", json=seizure(), params={"batch": "x" * 101}), 400, "too_long")
    problem(client.post("/v1/messages", json=seizure(), headers={"idempotency-key": "a b"}), 400)


def test_only_readers_that_wait_are_counted(client, broker, monkeypatch):
    monkeypatch.setattr("mekong.producers.gateway.quota.MOST_WAITING", 0)
    assert client.get("/v1/receipts").status_code == 200
    assert client.get("/v1/receipts?wait=0").status_code == 200
    problem(client.get("/v1/receipts?wait=1"), 429)

    async def read(topic, after, most, wait_s):
        return Found([(17, b"{}")], 18)

    broker.read = read
    assert client.get("/v1/receipts?wait=50").json()["next"] == f"in.{AGENCY}.v1@18"


def test_a_reader_of_events_over_the_limit_is_429_and_counts_until_its_end(client, broker, monkeypatch):
    counted, events = [], {"accept": "text/event-stream"}

    async def read(topic, after, most, wait_s):
        counted.append(broker.quotas._quotas[AGENCY].waiting)
        broker.is_closed = bool(wait_s)
        return Found([(17, b"{}")], 18)

    broker.read = read
    answer = client.get("/v1/receipts", headers=events)
    assert answer.text.count("event: receipt") == 1
    assert counted == [1, 1]
    assert broker.quotas._quotas[AGENCY].waiting == 0
    monkeypatch.setattr("mekong.producers.gateway.quota.MOST_WAITING", 0)
    problem(client.get("/v1/receipts", headers=events), 429)


def test_a_reader_that_has_left_is_not_counted_any_more(broker):
    async def read(topic, after, most, wait_s):
        if wait_s:
            await asyncio.Event().wait()
        return Found([], 17)

    async def story():
        messages = iter([{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}])

        async def receive():
            await asyncio.sleep(0)
            assert broker.quotas._quotas[AGENCY].waiting == 1
            return next(messages)

        scope = {"type": "http", "method": "GET", "query_string": b"wait=50", "headers": [(b"authorization", f"Bearer {TEXT}".encode())]}
        with pytest.raises(Problem, match="400"):
            async with asyncio.timeout(30):
                await receipts.get(broker, Request(scope, receive), broker.book.caller(f"Bearer {TEXT}", "read"))
        assert broker.quotas._quotas[AGENCY].waiting == 0

    broker.read = read
    asyncio.run(story())


LONG = pytest.param(f"after=in.{AGENCY}.v1@{'9' * 5_000}", id="after=999...")


@pytest.mark.parametrize("query", [LONG, "after=x", "after=in.LA-CUSTOMS.v1@3", "wait=51", "wait=-1", "limit=0", "limit=x"])
def test_a_wrong_parameter_is_named(client, query):
    assert problem(client.get(f"/v1/receipts?{query}"), 400)["field"] == query.partition("=")[0]


def test_a_code_list_is_given_in_a_language(client):
    found = client.get("/v1/codes/commodity_groups", params={"lang": "vi"}).json()
    assert {"code", "label"} <= found["codes"][0].keys()
    problem(client.get("/v1/codes/nothing"), 404)
    problem(client.get("/v1/codes/units?lang=xx"), 400)


def test_what_is_not_there_is_a_problem_too(client):
    problem(client.get("/v1/nothing"), 404)
    problem(client.get("/v1/messages"), 405)


def test_a_fault_of_the_gateway_logs_where_and_nothing_of_the_message_or_the_token(client, broker, caplog):
    broker.outcome = ValueError("the secret note of a case")
    with caplog.at_level(logging.DEBUG):
        problem(client.post("/v1/messages", json=seizure(method_note="the secret note of a case")), 500)
    assert "ValueError" in caplog.text
    assert "secret note" not in caplog.text
    assert TEXT not in caplog.text


def test_a_token_is_in_no_repr():
    assert "5" * 64 not in repr(Made(token(), TEXT))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_without_tls_it_listens_on_this_machine(host):
    check_tls(Settings(), Listen(host, 0))


def test_without_tls_it_listens_on_no_other_address_unless_a_proxy_ends_tls(tmp_path):
    for host in ("0.0.0.0", "::", "10.0.0.5", "gate.example"):
        with pytest.raises(Refused, match="--behind-proxy"):
            check_tls(Settings(), Listen(host, 0))
        check_tls(Settings(), Listen(host, 0, behind_proxy=True))
    with pytest.raises(Refused, match="both"):
        check_tls(Settings(gateway_cert=tmp_path / "c.pem"), Listen("0.0.0.0", 0))
    with pytest.raises(Refused, match="cannot be used"):
        check_tls(Settings(gateway_cert=tmp_path / "c.pem", gateway_key=tmp_path / "k.pem"), Listen("0.0.0.0", 0))


def test_alerts_are_those_of_the_callers_own_topic_and_a_damaged_record_costs_no_other(client, broker):
    asked, shared = [], (Path(__file__).parents[1] / "examples" / "alerts" / "good-shared" / "hour.json").read_bytes()

    async def read(topic, after, most, wait_s):
        asked.append((topic, after, most))
        return Found([(17, shared), (18, b"no record"), (19, b"7")], 20)

    broker.read = read
    answer = client.get("/v1/alerts", params={"after": f"alerts.{AGENCY}.v1@17", "limit": "9"})
    assert answer.json() == {"alerts": [json.loads(shared)], "next": f"alerts.{AGENCY}.v1@20"}
    client.get("/v1/alerts?after=now")
    client.get("/v1/alerts")
    assert asked == [(f"alerts.{AGENCY}.v1", 17, 9), (f"alerts.{AGENCY}.v1", 17, 1000), (f"alerts.{AGENCY}.v1", 0, 1000)]
    for after in (f"alerts.{OTHER}.v1@17", f"in.{AGENCY}.v1@17", "17", "x" * 999):
        assert problem(client.get("/v1/alerts", params={"after": after}), 400)["field"] == "after"


def test_the_health_of_a_feed_is_the_callers_and_readers_that_wait_for_it_are_counted(client, monkeypatch):
    found = client.get("/v1/feed").json()
    assert (found["agency"], found["is_well"], found["recent"]) == (AGENCY, True, {"messages": 0, "rejected": 0})
    monkeypatch.setattr("mekong.producers.gateway.quota.MOST_WAITING", 0)
    problem(client.get("/v1/feed"), 429)
