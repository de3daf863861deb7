"""A stack with all processes of a deployment, real servers, and somebody who starts each process again, as a supervisor does."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from kafka import KafkaProducer

from mekong.deploy.local.clickhouse import ClickHouse
from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.lineup import WORKERS
from mekong.deploy.local.ports import free_port
from mekong.deploy.local.process import Process
from mekong.deploy.tokens import add_token
from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.subscriptions import Subscription
from mekong.schemas.topics import NOTIFICATIONS, SUBSCRIPTIONS
from mekong.schemas.wire import encode
from mekong.sinks.clickhouse.migrate import migrate
from tests.conftest import started
from tests.integration.conftest import Deployment
from tests.integration.gateway.conftest import ndjson, seizure
from tests.integration.notifying.conftest import Mailbox, Receiver

VN, LA = "VN-CUSTOMS", "LA-CUSTOMS"


class Stack(Deployment):
    """All processes run from the beginning; a fault holds or breaks one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.kafka = Kafka(folder / "kafka", free_port(), free_port())
        self.clickhouse = ClickHouse(folder / "clickhouse", free_port(), f"test-{uuid.uuid4()}", "test")
        self.servers = {"kafka": started(self.kafka), "clickhouse": started(self.clickhouse)}
        super().__init__(self.kafka, folder)
        self.receiver, self.mailbox, self.web_port, self.cases = Receiver(), Mailbox(), free_port(), 0
        self.environment |= {
            "MEKONG_CLICKHOUSE_URL": self.clickhouse.url,
            "MEKONG_SMTP_URL": self.mailbox.url,
            "MEKONG_MAIL_FROM": "exchange@example.net",
            "MEKONG_WEBHOOK_SECRET_VN_CUSTOMS": "a secret of the receiver",
            "MEKONG_WEBHOOK_ALLOW_PRIVATE": "1",
        }
        migrate(self.clickhouse.url)
        self.register(VN, LA)
        self.token = add_token(self.settings, VN, ("send", "read")).text
        self.ports = {name: free_port() for name in WORKERS}
        self.held: set[str] = set()
        self.running: dict[str, Process] = {}
        self.keep()

    @property
    def targets(self) -> dict[str, str]:
        """Process -> where it serves its figures."""
        return {name: f"http://127.0.0.1:{port}/metrics" for name, port in self.ports.items()}

    def keep(self) -> None:
        """Start each process that does not run, except those that are held."""
        for name in WORKERS.keys() - self.held:
            if name not in self.running or self.running[name].exit_code is not None:
                self.running[name] = self._start(name)

    def _start(self, name: str) -> Process:
        arguments = [part.format(web_port=self.web_port) for part in WORKERS[name]]
        metrics = f"127.0.0.1:{self.ports[name]}"
        log = self.folder / f"{name}.log"
        environment = {**os.environ, **self.environment, "MEKONG_METRICS": metrics}
        self.processes.append(Process([sys.executable, "-m", "mekong.deploy.cli", *arguments], log, env=environment))
        return self.processes[-1]

    def hold(self, name: str) -> None:
        """Kill a process and do not start it again."""
        self.held.add(name)
        self.running[name].kill()

    def some_cases(self, number: int = 3) -> None:
        """What an ordinary quarter of a minute has."""
        self.send(VN, [seizure(self.cases + one, VN) for one in range(number)])
        self.cases += number

    def write(self, topic: str, value: bytes, partition: int = 0, key: bytes | None = None) -> None:
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, acks="all")
        producer.send(topic, value, key=key, partition=partition).get(30)
        producer.close()

    def subscribe(self, name: str, **channel: str) -> None:
        values = {"id": name, "member": VN, "channel": channel, "changed_at": datetime.now(UTC)}
        self.write(SUBSCRIPTIONS.name, encode(Subscription.model_validate(values)), key=name.encode())

    def notify(self, subscription: str) -> None:
        one = Notification(
            notification_id=uuid.uuid4(),
            subscription=subscription,
            member=VN,
            reason=Reason.ALERT,
            raised_at=datetime.now(UTC),
            language="en",
            subject="Spike",
            text="Nine cases.",
        )
        self.write(NOTIFICATIONS.name, encode(one), key=subscription.encode())

    def ask(self, number: int = 3) -> None:
        """Some requests of an agency, which nobody waits for."""

        def post() -> None:
            message: Any = ndjson(seizure(uuid.uuid4().int % 10**9, VN))
            headers = {"authorization": f"Bearer {self.token}", "content-type": "application/x-ndjson"}
            with suppress(httpx.HTTPError):
                httpx.post(f"http://127.0.0.1:{self.web_port}/v1/messages", content=message, headers=headers, timeout=90, trust_env=False)

        for _ in range(number):
            threading.Thread(target=post, daemon=True).start()

    def all_ready(self, within_s: float = 240) -> None:
        """Return when each process answers 200 at /readyz."""

        def are() -> bool:
            self.keep()
            with suppress(httpx.HTTPError):
                return all(
                    httpx.get(url.replace("/metrics", "/readyz"), timeout=5, trust_env=False).status_code == 200
                    for url in self.targets.values()
                )
            return False

        deadline = time.monotonic() + within_s
        while not are():
            assert time.monotonic() < deadline, json.dumps({name: one.last_words(8) for name, one in self.running.items()}, indent=1)
            time.sleep(1)

    def close(self) -> None:
        super().close()
        self.receiver.close()
        with suppress(AssertionError):  # the fault has closed it
            self.mailbox.close()
        for server in self.servers.values():
            server.kill()
