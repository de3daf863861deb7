"""A sender that knows its topics beforehand asks the broker for all of them at once."""

import threading
import uuid

import pytest

from mekong.deploy.topics import create_topics
from mekong.producers.outbox import Outbox
from mekong.schemas.settings import Settings
from mekong.schemas.topics import INCOMING


@pytest.fixture
def topics(kafka):
    agencies = [f"XX-{uuid.uuid4().hex[:12].upper()}" for _ in range(20)]
    create_topics(Settings(kafka_bootstrap=kafka), [INCOMING], agencies)
    return [INCOMING.of(agency) for agency in agencies]


def asked(outbox, monkeypatch):
    """How often ``send`` waits for metadata from now on; the client's own thread asks too, when a topic is very new."""
    metadata, calls = outbox._producer._metadata, []
    ask, sender = metadata.request_update, threading.current_thread()

    def counted():
        if threading.current_thread() is sender:
            calls.append(1)
        return ask()

    monkeypatch.setattr(metadata, "request_update", counted)
    return calls


@pytest.mark.parametrize(("told", "most"), [(True, 3), (False, None)])
def test_topics_that_were_named_beforehand_cost_one_question(kafka, topics, monkeypatch, told, most):
    with Outbox[str](Settings(kafka_bootstrap=kafka)) as outbox:
        calls = asked(outbox, monkeypatch)
        if told:
            outbox.expect(topics)
        for topic in topics:
            outbox.send(topic, "1", b"{}", topic)
        assert sorted(report.token for report in outbox.flush()) == sorted(topics)
        assert len(calls) <= most if most else len(calls) >= len(topics)
