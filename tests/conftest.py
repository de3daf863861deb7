"""Fixtures for every test: the real servers, started once a session, and fresh names on them.

``kafka`` and ``clickhouse`` are addresses: of servers started here in a temporary folder (they end with the session, also when it is
killed), or of those that MEKONG_KAFKA_BOOTSTRAP and MEKONG_CLICKHOUSE_URL name. When they cannot start, the tests fail.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from mekong.deploy.local.clickhouse import ClickHouse
from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.ports import free_port
from mekong.deploy.local.process import Process
from mekong.schemas.settings import Settings
from mekong.streams.core.draft import Draft
from tests.amount import examples
from tests.unit.key_patterns import is_registered

# how long a machine takes says nothing about the code
hypothesis_settings.register_profile("exchange", deadline=None, max_examples=examples(100))
hypothesis_settings.load_profile("exchange")
SERVER_FIXTURES = {"kafka", "clickhouse", "start_server"}
OF_DRAFT_ITSELF = {"test_draft", "test_collections"}


@pytest.fixture(autouse=True)
def only_registered_keys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fold that writes a new kind of key fails, until the kind is registered with what could make its value grow."""
    if request.module.__name__.rpartition(".")[2] in OF_DRAFT_ITSELF:
        return
    put_raw = Draft.put_raw

    def checked(draft: Draft, key: bytes, value: bytes) -> None:
        assert is_registered(key), f"{key!r} is of no kind that stands in tests/unit/key_patterns.py"
        put_raw(draft, key, value)

    monkeypatch.setattr(Draft, "put_raw", checked)


def started(server: Kafka | ClickHouse, within_s: float = 90.0) -> Process:
    """The server, answering."""
    server.prepare()
    process = Process(server.command(), server.folder.parent / f"{server.name}.log", env=server.environment(), cwd=server.folder)
    deadline = time.monotonic() + within_s
    while not server.is_ready():
        if process.exit_code is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"{server.name} did not start:\n{process.last_words(20)}", pytrace=False)
        time.sleep(0.05)
    return process


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a Kafka broker that takes anything."""
    if address := os.environ.get("MEKONG_KAFKA_BOOTSTRAP"):
        yield address
        return
    server = Kafka(tmp_path_factory.mktemp("kafka") / "kafka", free_port(), free_port())
    process = started(server)
    yield server.bootstrap
    server.stopped(process.stop(server.stop_within_s))


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a ClickHouse server, with user, password and a database that need not exist yet."""
    if url := os.environ.get("MEKONG_CLICKHOUSE_URL"):
        yield url
        return
    server = ClickHouse(tmp_path_factory.mktemp("clickhouse") / "clickhouse", free_port(), f"test-{uuid.uuid4()}", "test")
    process = started(server)
    yield server.url
    process.stop(server.stop_within_s)


@pytest.fixture
def start_server() -> Iterator[Callable[[Kafka | ClickHouse], Process]]:
    """Start servers of a test's own; they are killed when it ends."""
    running: list[Process] = []

    def start(server: Kafka | ClickHouse) -> Process:
        running.append(started(server))
        return running[-1]

    yield start
    for process in running:
        process.kill()


@pytest.fixture
def new_kafka(tmp_path: Path) -> Kafka:
    """A broker of the test's own, not started."""
    return Kafka(tmp_path / "kafka", free_port(), free_port())


@pytest.fixture
def new_clickhouse(tmp_path: Path) -> ClickHouse:
    """A ClickHouse server of the test's own, not started."""
    return ClickHouse(tmp_path / "clickhouse", free_port(), f"test-{uuid.uuid4()}", "test")


@pytest.fixture
def fresh_name() -> Callable[[str], str]:
    """``fresh_name("orders")``: a topic, group or table name that nobody has used."""
    return lambda stem: f"{stem}-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def fresh_agency() -> Callable[[], str]:
    """A valid agency code that nobody has used."""
    return lambda: f"XX-TEST-{uuid.uuid4().hex[:10].upper()}"


@pytest.fixture
def fresh_database(clickhouse: str) -> str:
    """The ClickHouse URL with a database name that nobody has used."""
    return f"{clickhouse.rpartition('/')[0]}/test_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def server_settings(kafka: str, fresh_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a deployment on the session's servers: a home, a database and a secret of its own. Also in the environment."""
    values = {
        "MEKONG_HOME": str(tmp_path / "home"),
        "MEKONG_KAFKA_BOOTSTRAP": kafka,
        "MEKONG_CLICKHOUSE_URL": fresh_database,
        "MEKONG_SECRET": f"the secret of the deployment at {kafka}",  # its register knows it by its fingerprint
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a server is an integration test."""
    for item in items:
        if SERVER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.integration)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With CI=true a skipped integration test is a failed one."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true" and item.get_closest_marker("integration"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: an integration test may not be."
