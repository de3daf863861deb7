"""``exchange``: a broker with one registered member, one for each file; a receiver of webhooks and a mail server, real and local."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from kafka import KafkaProducer

from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.ports import free_port
from mekong.deploy.local.process import Process
from mekong.deploy.registry import add_agencies, create_topics, profile_of
from mekong.schemas.notifications import Delivery, Notification, Reason
from mekong.schemas.record import Record
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Subscription
from mekong.schemas.topics import DELIVERIES, MEMBER_ALERTS, NOTIFICATIONS, SUBSCRIPTIONS
from mekong.schemas.wire import decode, encode
from mekong.sinks.delivery.signature import holds, key_of
from tests.integration.committed import committed

SECRET = "a secret of the receiver"
HUSH = "the secret of a deployment, 32 bytes"
MEMBER = "VN-CUSTOMS"


class Exchange:
    """Writes what the exchange decides, reads what the notifier says; of deliveries only those of this test's notifications."""

    broker: Process
    """To be paused by a test, and to go on at its end."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap, self.folder = bootstrap, folder
        self.settings = Settings(kafka_bootstrap=bootstrap, secret=HUSH, home=folder / "home")
        self.environment = {"MEKONG_KAFKA_BOOTSTRAP": bootstrap, "MEKONG_SECRET": HUSH, "MEKONG_HOME": str(folder / "home")}
        create_topics(self.settings)
        add_agencies(self.settings, [profile_of(MEMBER), profile_of("LA-CUSTOMS")])
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
        self._processes: list[Process] = []
        self.mine: set[uuid.UUID] = set()

    def mekong(self, *arguments: str, env: dict[str, str] | None = None) -> Process:
        """A `mekong` command as a process of its own."""
        log = self.folder / f"{arguments[0]}-{uuid.uuid4().hex[:8]}.log"
        environment = {**os.environ, **self.environment, **(env or {})}
        self._processes.append(Process([sys.executable, "-m", "mekong.deploy.cli", *arguments], log, env=environment))
        return self._processes[-1]

    def wait_until(self, holds: Callable[[], bool], what: str, within_s: float = 60) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                logs = "\n".join(process.last_words(25) for process in self._processes[-3:])
                pytest.fail(f"not within {within_s} s: {what}\n{logs}", pytrace=False)
            time.sleep(0.1)

    def end(self) -> None:
        """The processes of one test."""
        for process in self._processes:
            process.kill()
        self._processes.clear()
        self.mine.clear()

    def write(self, topic: str, *records: Record | bytes, key: bytes | None = None) -> None:
        for record in records:
            self._producer.send(topic, record if isinstance(record, bytes) else encode(record), key=key)
        self._producer.flush()

    def subscribe(self, name: str, **channel: str) -> None:
        values = {"id": name, "member": MEMBER, "channel": channel, "changed_at": datetime.now(UTC)}
        self.write(SUBSCRIPTIONS.name, Subscription.model_validate(values), key=name.encode())

    def notify(self, subscription: str, count: int = 1, text: str = "Nine cases.") -> list[uuid.UUID]:
        made = [
            Notification(
                notification_id=uuid.uuid4(),
                subscription=subscription,
                member=MEMBER,
                reason=Reason.ALERT,
                raised_at=datetime.now(UTC),
                language="en",
                subject="Spike",
                text=text,
            )
            for _ in range(count)
        ]
        ids = [one.notification_id for one in made]
        self.mine.update(ids)
        self.write(NOTIFICATIONS.name, *made, key=subscription.encode())
        return ids

    def share(self, *values: bytes, member: str = MEMBER) -> None:
        self.write(MEMBER_ALERTS.of(member), *values)

    def deliveries(self) -> list[Delivery]:
        found = [decode(record.value, Delivery) for record in committed(self.bootstrap, DELIVERIES.name)]
        return [one for one in found if one.notification_id in self.mine]

    def close(self) -> None:
        self._producer.close()


class Receiver:
    """An HTTP server that does to each path what its first word says: ok, slow, fail (once, then ok), hang, move, gone."""

    def __init__(self) -> None:
        self.port = free_port()
        self.arrived: dict[str, list[str]] = {}
        self.unsigned = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def ids(self, path: str) -> Counter[str]:
        return Counter(self.arrived.get(path, []))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_post("/{path}", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", self.port).start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _take(self, request: web.Request) -> web.Response:
        path, body = request.match_info["path"], await request.read()
        self.unsigned += not holds(key_of(SECRET), request.headers, body, int(time.time()))
        json.loads(body)
        seen = self.arrived.setdefault(path, [])
        seen.append(request.headers["webhook-id"])
        doing = path.partition("-")[0]
        if doing == "hang":
            await asyncio.sleep(600)
        if doing == "slow":
            await asyncio.sleep(random.uniform(0, 0.06))
        if doing == "move":
            raise web.HTTPTemporaryRedirect(self.url("ok-target"))
        if doing == "fail" and seen.count(seen[-1]) < 2:
            return web.Response(status=500)
        return web.Response(status=410 if doing == "gone" else 204)


class Mailbox:
    """A mail server that keeps what it gets and refuses ``nobody``."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        self.url = f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's
        if address.startswith("nobody@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(BytesParser(policy=policy.default).parsebytes(envelope.content))  # type: ignore[arg-type]
        return "250 OK"

    def close(self) -> None:
        self._controller.stop()


@pytest.fixture(scope="module")
def one_exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """The broker of a file, with topics and member."""
    folder = tmp_path_factory.mktemp("notifying")
    server = Kafka(folder / "kafka", free_port(), free_port())
    server.prepare()
    process = Process(server.command(), folder / "kafka.log", env=server.environment(), cwd=server.folder)
    deadline = time.monotonic() + 90
    while not server.is_ready():
        assert process.exit_code is None, process.last_words(20)
        assert time.monotonic() < deadline, process.last_words(20)
        time.sleep(0.05)
    found = Exchange(server.bootstrap, folder)
    found.broker = process
    yield found
    found.end()
    found.close()
    server.stopped(process.stop(server.stop_within_s))


@pytest.fixture
def exchange(one_exchange: Exchange) -> Iterator[Exchange]:
    """What one test does on it; its processes end with it."""
    yield one_exchange
    one_exchange.end()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    found = Mailbox()
    yield found
    found.close()


@pytest.fixture
def notifier(exchange: Exchange, mailbox: Mailbox) -> Callable[..., Any]:
    """Start `mekong notify` as a process of its own."""

    def start(**more: str) -> Any:
        env = {
            "MEKONG_WEBHOOK_SECRET_VN_CUSTOMS": SECRET,
            "MEKONG_WEBHOOK_ALLOW_PRIVATE": "1",
            "MEKONG_SMTP_URL": mailbox.url,
            "MEKONG_MAIL_FROM": "mekong@example.net",
            **more,
        }
        return exchange.mekong("notify", env=env)

    return start
