"""What the notifier records while the broker is away."""

import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from mekong.deploy.local import kafka as local
from mekong.deploy.local.ports import free_port
from mekong.deploy.topics import create_topics
from mekong.schemas.errors import Fatal
from mekong.schemas.notifications import Delivery
from mekong.schemas.settings import Settings
from mekong.schemas.topics import DELIVERIES
from mekong.schemas.wire import encode
from mekong.sinks.delivery import log
from mekong.sinks.delivery.log import Recorder
from tests.integration.committed import committed
from tests.integration.frames import END_TXN, Behind, Proxy, in_thread


def delivery(attempt):
    at = datetime.now(UTC)
    what = {"notification_id": uuid.uuid4(), "subscription": "desk", "channel": "webhook", "state": "retrying", "detail": ""}
    return Delivery.model_validate({**what, "attempt": attempt, "at": at, "raised_at": at})


def recorded(bootstrap):
    return [Delivery.model_validate_json(record.value).attempt for record in committed(bootstrap, DELIVERIES.name)]


def is_open(bootstrap):
    """Whether the topic has records that are neither committed nor given up."""
    place, ends = TopicPartition(DELIVERIES.name, 0), []
    for isolation in ("read_committed", "read_uncommitted"):
        reader = KafkaConsumer(bootstrap_servers=bootstrap, isolation_level=isolation)
        ends.append(reader.end_offsets([place])[place])
        reader.close()
    return ends[0] < ends[1]


@pytest.mark.timeout(180)
def test_what_was_given_up_while_the_broker_was_away_is_not_said_to_be_recorded(new_kafka, start_server, monkeypatch):
    monkeypatch.setattr(log, "_WITHIN_S", 4.0)
    broker = start_server(new_kafka)
    settings = Settings(kafka_bootstrap=new_kafka.bootstrap)
    create_topics(settings, [DELIVERIES])
    recorder = Recorder(settings)
    recorder.record([delivery(1)])
    while not recorded(new_kafka.bootstrap):  # a broker killed between a commit's answer and its marker may lose it (docs/decisions/0003)
        time.sleep(0.05)
    broker.send(signal.SIGKILL)
    with ThreadPoolExecutor() as pool:
        second = pool.submit(recorder.record, [delivery(2)])
        time.sleep(6)  # it has been given up
        start_server(new_kafka)
        with pytest.raises(Fatal, match="cannot record deliveries"):
            second.result()
    recorder.close()
    after = Recorder(settings)
    after.record([delivery(3)])
    after.close()
    assert recorded(new_kafka.bootstrap) == [1, 3]


@pytest.mark.timeout(180)
def test_an_end_that_was_not_answered_is_not_asked_for_again_and_comes_to_nothing_late(tmp_path, start_server):
    server = Behind(tmp_path / "kafka", free_port(), free_port(), inside=free_port(), outside=free_port())
    start_server(server)
    create_topics(Settings(kafka_bootstrap=server.bootstrap), [DELIVERIES])
    proxy = Proxy(server.inside, cuts=True)
    with in_thread(proxy, server.outside) as run:
        recorder = Recorder(Settings(kafka_bootstrap=server.proxied))
        recorder.record([delivery(1)])
        proxy.hold = END_TXN
        with pytest.raises(Fatal, match="the end of a transaction was not answered"):
            recorder.record([delivery(2)])
        recorder.close()
        assert proxy.seen.count(END_TXN) == 2, "one for each record"
        after = Recorder(Settings(kafka_bootstrap=server.proxied))
        run(proxy.release())
        assert recorded(server.bootstrap) == [1]
        after.record([delivery(3)])
        after.close()
    assert recorded(server.bootstrap) == [1, 3]


@pytest.mark.timeout(240)
def test_what_was_aborted_without_a_marker_is_not_made_visible_by_the_next_record(new_kafka, start_server, monkeypatch):
    monkeypatch.setattr(local, "ABORT_EVERY_MS", 10_000)  # Kafka's own default: within it nothing has a leader yet
    broker = start_server(new_kafka)
    settings = Settings(kafka_bootstrap=new_kafka.bootstrap)
    create_topics(settings, [DELIVERIES])
    before = KafkaProducer(bootstrap_servers=new_kafka.bootstrap, transactional_id="mekong-notify", transaction_timeout_ms=3_000)
    before.init_transactions()
    before.begin_transaction()
    before.send(DELIVERIES.name, encode(delivery(1))).get(10)
    broker.send(signal.SIGKILL)
    start_server(new_kafka)
    before.close(timeout=0)
    assert is_open(new_kafka.bootstrap), "the broker left its marker out"
    recorder = Recorder(settings)
    assert not is_open(new_kafka.bootstrap)
    recorder.record([delivery(2)])
    recorder.close()
    assert recorded(new_kafka.bootstrap) == [2]
