"""`mekong send|receipts --url` and the Python client over HTTPS: TLS with an authority of one's own, and connections that are cut."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from mekong.producers.client import Client
from mekong.producers.outbox import Delivered
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from tests.integration.gateway.conftest import AGENCY, ndjson, seizure


class Cutting:
    """A proxy in front of an address that cuts each connection after some bytes have come back, or some seconds have passed."""

    def __init__(self, port: int, cut_after_s: float) -> None:
        self._to, self._cut_after_s = port, cut_after_s
        self.cuts, self.swallow = 0, 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._carry, args=[client], daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._to))
        ends = time.monotonic() + self._cut_after_s
        threading.Thread(target=self._back, args=[server, client], daemon=True).start()
        with suppress(OSError):
            client.settimeout(0.05)
            while time.monotonic() < ends:
                with suppress(TimeoutError):
                    if not (part := client.recv(65_536)):
                        break
                    server.sendall(part)
            else:
                self.cuts += 1
        for one in (client, server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        """What the server answers; ``swallow`` of the answers to sendings are lost, and their connections with them."""
        with suppress(OSError):
            while part := server.recv(65_536):
                if self.swallow and b'"receipts_after"' in part:
                    self.swallow -= 1
                    self.cuts += 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(part)

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def cutting(gate):
    proxy = Cutting(gate.port, cut_after_s=2.0)
    yield proxy
    proxy.close()


def test_a_file_is_sent_through_a_proxy_that_cuts_and_nothing_is_stored_twice(gate, cutting, tmp_path):
    gate.deployment.mekong("worker", "intake")
    file, report = tmp_path / "cases.jsonl", tmp_path / "report.json"
    file.write_bytes(ndjson(*map(seizure, range(1_200)), seizure(5_000, seized_at="x")))
    cutting.swallow = 2
    sent = gate.deployment.mekong(
        *("send", str(file), "--format", "json", "--url", f"http://127.0.0.1:{cutting.port}", "--report", str(report), "--json"),
        env={"MEKONG_TOKEN": gate.token, "MEKONG_KAFKA_BOOTSTRAP": "", "NO_PROXY": "*"},
    )
    gate.deployment.wait_until(lambda: sent.exit_code is not None, "it is sent", 120)
    assert sent.exit_code == 1, sent.last_words()
    said = json.loads(sent.log.read_text().splitlines()[-1])
    assert cutting.cuts >= 2
    assert len(gate.stored()) == 1_200
    assert said["accepted"] == 1_200, said
    assert "bad_date" in json.dumps(said)


def certificate(folder):
    subject = "/CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    made = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key.pem -out cert.pem -subj {subject}"
    )
    subprocess.run(
        made.split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem", folder / "key.pem"


def test_the_python_client_works_over_tls_with_an_authority_of_ones_own(gate, tmp_path, monkeypatch):
    cert, key = certificate(tmp_path)
    gate.process.stop()
    gate.start(env={"MEKONG_GATEWAY_CERT": str(cert), "MEKONG_GATEWAY_KEY": str(key)})
    gate.deployment.mekong("worker", "intake")
    monkeypatch.setenv("NO_PROXY", "*")
    assert gate.url.startswith("https://")
    here = Settings(url=gate.url, token=gate.token, home=tmp_path)
    with pytest.raises(Refused, match="MEKONG_URL_CAFILE"):
        Client(here, AGENCY)
    other = gate.token[:-1] + ("0" if gate.token[-1] != "0" else "1")
    with pytest.raises(Refused, match=r"answers 401.*not valid"):
        Client(Settings(url=gate.url, token=other, url_cafile=cert, home=tmp_path), AGENCY)
    with Client(here.model_copy(update={"url_cafile": cert}), AGENCY) as client:
        for number in range(3):
            client.send(json.dumps(seizure(number), indent=1).encode(), token=f"t{number}")
        reports = client.flush()
        assert [(type(one), one.token) for one in reports] == [(Delivered, f"t{number}") for number in range(3)]
        receipts = client.wait_for_receipts()
        assert [one.source_offset for one in receipts] == [one.offset for one in reports]
        place = client.place
    with Client(here.model_copy(update={"url_cafile": cert}), AGENCY, place=place) as client:
        client.send(json.dumps(seizure(9)).encode())
        assert [one.case_no for one in client.wait_for_receipts()] == ["case 9"]
    env = {"MEKONG_TOKEN": gate.token, "MEKONG_URL_CAFILE": str(cert), "NO_PROXY": "*"}
    shown = gate.deployment.mekong("receipts", "--json", "--url", gate.url, env=env)
    gate.deployment.wait_until(lambda: shown.exit_code is not None, "the receipts are shown")
    assert [json.loads(line)["case_no"] for line in shown.log.read_text().splitlines()] == ["case 0", "case 1", "case 2", "case 9"]
    summed_up = gate.deployment.mekong("receipts", "--summary", "--url", gate.url, env=env)
    gate.deployment.wait_until(lambda: summed_up.exit_code is not None, "the feed is summed up")
    assert "Rejected: 0 of 4 messages in the last 7 days" in summed_up.log.read_text()


def test_plain_http_is_refused_but_on_this_machine(tmp_path):
    with pytest.raises(Refused, match="https://"):
        Client(Settings(url="http://exchange.example", token="x", home=tmp_path), AGENCY)
