"""`mekong web`: the gateway, the stream of alerts and the page for answers at one address, on a deployment."""

from __future__ import annotations

import signal
import threading
import time

import httpx
import pytest

from mekong.deploy.tokens import add_token
from tests.integration.gateway.conftest import OTHER, seizure

pytestmark = pytest.mark.integration


@pytest.fixture
def web(gate):
    """The server in the gateway's place."""
    gate.process.stop()
    gate.start(command="web", env={"MEKONG_PUBLIC_URL": "http://127.0.0.1:1"})
    return gate


def test_one_address_serves_messages_the_stream_of_alerts_and_the_page_and_ends_while_a_reader_waits(web):
    assert web.post(seizure(1)).json()["sent"] == 1
    send_only = add_token(web.deployment.settings, OTHER, ("send",)).text
    with web.client() as client:
        page = client.get("/v1/answers/no-link")
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        missing = client.get("/v1/nothing")
        assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
        for token in ("unknown", send_only):
            refused = client.get("/v1/alerts/stream", headers={"authorization": f"Bearer {token}"})
            assert (refused.status_code, "token" in refused.json()["error"]) == (401, True)
        with client.stream("GET", "/v1/alerts/stream?since=2026-01-01T00:00:00Z") as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            parts = stream.iter_raw()
            assert next(parts).startswith(b": alive")
            asked = threading.Thread(target=web.process.stop)
            asked.start()
            assert set(b"".join(parts).split(b"\n\n")) <= {b": alive", b""}
            asked.join()
    assert web.process.exit_code == 0, web.process.last_words(20)
    with pytest.raises(httpx.ConnectError):
        web.post(seizure(2))


def test_while_the_broker_does_not_answer_a_sending_is_503_and_then_it_is_stored_once(gate):
    assert gate.post(seizure(1)).status_code == 202
    gate.deployment.broker.send(signal.SIGSTOP)
    try:
        for _ in range(3):
            began = time.monotonic()
            refused = gate.post(seizure(2), idempotency_key="the-second")
            print(f"503 after {time.monotonic() - began:.1f} s")
            assert (refused.status_code, refused.headers["retry-after"].isdecimal()) == (503, True)
    finally:
        gate.deployment.broker.send(signal.SIGCONT)
    gate.deployment.wait_until(lambda: gate.post(seizure(2), idempotency_key="the-second").status_code == 202, "it is stored")
    assert [b"case 2" in one.value for one in gate.stored()].count(True) == 1
