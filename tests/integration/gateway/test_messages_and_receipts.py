"""What an agency does over HTTPS: it sends, it reads its receipts, and it learns what is wrong in the words of the receipts."""

from __future__ import annotations

import gzip
import json
import signal
import threading
from itertools import islice

import httpx

from mekong.deploy.tokens import add_token, revoke_token
from tests.integration.gateway.conftest import AGENCY, OTHER, ndjson, seizure


def test_messages_go_in_and_receipts_come_out_each_once(gate):
    gate.deployment.mekong("worker", "intake")
    answer = gate.post(seizure(1), b"{oops", seizure(2, agency=OTHER), seizure(3), seizure(4, seized_at="30 February"))
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert (found["sent"], found["refused"]) == (2, 3)
    by_line = {entry["line"]: entry for entry in found["messages"]}
    assert [by_line[line].get("reason") for line in (1, 2, 3, 4, 5)] == [None, "not_json", "wrong_agency", None, "bad_date"]
    assert by_line[5]["field"] == "seized_at"
    with gate.client() as client:
        receipts, after = [], found["receipts_after"]
        while len(receipts) < 2:
            read = client.get("/v1/receipts", params={"after": after, "wait": 20}).json()
            receipts, after = receipts + read["receipts"], read["next"]
        ids = [f"{one['source_topic']}@{one['source_offset']}" for one in receipts]
        assert ids == [by_line[1]["id"], by_line[4]["id"]]
        assert {one["outcome"] for one in receipts} == {"accepted"}
        everything = client.get("/v1/receipts").json()["receipts"]
        assert everything == receipts
        with client.stream(
            "GET", "/v1/receipts", params={"after": found["receipts_after"]}, headers={"accept": "text/event-stream"}
        ) as events:
            data = [json.loads(line[6:]) for line in islice((one for one in events.iter_lines() if one.startswith("data: ")), 2)]
        assert data == receipts
        one = client.post("/v1/messages", json=seizure(9), params={"batch": "a sheet"}, headers={"content-encoding": "identity"})
        assert one.status_code == 202
        packed = client.post(
            "/v1/messages",
            content=gzip.compress(ndjson(seizure(10))),
            headers={"content-type": "application/x-ndjson", "content-encoding": "gzip"},
        )
        assert packed.status_code == 202
    assert [json.loads(one.value)["case_no"] for one in gate.stored()] == ["case 1", "case 3", "case 9", "case 10"]
    assert dict(gate.stored()[2].headers)["mekong-batch"] == b"a sheet"
    assert "oops" not in gate.process.log.read_text()
    assert gate.token not in gate.process.log.read_text()


def test_a_repeated_request_gives_the_same_ids_and_stores_nothing_also_after_kill_9(gate):
    first = gate.post(seizure(1), seizure(2), Idempotency_Key="a")
    again = gate.post(seizure(1), seizure(2), Idempotency_Key="a")
    other = gate.post(seizure(3), Idempotency_Key="a")
    gate.process.kill()
    gate.start()
    after = gate.post(seizure(1), seizure(2), Idempotency_Key="a")
    assert [first.status_code, again.status_code, other.status_code, after.status_code] == [202, 202, 422, 202]
    assert first.json() == again.json() == after.json(), "the same ids, and the place from which their receipts come"
    assert other.json()["field"] == "Idempotency-Key"
    assert len(gate.stored()) == 2


def test_a_token_ends_and_its_successor_holds_within_seconds(gate):
    settings = gate.deployment.settings
    second = add_token(settings, AGENCY, ("read",))

    def status(token: str, path: str = "/v1/me") -> int:
        with gate.client(token) as client:
            return client.get(path).status_code

    gate.deployment.wait_until(lambda: status(second.text) == 200, "the new token holds", 10)
    assert status(gate.token) == 200
    with gate.client(second.text) as client:
        refused = client.post("/v1/messages", json=seizure(1))
    assert refused.status_code == 403, "it may only read"
    revoke_token(settings, AGENCY, gate.token.split("-")[1])
    gate.deployment.wait_until(lambda: status(gate.token) == 401, "the old token ends", 10)
    assert status(second.text) == 200
    assert status(second.text[:-1] + "x") == 401


def test_sigterm_answers_what_is_under_way_and_lets_readers_go(gate):
    answers: list[httpx.Response] = []

    def wait() -> None:
        with gate.client() as client:
            answers.append(client.get("/v1/receipts", params={"wait": 50}))

    def send() -> None:
        answers.append(gate.post(*map(seizure, range(3_000))))

    threads = [threading.Thread(target=wait), threading.Thread(target=send)]
    for thread in threads:
        thread.start()
    gate.deployment.wait_until(lambda: bool(gate.stored()), "it is in the middle")
    assert gate.process.stop(60, signal.SIGTERM) == 0
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [200, 202]
    assert len(gate.stored()) == 3_000
