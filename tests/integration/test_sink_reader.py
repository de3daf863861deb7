"""The consumer of a sink beside the real Kafka."""

import time
import uuid

import pytest
from kafka import ConsumerRebalanceListener, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from mekong.schemas.settings import Settings
from mekong.sinks.reader import consumer


class FromTheStart(ConsumerRebalanceListener):
    def __init__(self, reader):
        self.reader = reader

    def on_partitions_revoked(self, revoked):
        pass

    def on_partitions_assigned(self, assigned):
        for tp in assigned:
            self.reader.seek(tp, 0)


@pytest.mark.parametrize("attempt", range(3))
def test_a_reader_whose_polls_are_shorter_than_a_join_gets_its_partitions(kafka, monkeypatch, attempt):
    monkeypatch.setenv("MEKONG_KAFKA_BOOTSTRAP", kafka)
    topic = f"joined-{uuid.uuid4()}"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()
    reader = consumer(Settings(), f"group-{uuid.uuid4()}")
    reader.subscribe([topic], listener=FromTheStart(reader))
    settled_at, deadline = None, time.monotonic() + 15
    while time.monotonic() < deadline and (settled_at is None or time.monotonic() < settled_at + 1):
        reader.poll(timeout_ms=1)  # the join that the first metadata of the topic begin takes longer
        settled_at = (settled_at or time.monotonic()) if reader.assignment() else None
    assert reader.assignment() == {TopicPartition(topic, 0)}
    reader.close(autocommit=False)
