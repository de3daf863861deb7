"""What Kafka decided and left unmarked of the notifier's recorder and of the registry: whoever opens next ends it as it was decided."""

from __future__ import annotations

import pytest
from kafka import KafkaProducer, TopicPartition

from mekong.deploy.fence import TRANSACTIONAL_ID, Fence
from mekong.deploy.local import kafka as local
from mekong.deploy.topics import create_topics
from mekong.schemas.settings import Settings
from mekong.schemas.topics import DELIVERIES, INCOMING, NOTIFICATIONS, PER_AGENCY, REGISTRY
from mekong.sinks.delivery.log import Recorder
from tests.integration.committed import committed

UNVERIFIED = """
transaction.partition.verification.enable=false
"""
AGENCY = "VN-CUSTOMS"


@pytest.fixture
def settings(new_kafka, start_server, monkeypatch):
    """A broker that takes records of which the coordinator does not know, and so writes no marker for."""
    monkeypatch.setattr(local, "PROPERTIES", local.PROPERTIES + UNVERIFIED)
    start_server(new_kafka)
    found = Settings(kafka_bootstrap=new_kafka.bootstrap, secret="the secret of a deployment that lives in a test")
    create_topics(found, [DELIVERIES, NOTIFICATIONS, REGISTRY])
    create_topics(found, PER_AGENCY, [AGENCY])
    return found


def leave(settings, name, marked, unmarked, *, commit):
    """End a transaction of ``name`` without its marker in one of its two topics."""
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap(), transactional_id=name)
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(marked, key=b"marked", value=b"{}", partition=0).get(10)
    producer._transaction_manager._partitions_in_transaction.add(TopicPartition(unmarked, 0))
    producer.send(unmarked, key=b"unmarked", value=b"{}", partition=0).get(10)
    (producer.commit_transaction if commit else producer.abort_transaction)()
    producer.close()
    assert not committed(settings.bootstrap(), unmarked), "it is left open"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("commit", [True, False], ids=["committed", "given up"])
def test_the_recorder_ends_its_predecessor_s_as_it_was_decided(settings, commit):
    leave(settings, "mekong-notify", NOTIFICATIONS.name, DELIVERIES.name, commit=commit)
    Recorder(settings).close()
    settle(settings, DELIVERIES.name)
    assert [one.key for one in committed(settings.bootstrap(), DELIVERIES.name)] == [b"unmarked", b"behind"][not commit :]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("commit", [True, False], ids=["committed", "given up"])
@pytest.mark.parametrize("unmarked", [REGISTRY.name, INCOMING.of(AGENCY)])
def test_the_next_operator_ends_what_the_one_before_left_in_the_register_and_in_an_agency_s_topic(settings, commit, unmarked):
    marked = ({REGISTRY.name, INCOMING.of(AGENCY)} - {unmarked}).pop()
    leave(settings, TRANSACTIONAL_ID, marked, unmarked, commit=commit)
    with Fence.opened(settings):
        pass
    settle(settings, unmarked)
    assert [one.key for one in committed(settings.bootstrap(), unmarked)] == [b"unmarked", b"behind"][not commit :]


def settle(settings, topic):
    """A record of somebody else, behind the marker: it is seen when nothing before it is open."""
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap(), transactional_id="somebody-else")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, key=b"behind", value=b"{}", partition=0).get(10)
    producer.commit_transaction()
    producer.close()
