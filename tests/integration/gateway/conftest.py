"""``gate``: `mekong gateway` as a process of its own on a deployment with intake, and what an agency does over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mekong.deploy.tokens import add_token
from tests.integration.conftest import Deployment

AGENCY, OTHER = "VN-CUSTOMS", "LA-CUSTOMS"


def seizure(number: int, agency: str = AGENCY, **more: Any) -> dict[str, Any]:
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 2, "unit": "kg"}
    return {"message_type": "seizure", "agency": agency, "case_no": f"case {number}", "seized_at": "2026-05-03", "lines": [line], **more}


def ndjson(*messages: Any) -> bytes:
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in messages)


class Gate:
    """A gateway, and clients of it."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.token = add_token(deployment.settings, AGENCY, ("send", "read")).text
        self.start()

    def start(self, *arguments: str, port: int = 0, env: dict[str, str] | None = None, command: str = "gateway") -> None:
        self.process = self.deployment.mekong(command, "--listen", f"127.0.0.1:{port}", *arguments, env=env)
        self.deployment.wait_until(lambda: bool(self._ready()), "the gateway listens")
        self.url = self._ready()[-1]

    def _ready(self) -> list[str]:
        return re.findall(r"ready: (\S+)", self.process.log.read_text(encoding="utf-8"))

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, token: str | None = None, **more: Any) -> httpx.Client:
        headers = {"authorization": f"Bearer {token or self.token}"}
        return httpx.Client(**{"base_url": self.url, "headers": headers, "timeout": 60, "trust_env": False, **more})

    def post(self, *messages: Any, **headers: str) -> httpx.Response:
        with self.client() as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return client.post("/v1/messages", content=ndjson(*messages), headers={"content-type": "application/x-ndjson", **named})

    def stored(self) -> list[Any]:
        """What came over the gateway, or from anybody who is not the exchange itself."""
        return [one for one in self.deployment.read(f"in.{AGENCY}.v1") if "mekong-control" not in dict(one.headers)]


@pytest.fixture
def gate(deployment: Deployment) -> Iterator[Gate]:
    deployment.register(AGENCY, OTHER)
    return Gate(deployment)
