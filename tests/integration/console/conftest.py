"""``live``: a deployment with intake, watch, ClickHouse with its sink, and `mekong web` on a port of this machine."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from kafka import KafkaProducer

from mekong.deploy.local.clickhouse import ClickHouse
from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.process import Process
from mekong.schemas.topics import ALERTS
from mekong.sinks import base
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables import TABLES
from tests.integration.conftest import Deployment
from tests.integration.console.made_up import AGENCIES
from tests.integration.page.conftest import open_chromium, programs
from tests.integration.page.test_sheet_on_the_page import axe

KEY = "key-of-the-live-page_" * 2
__all__ = ["axe", "open_chromium", "programs"]


class Live:
    """A deployment whose page is open to this machine."""

    def __init__(self, deployment: Deployment, clickhouse: ClickHouse, server: Process) -> None:
        self.deployment, self.server = deployment, server
        deployment.environment["MEKONG_CLICKHOUSE_URL"] = clickhouse.url
        deployment.environment["MEKONG_CONSOLE_KEY"] = KEY
        migrate(clickhouse.url)
        self.database = Database(clickhouse.url)
        deployment.register(*AGENCIES)
        for arguments in (("worker", "intake"), ("worker", "watch"), ("sink", "clickhouse")):
            deployment.mekong(*arguments)
        deployment.mekong("worker", "network")
        deployment.mekong("worker", "share")
        self.start()

    def start(self, port: int = 0) -> None:
        """Start the server."""
        self.web = self.deployment.mekong("web", "--listen", f"127.0.0.1:{port}")
        self.deployment.wait_until(lambda: bool(self._ready()), "the server listens")
        self.url = self._ready()[-1]

    def _ready(self) -> list[str]:
        return re.findall(r"ready: (\S+)", self.web.log.read_text(encoding="utf-8"))

    def page(self, **query: str) -> str:
        """The address of the page, with its key."""
        return f"{self.url}/console?{urlencode({'key': KEY, **query})}"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def stored(self, cases: int) -> None:
        """Wait until ClickHouse has so many cases."""
        began = time.monotonic()
        self.deployment.wait_until(lambda: self.database.value("SELECT count() FROM seizures") >= cases, f"{cases} cases in ClickHouse")
        print(f"{cases} cases in ClickHouse after {time.monotonic() - began:.1f} s")

    def raise_alerts(self, alerts: list[bytes]) -> None:
        """Put alerts on their topic, and wait until ClickHouse has them."""
        producer = KafkaProducer(bootstrap_servers=self.deployment.bootstrap, acks="all")
        for alert in alerts:
            producer.send(ALERTS.name, alert, partition=0)
        producer.flush()
        producer.close()
        self.deployment.wait_until(lambda: self.database.value("SELECT count() FROM alerts") >= len(alerts), "the alerts in ClickHouse")


@pytest.fixture
def live(deployment: Deployment, new_clickhouse: ClickHouse, start_server: Callable[[Kafka | ClickHouse], Process]) -> Iterator[Live]:
    found = Live(deployment, new_clickhouse, start_server(new_clickhouse))
    yield found
    found.database.close()


@pytest.fixture
def database(fresh_database: str) -> Database:
    migrate(fresh_database)
    return Database(fresh_database)


@pytest.fixture
def store(database: Database) -> Callable[..., None]:
    def store(table: str, source: str, *values: bytes) -> None:
        sink, read_from = ClickHouseSink(database, {one.name: one for one in TABLES}[table], None), base.Source(source, 0)
        after = sink.positions([read_from])[read_from]
        offsets = list(range(after + 1, after + 1 + len(values)))
        sink.write([base.Batch(read_from, after, offsets, [1_780_000_000_000] * len(values), list(values))])

    return store
