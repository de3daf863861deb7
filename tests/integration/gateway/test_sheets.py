"""Sheets over HTTPS, with a broker and intake: rows, receipts, history, marks, kill -9, and no planted name anywhere."""

from __future__ import annotations

import io
import json

import openpyxl
from kafka import KafkaConsumer

from mekong.producers.gateway.sheets.history import History
from mekong.schemas.sendings import Sending
from tests.integration.committed import committed
from tests.integration.gateway.conftest import AGENCY
from tests.unit.planted import PLANTED, found_in, name_of_file, workbook
from tests.unit.test_gateway_sheets_sent import CSV, sheet


def until_answered(gate, client, id_: str) -> dict:
    found: list[dict] = []

    def answered() -> bool:
        found[:] = [one for one in client.get("/v1/sendings").json()["sendings"] if one["id"] == id_]
        return bool(found) and found[0]["receipts"]["waiting"] == 0

    gate.deployment.wait_until(answered, "each case has its receipt")
    return found[0]


def test_a_sheet_is_sent_listed_and_marked_again_and_an_older_one_undoes_nothing(gate):
    gate.deployment.mekong("worker", "intake")
    newer = CSV.replace(b"1.5", b"2.5")
    with gate.client() as client:
        first = client.post("/v1/messages", **sheet(CSV)).json()
        assert (first["sent"], first["refused"]) == (1, 1), first
        assert client.post("/v1/messages", **sheet(CSV)).json()["messages"] == first["messages"], "stored once"
        assert len(gate.stored()) == 1
        found = until_answered(gate, client, first["id"])
        assert (found["receipts"]["outcomes"], found["bad"]) == ({"accepted": 1}, [{"row": 3, "reason": "bad_date"}])
        second = client.post("/v1/messages", **sheet(newer)).json()
        assert until_answered(gate, client, second["id"])["receipts"]["outcomes"] == {"corrected": 1}
        asked = client.post("/v1/messages", **sheet(CSV, encoding="utf-8"))
        assert asked.status_code == 409, asked.text
        old = client.post("/v1/messages", **sheet(CSV, encoding="utf-8", accept=asked.json()["accept"])).json()
        assert old["edition"] == first["edition"]
        outcomes = until_answered(gate, client, old["id"])["receipts"]["outcomes"]
        assert set(outcomes) <= {"stale", "duplicate"}, outcomes
        marked = client.post(f"/v1/sendings/{second['id']}/marked", **sheet(newer))
        assert openpyxl.load_workbook(io.BytesIO(marked.content)).sheetnames
    quantities = [one["content"]["lines"][0]["quantity"] for one in gate.deployment.journal() if one["kind"] == "version"]
    assert quantities == ["1.5", "2.5"]


def test_after_kill_9_between_the_messages_and_the_history_the_same_request_repairs_it(gate):
    """The record before the messages is there. The one after them is taken away, as if the gateway had been killed before it."""
    with gate.client() as client:
        first = client.post("/v1/messages", **sheet(CSV)).json()
    begun, sent = [json.loads(record.value) for record in gate.deployment.read("sendings.v1")]
    assert (begun["state"], sent["state"]) == ("begun", "sent")
    gate.process.kill()
    history = History(gate.deployment.settings)
    history.write(Sending.model_validate(begun))
    history.close()
    gate.start()
    with gate.client() as client:
        assert client.get("/v1/sendings").json()["sendings"][0]["state"] == "begun"
        again = client.post("/v1/messages", **sheet(CSV)).json()
        assert (again["messages"], again["edition"]) == (first["messages"], first["edition"])
        assert client.get("/v1/sendings").json()["sendings"][0]["state"] == "sent"
    assert len(gate.stored()) == 1


def test_no_planted_name_is_in_a_topic_a_log_or_a_file(gate, tmp_path):
    gate.deployment.mekong("worker", "intake")
    with gate.client() as client:
        client.post("/v1/check", **sheet(workbook(), name_of_file()))
        sent = client.post("/v1/messages", **sheet(workbook(), name_of_file())).json()
        assert (sent["sent"], sent["refused"]) == (2, 7)
        until_answered(gate, client, sent["id"])
        client.post(f"/v1/sendings/{sent['id']}/marked", **sheet(workbook(), name_of_file()))
    consumer = KafkaConsumer(bootstrap_servers=gate.deployment.bootstrap)
    topics = [topic for topic in consumer.topics() if topic.endswith(f"{AGENCY}.v1") or topic.count(".") == 1]
    consumer.close()
    assert {"journal.v1", "sendings.v1"} <= set(topics)
    for topic in topics:
        for record in committed(gate.deployment.bootstrap, topic):
            parts = (record.key or b"", record.value or b"", *(value or b"" for _, value in record.headers))
            assert found_in(b"\n".join(parts).decode(errors="replace")) == [], topic
    names = {what: word.encode() for what, name in PLANTED.items() for word in {name, json.dumps(name)[1:-1]}}
    for file in gate.deployment.folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert [what for what, name in names.items() if name in content] == [], file
