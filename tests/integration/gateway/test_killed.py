"""The gateway and the broker are killed under load: whatever was answered with 202 has exactly one receipt."""

from __future__ import annotations

import threading
import time
from collections import Counter

import httpx

from mekong.schemas.topics import INCOMING
from tests.integration.gateway.conftest import AGENCY, Gate, seizure

REQUESTS = 8
SIZES = (10, 10, 200)
"""Messages of a request, of each sender. The last one's requests are large."""
ALL = REQUESTS * sum(SIZES)


def sends(gate: Gate, sender: int, acknowledged: set[str], places: list[str]) -> None:
    """Each request is made again, with its key, until it is answered."""
    of_one = SIZES[sender]
    for number in range(REQUESTS):
        cases = [seizure(sender * ALL + number * of_one + one) for one in range(of_one)]
        while True:
            try:
                answer = gate.post(*cases, Idempotency_Key=f"{sender}-{number}")
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.status_code == 202:
                break
            assert answer.status_code in (409, 503), answer.text
            time.sleep(0.2)
        found = answer.json()
        assert found["sent"] == of_one
        acknowledged |= {entry["id"] for entry in found["messages"]}
        places.append(found["receipts_after"])


def test_every_202_has_exactly_one_receipt(deployment, new_kafka, start_server):
    deployment.register(AGENCY)
    gate = Gate(deployment)
    port = gate.port
    acknowledged: set[str] = set()
    places: list[str] = []
    threads = [threading.Thread(target=sends, args=[gate, sender, acknowledged, places]) for sender in range(len(SIZES))]
    for thread in threads:
        thread.start()

    def has(share: float) -> None:
        deployment.wait_until(lambda: len(acknowledged) >= share * ALL, f"{share} is acknowledged", 90)

    has(0.2)
    gate.process.kill()
    gate.start(port=port)
    has(0.4)
    deployment.broker.kill()
    deployment.broker = start_server(new_kafka)
    has(0.6)
    gate.process.kill()
    gate.start(port=port)
    for thread in threads:
        thread.join(120)
    assert len(acknowledged) == ALL
    deployment.mekong("worker", "intake")
    stored = len(gate.stored())
    receipts = deployment.receipts(AGENCY, stored)
    ids = Counter(f"{one['source_topic']}@{one['source_offset']}" for one in receipts)
    assert set(ids.values()) == {1}
    assert acknowledged <= set(ids)
    accepted = Counter(one["case_no"] for one in receipts if one["outcome"] == "accepted")
    assert set(accepted.values()) == {1}, "a case is taken once"
    assert len(accepted) == ALL
    assert {one["outcome"] for one in receipts} <= {"accepted", "duplicate"}, INCOMING.of(AGENCY)
