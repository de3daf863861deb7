"""`mekong status` finds where partitions begin and end, also after it has read records of other topics."""

from __future__ import annotations

import pytest
from kafka import KafkaProducer, TopicPartition

from mekong.deploy.health import look
from mekong.deploy.health.offsets import Offsets, Span
from mekong.schemas.topics import ALERTS, JOURNAL

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def settings(deployment):
    """An exchange with an entry in its journal and an alert; no worker reads them."""
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap, acks="all")
    for topic in (JOURNAL.name, ALERTS.name):
        producer.send(topic, b"{}", partition=0)
    producer.close()
    return deployment.settings


def test_a_topic_is_looked_at_after_another_one(settings):
    """The reader's second assignment has a topic that its first one let it forget."""
    journal, alerts = TopicPartition(JOURNAL.name, 0), TopicPartition(ALERTS.name, 0)
    with Offsets(settings) as places:
        ends = places.ends([JOURNAL.name, ALERTS.name])
        assert (ends[journal], ends[alerts]) == (1, 1)
        assert places.with_records({journal: Span(0, 1)}) == {journal}
        assert places.with_records({journal: Span(0, 1), alerts: Span(0, 1)}) == {journal, alerts}
        assert places.ends([ALERTS.name])[alerts] == 1


def test_the_workers_network_and_share_that_do_not_run_stand(settings, deployment):
    def both_stand() -> bool:  # a new broker says for some seconds that it has no groups yet
        return {"network", "share"} <= {one.name for one in look(settings, 0.1).stages if one.stands_at}

    deployment.wait_until(both_stand, "network and share stand")
