"""A complete sheet withdraws over HTTPS, with a broker and intake; the gateway is killed in the middle: each thing happens once."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from kafka import KafkaConsumer, TopicPartition

from mekong.schemas.sendings import Sending
from mekong.schemas.topics import INCOMING, SENDINGS
from mekong.schemas.wire import decode
from tests.integration.gateway.conftest import AGENCY
from tests.unit.test_gateway_sheets_complete import rows, table
from tests.unit.test_gateway_sheets_sent import sheet

CASES, GONE, NEW = 1_200, 80, 20
WITHIN_S, SLICE_S = 300, 0.004
BEFORE = table(rows(*range(CASES)))
AFTER = table(rows(*range(GONE, CASES)), rows(*range(5_000, 5_000 + NEW)))


def answered(gate, client, id_: str) -> dict:
    """A sending of the history, as soon as all of its receipts have come."""
    found: dict[str, Any] = {}

    def is_answered() -> bool:
        found.update(next(one for one in client.get("/v1/sendings").json()["sendings"] if one["id"] == id_))
        return found["receipts"]["waiting"] == 0

    gate.deployment.wait_until(is_answered, "each message has its receipt", WITHIN_S)
    return found


def _begun(record) -> bool:
    return record.topic == SENDINGS.name and bool(decode(record.value, Sending).withdraws)


def _kind(kind: str) -> Callable[[Any], bool]:
    return lambda record: record.topic == INCOMING.of(AGENCY) and json.loads(record.value).get("message_type") == kind


def kill_at(gate, reached: Callable[[Any], bool], act: Callable[[], object]) -> int:
    """Kill -9 the gateway as soon as a record is there that ``act`` makes it write. Returns how many messages it has stored of the act.

    The gateway runs in slices of some milliseconds, and the records are read while it stands still. So it is killed in the middle, though
    it sends faster than anybody reads.
    """
    places = [TopicPartition(topic, 0) for topic in (SENDINGS.name, INCOMING.of(AGENCY))]
    reader = KafkaConsumer(bootstrap_servers=gate.deployment.bootstrap, enable_auto_commit=False, fetch_max_wait_ms=20)
    reader.assign(places)
    reader.seek_to_end(*places)
    for place in places:
        reader.position(place)  # it is looked up here, before the act
    before = len(gate.stored())
    acting = threading.Thread(target=act)
    acting.start()

    def is_reached() -> bool:
        gate.process.send(signal.SIGSTOP)
        if any(reached(record) for records in reader.poll(30).values() for record in records):
            return True
        gate.process.send(signal.SIGCONT)
        time.sleep(SLICE_S)
        return False

    deadline = time.monotonic() + WITHIN_S
    while not is_reached():
        assert time.monotonic() < deadline, "the gateway did not come so far"
    gate.process.kill()
    acting.join()
    reader.close()
    return len(gate.stored()) - before


@pytest.mark.timeout(900)
@pytest.mark.parametrize("reached", [_begun, _kind("seizure"), _kind("withdrawal")], ids=["begun", "first case", "first withdrawal"])
def test_after_kill_9_the_same_form_stores_each_message_and_each_withdrawal_once(gate, reached):
    gate.deployment.mekong("worker", "intake")
    with gate.client(timeout=WITHIN_S) as client:
        first = client.post("/v1/messages", **sheet(BEFORE, series="north")).json()
        answered(gate, client, first["id"])
        asked = client.post("/v1/messages", **sheet(AFTER, series="north", complete="file")).json()
        assert (asked["withdraws"], len(asked["questions"][0]["examples"])) == (GONE, GONE)
    form = {"series": "north", "complete": "file", "accept": asked["accept"], "withdraws": str(GONE)}

    def send() -> None:
        with gate.client(timeout=WITHIN_S) as client:
            try:
                client.post("/v1/messages", **sheet(AFTER, **form))
            except httpx.TransportError:
                return

    print("stored at the kill:", kill_at(gate, reached, send), "of", CASES - GONE + NEW + GONE)
    gate.start()
    with gate.client(timeout=WITHIN_S) as client:
        sent = client.post("/v1/messages", **sheet(AFTER, **form)).json()
        assert (sent["sent"], len(sent["withdrawals"])) == (CASES - GONE + NEW, GONE), sent
        assert client.post("/v1/messages", **sheet(AFTER, **form)).json() == sent
        found = answered(gate, client, sent["id"])
    assert (found["state"], found["withdrawn"]) == ("sent", GONE)
    assert found["receipts"]["outcomes"] == {"duplicate": CASES - GONE, "accepted": NEW, "withdrawn": GONE}
    messages = [json.loads(one.value) for one in gate.stored()][CASES:]
    gone = {f"2026-{number}" for number in range(GONE)}
    there = {f"2026-{number}" for number in (*range(GONE, CASES), *range(5_000, 5_000 + NEW))}
    told = Counter((one["message_type"], one["case_no"]) for one in messages)
    assert set(told.values()) == {1}
    assert {case for kind, case in told if kind == "withdrawal"} == gone
    assert {case for kind, case in told if kind == "seizure"} == there
    last = {one["case_no"]: one["status"] for one in gate.deployment.journal() if one["kind"] == "version"}
    assert {case for case, status in last.items() if status == "withdrawn"} == gone


@pytest.mark.timeout(900)
def test_a_withdrawn_case_that_a_later_sheet_has_again_is_counted_again(gate):
    gate.deployment.mekong("worker", "intake")
    several = range(30)
    with gate.client(timeout=WITHIN_S) as client:
        answered(gate, client, client.post("/v1/messages", **sheet(table(rows(*several)), series="north")).json()["id"])
        fewer = sheet(table(rows(*several[1:])), series="north", complete="month")
        checked = client.post("/v1/check", **fewer).json()["withdrawals"]
        assert (checked["count"], checked["cases"]) == (1, ["2026-0"])
        asked = client.post("/v1/messages", **fewer).json()
        fewer["data"] |= {"accept": asked["accept"]}
        answered(gate, client, client.post("/v1/messages", **fewer).json()["id"])
        again = sheet(table(rows(*several), rows(31)), series="north")
        asked = client.post("/v1/messages", **again).json()
        assert [one["examples"] for one in asked["questions"]] == [["row 2: case 2026-0"]]
        again["data"] |= {"accept": asked["accept"]}
        found = answered(gate, client, client.post("/v1/messages", **again).json()["id"])
    assert found["receipts"]["outcomes"] == {"corrected": 1, "duplicate": 29, "accepted": 1}
    last = {one["case_no"]: one["status"] for one in gate.deployment.journal() if one["kind"] == "version"}
    assert set(last.values()) == {"current"}
