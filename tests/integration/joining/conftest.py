"""``exchange``: one secured broker with the users of the runbook's table, and three agencies, of which two are registered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from kafka import KafkaAdminClient

from mekong.deploy.cli import mekong
from mekong.deploy.profiles import profile_of
from mekong.deploy.registry import add_agencies, create_topics
from mekong.producers import broker
from mekong.schemas.settings import Settings
from tests.e2e import secured_rights
from tests.e2e.secured_deployment import Deployment
from tests.integration.joining.one_broker import OneCluster

VIET, THAI, LAO = "VN-CUSTOMS", "TH-CUSTOMS", "LA-CUSTOMS"
SECRET = "of the one secured broker of this one test"


class Exchange(Deployment):
    """The broker and its agencies. No worker runs until a test begins one."""

    cluster: OneCluster

    def environment(self, user: str, **other: str) -> dict[str, str]:
        secret = {} if user in (VIET, THAI, LAO) else {"SECRET": SECRET}
        return super().environment(user, **{"KAFKA_REPLICATION": "1", **secret, **other})

    def prepare(self) -> None:
        admin = KafkaAdminClient(**self.cluster.options())
        secured_rights.give(admin, [VIET, THAI, LAO])
        admin.close()
        operator = {
            name.removeprefix("MEKONG_").lower(): value
            for name, value in self.environment("operator").items()
            if name.startswith("MEKONG_") and name != "MEKONG_CLICKHOUSE_URL"
        }
        settings = Settings.model_validate(operator)
        create_topics(settings)
        add_agencies(settings, [profile_of(VIET), profile_of(THAI)])


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    folder = tmp_path_factory.mktemp("joining")
    cluster = OneCluster(folder / "kafka")
    found = Exchange(cluster, folder, "http://nobody@nowhere.invalid:1/none")
    try:
        cluster.begin()
        found.wait_until(cluster.is_ready, "the broker")
        found.prepare()
        yield found
    finally:
        found.close()
        cluster.end()


@pytest.fixture
def doctor(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """``mekong doctor`` as one agency's user; ``changed`` are settings that are wrong."""

    def run(user: str, agency: str = "", **changed: str) -> Result:
        broker._heard.messages.clear()  # a command is a process of its own
        for name in [name for name in os.environ if name.startswith("MEKONG_")]:
            monkeypatch.delenv(name)
        for name, value in exchange.environment(user, **changed).items():
            if name.startswith("MEKONG_") and value:
                monkeypatch.setenv(name, value)
        return CliRunner().invoke(mekong, ["doctor", "--agency", agency or user], standalone_mode=False)

    return run
