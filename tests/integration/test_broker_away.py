"""The broker goes away while something is read to its end: whoever reads ends, and says so."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, KafkaProducer

from mekong.deploy.alerts import all_alerts
from mekong.deploy.cli.receipts import receipts
from mekong.deploy.registry import add_agency, create_topics, list_agencies, profile_of
from mekong.deploy.subscriptions import answer, read_all
from mekong.deploy.verify.log import Log
from mekong.schemas import patience
from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Answer
from mekong.schemas.topics import ALERTS, ANSWERS, MEMBER_ALERTS, NOTIFICATIONS, RECEIPTS
from mekong.sinks.delivery.feed import _History
from mekong.sinks.delivery.log import Reader

pytestmark = pytest.mark.timeout(180)
EXAMPLES = Path(__file__).parent.parent / "examples"
WRITTEN = {
    ALERTS.name: "alerts/good/major",
    NOTIFICATIONS.name: "notifications/good/alive",
    RECEIPTS.of("VN-CUSTOMS"): "receipts/good/accepted",
    MEMBER_ALERTS.of("VN-CUSTOMS"): "alerts/good/major",
}


@pytest.fixture
def broker(new_kafka, start_server, tmp_path, monkeypatch):
    """A broker with something on every topic that is read to its end, as a process."""
    process = start_server(new_kafka)
    for name, value in {"KAFKA_BOOTSTRAP": new_kafka.bootstrap, "SECRET": "hush" * 8, "HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(f"MEKONG_{name}", value)
    create_topics(Settings())
    add_agency(Settings(), profile_of("VN-CUSTOMS"))
    answer(Settings(), {"subscription": "duty", "kind": "test"})
    producer = KafkaProducer(bootstrap_servers=new_kafka.bootstrap)
    for topic, example in WRITTEN.items():
        producer.send(topic, (EXAMPLES / f"{example}.json").read_bytes(), partition=0).get(30)
    producer.close()
    yield process
    process.send(signal.SIGCONT)


def verify(settings):
    log = Log(settings)
    log.read(log.ends([ALERTS.name]))


def notify(settings):
    reader = Reader(settings)
    while reader.is_behind():
        reader.poll(0.2)


def show_receipts(_):
    CliRunner().invoke(receipts, [], standalone_mode=False, catch_exceptions=False)


def catch_up(settings):
    """What a reader of the event stream missed."""
    history = _History(settings, MEMBER_ALERTS.of("VN-CUSTOMS"), 0, 1)
    history.open()
    try:
        assert history.read()
        assert not history.read()
    finally:
        history.close()


READS = [catch_up, verify, notify, show_receipts, list_agencies, all_alerts, lambda settings: read_all(settings, ANSWERS, Answer)]


def test_whoever_reads_to_the_end_ends_when_the_broker_goes_away(broker, monkeypatch):
    monkeypatch.setattr(patience, "STANDSTILL_S", 2.0)
    poll = KafkaConsumer.poll

    def without_broker(*arguments, **options):
        broker.send(signal.SIGSTOP)
        return poll(*arguments, **options)

    for read in READS:
        read(Settings())
        monkeypatch.setattr(KafkaConsumer, "poll", without_broker)
        with pytest.raises(Retriable, match="nothing has come from Kafka for 2 s"):
            read(Settings())
        monkeypatch.setattr(KafkaConsumer, "poll", poll)
        broker.send(signal.SIGCONT)
