"""What is wrong with a process's settings is one sentence at its start."""

from __future__ import annotations

import pytest

from mekong.deploy import start, topics
from mekong.deploy.registry import begin, read_compacted
from mekong.deploy.secret import SECRET, fingerprint
from mekong.deploy.start import NEEDS, look
from mekong.deploy.topics import create_topics
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from mekong.schemas.topics import REGISTRY
from mekong.sinks.clickhouse.tables import TABLES
from mekong.streams.agents import AGENTS

AGENCY = "VN-CUSTOMS"


@pytest.fixture
def wrong(deployment):
    deployment.register(AGENCY)
    return {"MEKONG_SECRET": "another"}


@pytest.mark.parametrize(
    "command",
    [
        ("topics", "--create"),
        ("replay", __file__, "--format", "json"),
        ("worker", "intake"),
        ("clock",),
        ("notify",),
        ("park", AGENCY, "--reason", "x"),
        ("agency", "rename", AGENCY, "--name", "x"),
    ],
    ids=lambda command: command[0],
)
def test_a_process_with_another_secret_than_the_deployments_ends_with_a_sentence(deployment, wrong, command):
    process = deployment.mekong(*command, env=wrong)
    deployment.wait_until(lambda: process.exit_code is not None, "it ends")
    assert process.exit_code == 2
    assert "MEKONG_SECRET is not the secret of this deployment: its fingerprint is" in process.last_words(5)


def test_the_secret_is_known_from_the_first_command_on(deployment):
    assert begin(deployment.settings) == []
    known = read_compacted(deployment.settings, REGISTRY.name)
    assert known == {SECRET: fingerprint(deployment.settings)}
    begin(deployment.settings)
    begin(Settings(kafka_bootstrap=deployment.bootstrap, home=deployment.folder / "elsewhere"))  # which has none
    with pytest.raises(Refused, match="MEKONG_SECRET is not the secret of this deployment"):
        begin(Settings(kafka_bootstrap=deployment.bootstrap, secret="x" * 40))
    assert read_compacted(deployment.settings, REGISTRY.name) == known


def test_the_register_knows_the_secret_by_its_fingerprint_only(deployment):
    deployment.register(AGENCY)
    known = read_compacted(deployment.settings, REGISTRY.name)[SECRET]
    assert known == fingerprint(deployment.settings)
    assert len(known) == 16
    assert all(
        deployment.settings.deployment_secret() not in value for value in read_compacted(deployment.settings, REGISTRY.name).values()
    )
    for process in NEEDS:
        look(deployment.settings, process)


def described(*, without, is_seen=True):
    """Every topic with every right but one."""
    names = {topic.of(AGENCY) if topic.per_agency else topic.name for needs in NEEDS.values() for part in needs.values() for topic in part}
    return [
        {
            "name": name,
            "error_code": 29 if name == without[1] and not is_seen else 0,
            "topic_authorized_operations": (1 << 3 | 1 << 4) & ~(start._BITS[without[0]] if name == without[1] else 0),
        }
        for name in names
    ]


@pytest.fixture
def broker(monkeypatch):
    """A broker that says this of our rights."""
    told = []

    class Admin:
        def __init__(self, **_): ...

        def describe_topics(self, names=None):
            return [one for one in told if (names is None and not one["error_code"]) or (names is not None and one["name"] in names)]

        def describe_cluster(self):
            return {"brokers": [1, 2, 3]}

        def close(self): ...

    monkeypatch.setattr(topics, "KafkaAdminClient", Admin)
    monkeypatch.setattr(start, "read_compacted", lambda *_: {})
    return told


SETTINGS = Settings(kafka_bootstrap="b:9093", kafka_username="intake", secret="hush")


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_right_that_is_missing_is_said_by_name(broker, is_seen):
    broker += described(without=("READ", "control.v1"), is_seen=is_seen)
    with pytest.raises(Refused, match=r"user intake may not READ topic control\.v1.*which intake needs"):
        look(SETTINGS, "intake")
    look(SETTINGS, "watch")


def test_a_right_to_one_agencys_topic_is_said_and_stops_nothing(broker, caplog):
    broker += described(without=("READ", f"in.{AGENCY}.v1"))
    look(SETTINGS, "intake")
    assert f"user intake may not READ topic in.{AGENCY}.v1" in caplog.text


def test_every_worker_says_what_it_needs():
    assert set(AGENTS) <= set(NEEDS)


def test_the_sink_looks_at_the_topic_of_each_of_its_tables():
    assert {topic.name for topic in NEEDS["sink"]["READ"]} == {table.topic.name for table in TABLES}


def test_the_sink_has_no_use_for_a_secret(broker):
    broker += [*described(without=("READ", "")), {"name": REGISTRY.name, "error_code": 0, "topic_authorized_operations": 1 << 3}]
    look(Settings(kafka_bootstrap="b:9093"), "sink")


def test_a_cluster_of_several_brokers_wants_to_be_told_how_often_a_record_stands(broker):
    with pytest.raises(Refused, match="has 3 brokers, and MEKONG_KAFKA_REPLICATION is not set"):
        create_topics(SETTINGS)
