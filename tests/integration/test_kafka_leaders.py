"""A lone broker is never without leaders while somebody writes: Kafka would then lose transactions that it called committed."""

import signal
import time

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.ports import free_port
from tests.integration.committed import committed


def leader_epoch(bootstrap: str) -> int:
    """How often a leader was elected."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        (found,) = admin.describe_topics(["kept"])
        return int(found["partitions"][0]["leader_epoch"])
    finally:
        admin.close()


def make_topic(bootstrap: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic("kept", 1, 1)])
    admin.wait_for_topics(["kept"])
    admin.close()


def test_a_broker_that_was_paused_leads_on_as_if_nothing_had_been(new_kafka, start_server):
    broker = start_server(new_kafka)
    make_topic(new_kafka.bootstrap)
    before = leader_epoch(new_kafka.bootstrap)
    for _ in range(3):
        broker.send(signal.SIGSTOP)
        time.sleep(4)
        broker.send(signal.SIGCONT)
        time.sleep(1)
    assert leader_epoch(new_kafka.bootstrap) == before


def test_the_broker_of_a_stack_ends_in_order_only_when_its_supervisor_says_so(tmp_path, start_server):
    kafka = Kafka(tmp_path / "kafka", free_port(), free_port(), deaf=True)
    broker = start_server(kafka)
    make_topic(kafka.bootstrap)
    before = leader_epoch(kafka.bootstrap)
    broker.send(signal.SIGTERM)
    time.sleep(3)
    assert broker.exit_code is None
    assert leader_epoch(kafka.bootstrap) == before
    assert broker.stop(kafka.stop_within_s, kafka.stop_signal) == 128 + signal.SIGINT


def writer(bootstrap: str) -> KafkaProducer:
    producer = KafkaProducer(bootstrap_servers=bootstrap, transactional_id="writer", transaction_timeout_ms=3_000)
    producer.init_transactions()
    producer.begin_transaction()
    return producer


@pytest.mark.timeout(180)
def test_what_a_killed_broker_held_open_is_never_seen_when_its_writer_goes_on(new_kafka, start_server):
    broker = start_server(new_kafka)
    make_topic(new_kafka.bootstrap)
    before = writer(new_kafka.bootstrap)
    before.send("kept", b"never committed").get(10)
    broker.send(signal.SIGKILL)
    start_server(new_kafka)  # its controller waits for the old session to end, and until then nothing has a leader
    after = writer(new_kafka.bootstrap)
    after.send("kept", b"committed").get(30)
    after.commit_transaction()
    after.close()
    before.close(timeout=0)
    assert [record.value for record in committed(new_kafka.bootstrap, "kept")] == [b"committed"]
