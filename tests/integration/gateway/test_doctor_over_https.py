"""``mekong doctor --url`` through a real gateway with TLS, to the receipt of a real intake."""

from __future__ import annotations

import pytest

from mekong.deploy.tokens import add_token
from mekong.producers.doctor import HTTPS_STEPS
from tests.integration.gateway.conftest import AGENCY
from tests.integration.gateway.test_clients import certificate

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_each_step_is_tried_over_tls_and_the_receipt_comes_from_intake(gate, tmp_path):
    cert, key = certificate(tmp_path)
    gate.deployment.mekong("worker", "intake")
    gate.start(env={"MEKONG_GATEWAY_CERT": str(cert), "MEKONG_GATEWAY_KEY": str(key)})

    def doctor(token: str, cafile: str) -> tuple[int, str]:
        env = {"MEKONG_TOKEN": token, "MEKONG_KAFKA_BOOTSTRAP": "", "NO_PROXY": "*"}
        env |= {"MEKONG_URL_CAFILE": cafile} if cafile else {}
        process = gate.deployment.mekong("doctor", "--url", gate.url, env=env)
        gate.deployment.wait_until(lambda: process.exit_code is not None, "it has tried", 120)
        return process.exit_code, process.log.read_text(encoding="utf-8")

    gate.deployment.wait_until(lambda: doctor(gate.token, str(cert))[0] == 0, "intake answers the test", 120)
    _, said = doctor(gate.token, str(cert))
    assert [line.split()[:2] for line in said.splitlines()[: len(HTTPS_STEPS)]] == [[step, "ok"] for step in HTTPS_STEPS], said
    assert gate.token not in said

    code, said = doctor(gate.token, "")
    assert (code, "TLS       FAILED" in said, "MEKONG_URL_CAFILE is not set" in said) == (1, True, True), said

    only_read = add_token(gate.deployment.settings, AGENCY, ("read",)).text
    gate.deployment.wait_until(lambda: "rights    FAILED" in doctor(only_read, str(cert))[1], "the right to send is missing", 60)
