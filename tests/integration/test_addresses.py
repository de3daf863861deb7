"""Several addresses of brokers, of which the first does not answer: everything that connects gets through the second."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from aiokafka import TopicPartition
from click.testing import CliRunner
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from mekong.deploy.cli import mekong
from mekong.deploy.local.ports import free_port
from mekong.deploy.profiles import Given, profile_of
from mekong.deploy.registry import add_agency
from mekong.deploy.topics import create_topics
from mekong.schemas.connect import kafka_options
from mekong.schemas.settings import Settings
from mekong.schemas.topics import CASES
from mekong.sinks.delivery.log import Reader, Recorder
from mekong.streams.app import connection
from mekong.streams.lanes import Lane

GIVEN = Given(name="Test agency", kind="customs", country="LA", utc_offset="+07:00")


def closed(_: ExitStack) -> int:
    """Nobody listens: as when the broker has ended."""
    return free_port()


def silent(held: ExitStack) -> int:
    """It takes the connection and says nothing: as when the broker is held up, or begins."""
    server = held.enter_context(socket.create_server(("127.0.0.1", 0)))
    return int(server.getsockname()[1])


def deaf(held: ExitStack) -> int:
    """It does not even take the connection: as when its machine is away."""
    server = held.enter_context(socket.socket())
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    for _ in range(4):  # its queue is full: the kernel drops what comes
        waiting = held.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(server.getsockname())
    return int(server.getsockname()[1])


@pytest.fixture(params=[closed, silent, deaf])
def beside(request, server_settings, monkeypatch) -> Iterator[Settings]:
    """The deployment, behind two addresses of which the first is the bad one, and is taken first."""
    create_topics(server_settings)
    monkeypatch.setattr("mekong.schemas.bootstrap.EACH_MS", 1_000)
    monkeypatch.setattr(random, "choice", lambda found: found[0])
    monkeypatch.setattr(random, "shuffle", lambda _: None)
    with ExitStack() as held:
        addresses = f"127.0.0.1:{request.param(held)},{server_settings.bootstrap()}"
        monkeypatch.setenv("MEKONG_KAFKA_BOOTSTRAP", addresses)
        yield server_settings.model_copy(update={"kafka_bootstrap": addresses})


@pytest.mark.parametrize("client", [KafkaConsumer, KafkaProducer, KafkaAdminClient])
def test_every_client_of_kafka_python(beside, client):
    client(**kafka_options(beside)).close()


def test_the_commands(beside, fresh_agency, tmp_path):
    agency = fresh_agency()
    assert add_agency(beside, profile_of(agency, GIVEN))
    file = tmp_path / "one.jsonl"
    head = {"message_type": "seizure", "agency": agency, "case_no": "1", "seized_at": "2026-05-03", "simulated": True}
    file.write_text(
        json.dumps(head | {"lines": [{"commodity_group": "drug", "substance_or_taxon": "heroin", "quantity": 1, "unit": "kg"}]})
    )
    for command in (
        ["agency", "list"],
        ["topics"],
        ["send", str(file), "--format", "json", "--agency", agency, "--wait", "1"],
        ["receipts", "--agency", agency],
        ["park", agency, "--reason", "a test"],
        ["migrate"],
        ["status"],
        ["verify", "--wait", "1"],
    ):
        found = CliRunner().invoke(mekong, command)
        assert found.exception is None or isinstance(found.exception, SystemExit), (command, found.exception)
        assert "no Kafka broker answers" not in found.output, command
        assert "Unable to bootstrap" not in found.output, command


def test_the_notifier(beside):
    Recorder(beside).close()
    Reader(beside).close()


@pytest.mark.timeout(30)
def test_a_lane(beside):
    async def opened() -> None:
        lane = await Lane(0, TopicPartition(CASES.name, 0), "lane-of-addresses", connection(beside)).open()
        await lane.close()

    asyncio.run(opened())
