"""A transaction that a killed broker aborted without its markers: the lane that opens next gives it up for good."""

import asyncio
import signal
from typing import NamedTuple

import kafka
import pytest
from aiokafka import TopicPartition
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.local import kafka as local
from deploy.local.kafka import Kafka
from deploy.local.ports import free_port
from streams.lanes import Lane, Output, Place, Run
from tests.integration.committed import committed

SOURCE, STATE, OUT = TopicPartition("in", 0), TopicPartition("state", 0), TopicPartition("out", 0)


class Record(NamedTuple):
    offset: int
    value: bytes


def still_open(bootstrap):
    """Topics with records that are neither committed nor given up."""
    places, ends = [kafka.TopicPartition(place.topic, place.partition) for place in (OUT, STATE)], []
    for isolation in ("read_committed", "read_uncommitted"):
        reader = KafkaConsumer(bootstrap_servers=bootstrap, isolation_level=isolation)
        ends.append(reader.end_offsets(places))
        reader.close()
    return [place.topic for place in places if ends[0][place] < ends[1][place]]


def fold(state, changes, source, records):
    changes[b"seen"] = records[-1].value
    return {("out", 0): [Output(None, record.value) for record in records]}


async def go_on(bootstrap):
    """Open the lane and let it do its work; where it stood in between."""
    lane = await Lane(0, STATE, "lane-0", {"bootstrap_servers": bootstrap}).open()
    stood = dict(lane.state), dict(lane.positions)
    await lane.transact([Run(lane, SOURCE, Place(0), None, 0, 0, 1, [Record(0, b"done again")])], fold)
    await lane.close()
    return stood


@pytest.mark.timeout(240)
def test_what_was_aborted_without_a_marker_is_not_made_visible_by_the_next_commit(tmp_path, start_server, monkeypatch):
    monkeypatch.setattr(local, "ABORT_EVERY_MS", 10_000)  # Kafka's own default: within it nothing has a leader yet
    server = Kafka(tmp_path / "kafka", free_port(), free_port())
    broker = start_server(server)
    admin = KafkaAdminClient(bootstrap_servers=server.bootstrap)
    admin.create_topics([NewTopic("out", 1, 1), NewTopic("state", 1, 1, topic_configs={"cleanup.policy": "compact"})])
    admin.wait_for_topics(["out", "state"])
    admin.close()
    before = KafkaProducer(bootstrap_servers=server.bootstrap, transactional_id="lane-0", transaction_timeout_ms=3_000)
    before.init_transactions()
    before.begin_transaction()
    before.send("out", b"never committed").get(10)
    before.send("state", key=b"seen", value=b"never committed").get(10)
    broker.send(signal.SIGKILL)
    start_server(server)
    before.close(timeout=0)
    assert still_open(server.bootstrap) == ["out", "state"], "the broker left its markers out"
    assert asyncio.run(go_on(server.bootstrap)) == ({}, {})
    assert not still_open(server.bootstrap)
    assert [record.value for record in committed(server.bootstrap, "out")] == [b"done again"]
