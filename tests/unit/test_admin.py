"""A question that any broker can answer is put to another one when the first is down."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError, NotCoordinatorForGroupError, TopicAuthorizationFailedError
from aiokafka.structs import OffsetAndMetadata

from mekong.schemas import patience
from mekong.schemas.errors import Retriable
from mekong.streams import admin
from mekong.streams.admin import reached, topics_of

HERE = TopicPartition("in.VN-CUSTOMS.v1", 0)


@pytest.fixture
def cluster(monkeypatch):
    """A cluster whose brokers give these answers one after another, errors too; how many clients were closed."""
    answers, closed = [], []

    class Admin:
        async def start(self): ...

        async def close(self):
            closed.append(self)

        async def list_topics(self):
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        async def list_consumer_group_offsets(self, group):
            return await self.list_topics()

    monkeypatch.setattr(admin, "AIOKafkaAdminClient", Admin)
    monkeypatch.setattr(admin, "RETRY_S", 0)
    return answers, closed


def test_another_broker_is_asked_while_one_is_down(cluster):
    answers, closed = cluster
    answers += [NodeNotReadyError("node id 2"), KafkaConnectionError("nobody there"), ["a", "b"]]
    assert asyncio.run(topics_of({})) == ["a", "b"]
    assert len(closed) == 3


def test_where_a_group_stands_is_asked_again_while_its_coordinator_moves(cluster):
    answers, _ = cluster
    answers += [NotCoordinatorForGroupError(), {HERE: OffsetAndMetadata(7, ""), TopicPartition("x", 0): OffsetAndMetadata(-1, "")}]
    assert asyncio.run(reached("intake", {})) == {HERE: 7}


def test_a_right_that_is_missing_is_not_asked_for_again(cluster):
    answers, closed = cluster
    answers += [TopicAuthorizationFailedError("x")]
    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(topics_of({}))
    assert len(closed) == 1


def test_a_cluster_that_stays_away_is_given_up(cluster, monkeypatch):
    answers, _ = cluster
    answers += [NodeNotReadyError("node id 2")]
    monkeypatch.setattr(patience, "STANDSTILL_S", 0.05)
    with pytest.raises(Retriable, match="cannot list the topics"):
        asyncio.run(asyncio.wait_for(topics_of({}), 5))
