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
from streams.lanes import Lane, Output, Run
from streams.unmarked import _open

SOURCE, STATE, OUT = TopicPartition("in", 0), TopicPartition("state", 0), TopicPartition("out", 0)


class Record(NamedTuple):
    offset: int
    value: bytes


def values(bootstrap, topic):
    place = kafka.TopicPartition(topic, 0)
    reader = KafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False)
    reader.assign([place])
    reader.seek_to_beginning(place)
    end, found = reader.end_offsets([place])[place], []
    while reader.position(place) < end:
        found += [record.value for records in reader.poll(200).values() for record in records]
    reader.close()
    return found


def fold(state, changes, source, records):
    changes[b"seen"] = records[-1].value
    return {("out", 0): [Output(None, record.value) for record in records]}


async def go_on(bootstrap):
    """What was open when the lane was to be opened, and where the lane stood once it was."""
    connection = {"bootstrap_servers": bootstrap}
    left = await _open(connection, None)
    lane = await Lane(0, STATE, "lane-0", connection).open()
    stood = dict(lane.state), dict(lane.positions)
    await lane.transact([Run(lane, SOURCE, None, 0, 0, 1, [Record(0, b"done again")])], fold)
    await lane.close()
    return left, stood, await _open(connection, None)


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
    left, stood, still = asyncio.run(go_on(server.bootstrap))
    assert left == [OUT, STATE], "the broker left its markers out"
    assert stood == ({}, {})
    assert not still
    assert values(server.bootstrap, OUT.topic) == [b"done again"]
