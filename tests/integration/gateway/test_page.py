"""docs/https.md: its lines run from the top to the bottom against a gateway with TLS, and say what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.integration.gateway.test_clients import certificate

PAGE = Path(__file__).parents[3] / "docs" / "https.md"
BLOCK = re.compile(r"```(bash|python)\n(.*?)```", re.DOTALL)


def test_the_lines_of_the_page_run(gate, tmp_path):
    cert, key = certificate(tmp_path)
    gate.process.stop()
    gate.start(env={"MEKONG_GATEWAY_CERT": str(cert), "MEKONG_GATEWAY_KEY": str(key)})
    gate.deployment.mekong("worker", "intake")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MEKONG_") and "PROXY" not in name.upper()}
    env = {**clean, "EXCHANGE": gate.url, "TOKEN": gate.token, "CA": str(cert), "PATH": path, "MEKONG_HOME": str(tmp_path / "agency")}
    printed = []
    for language, code in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        command = ["bash", "-euo", "pipefail", "-c", code] if language == "bash" else [sys.executable, "-c", code]
        ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120)
        assert ended.returncode == 0, f"{code}\n{ended.stdout}\n{ended.stderr}"
        printed.append(ended.stdout)
    assert len(printed) == 10
    me, one, receipts, many, _, own, checked, edition, python, _ = printed
    assert '"agency":"VN-CUSTOMS"' in me
    assert '"good":1' in one
    assert '"sent":1' in one
    assert '"outcome":"accepted"' in receipts
    assert '"sent":2' in many
    assert '"next":"alerts.VN-CUSTOMS.v1@' in own
    assert '"is_well":true' in own
    assert '"cell":"B3"' in checked
    assert (tmp_path / "sheet-checked.xlsx").read_bytes().startswith(b"PK")
    assert '"withdrawals":{"count":0' in edition
    assert python == "2026/120 accepted\n"
