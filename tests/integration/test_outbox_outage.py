"""What a sender is told while the broker is away: wait and try again, not that a person must act; and nothing is left running."""

import signal
import threading
import time

import pytest

from mekong.deploy.topics import create_topics
from mekong.producers.outbox import Outbox
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import INCOMING

VN = "VN-CUSTOMS"
TOPIC = INCOMING.of(VN)


@pytest.fixture
def broker(new_kafka, start_server):
    process = start_server(new_kafka)
    settings = Settings(kafka_bootstrap=new_kafka.bootstrap)
    create_topics(settings, [INCOMING], [VN])
    yield process, settings
    process.send(signal.SIGCONT)


def test_a_topic_that_is_not_there_is_refused(broker):
    _, settings = broker
    with Outbox[int](settings) as outbox, pytest.raises(Refused, match=r"in\.LA-CUSTOMS\.v1: the topic does not exist"):
        outbox.send(INCOMING.of("LA-CUSTOMS"), "1", b"{}", 1)


def test_a_broker_that_does_not_answer_is_no_missing_topic(broker):
    process, settings = broker
    outbox = Outbox[int](settings)
    process.send(signal.SIGSTOP)
    with pytest.raises(Retriable):
        outbox.send(TOPIC, "1", b"{}", 1)
    outbox.close()


def test_what_is_given_up_ends_with_the_outbox(broker):
    process, settings = broker
    before = threading.active_count()
    with Outbox[int](settings) as outbox:
        outbox.send(TOPIC, "1", b"{}", 1)
        outbox.flush()
        process.send(signal.SIGSTOP)
        outbox.send(TOPIC, "2", b"{}", 2)
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert threading.active_count() == before
