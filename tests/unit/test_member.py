"""Whether we are a member of the group: asked of its broker, and the answer to an older question does not end it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import (
    CommitFailedError,
    GroupAuthorizationFailedError,
    IllegalGenerationError,
    NodeNotReadyError,
    NoError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.group import HeartbeatRequest_v1
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.types import TP

from mekong.schemas.settings import Settings
from mekong.streams.app import Plan, build
from mekong.streams.member import Thread, keep_seat


class Joining(GroupCoordinator):
    """A member that is on its way into the next generation, and what its broker says of this one."""

    def __init__(self, said):
        self.group_id, self.generation, self.member_id, self._said, self.asked = "intake", 7, "we", said, []
        self.rejoins = 0

    async def _send_req(self, request):
        struct = request.build(HeartbeatRequest_v1)
        self.asked.append((struct.group, struct.generation_id, struct.member_id))
        if self._said is NodeNotReadyError:
            raise NodeNotReadyError
        return SimpleNamespace(error_code=self._said.errno)

    def request_rejoin(self):
        self.rejoins += 1


def is_member(coordinator):
    return asyncio.run(Thread._asked_whether_member(None, coordinator))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (NoError, True),
        (RebalanceInProgressError, True),
        (IllegalGenerationError, False),
        (UnknownMemberIdError, False),
        (NodeNotReadyError, False),
    ],
)
def test_asking_makes_the_client_neither_forget_who_it_is_nor_join_once_more(said, expected):
    coordinator = Joining(said)
    assert is_member(coordinator) is expected
    assert coordinator.asked == [("intake", 7, "we")]
    assert (coordinator.generation, coordinator.member_id, coordinator.rejoins) == (7, "we", 0)


def test_a_missing_right_is_no_answer():
    with pytest.raises(GroupAuthorizationFailedError, match="intake"):
        is_member(Joining(GroupAuthorizationFailedError))


SOURCE = TopicPartition("in.VN-CUSTOMS.v1", 0)


class Committing(GroupCoordinator):
    """A member whose commit is answered with an error after it has joined another generation, or while it joins."""

    def __init__(self, said, *, joined, joins):
        self.group_id, self.generation, self.member_id, self.coordinator_id = "intake", 7, "we", 1
        self._said, self._joined, self._performed_join_prepare = said, joined, joins
        self._commit_lock, self.rejoins = asyncio.Lock(), 0

    async def _send_req(self, request):
        assert isinstance(request, OffsetCommitRequest)
        self.generation = self._joined
        return SimpleNamespace(topics=[(SOURCE.topic, [(SOURCE.partition, self._said.errno)])])

    def request_rejoin(self):
        self.rejoins += 1


def committed(coordinator):
    async def commit():
        keep_seat(coordinator)
        await coordinator.commit_offsets(None, {SOURCE: OffsetAndMetadata(5, "")})

    return asyncio.run(commit())


@pytest.mark.parametrize("said", [IllegalGenerationError, UnknownMemberIdError, RebalanceInProgressError])
@pytest.mark.parametrize(("joined", "joins"), [(8, False), (7, True)])
def test_the_answer_to_a_commit_of_the_last_generation_does_not_end_the_next_one(said, joined, joins):
    coordinator = Committing(said, joined=joined, joins=joins)
    with pytest.raises(CommitFailedError):  # the consumer commits again, a second later
        committed(coordinator)
    assert (coordinator.generation, coordinator.member_id, coordinator.rejoins) == (joined, "we", 0)


def test_the_answer_to_a_commit_of_this_generation_counts():
    committed(Committing(NoError, joined=7, joins=False))
    coordinator = Committing(IllegalGenerationError, joined=7, joins=False)
    with pytest.raises(CommitFailedError):
        committed(coordinator)
    assert (coordinator.generation, coordinator.rejoins) == (-1, 1)


async def _hears_of_a_deal(folder):
    """Whether a worker that ends cuts its connection when its group deals anew meanwhile."""
    plan = Plan("intake", lambda _: True, lambda _: 0, "cases.v1", lambda *_: None)
    app = build(plan, Settings(kafka_bootstrap="127.0.0.1:1", home=folder), frozenset({SOURCE.topic}))
    consumer = app.consumer
    cut = []
    consumer._thread = SimpleNamespace(close=lambda: cut.append(True), member_id=lambda: "we")
    app._stopped.set()
    await consumer.on_partitions_revoked(set())
    await consumer.on_partitions_assigned({SOURCE}, 8)
    assert not consumer.held.given, "it opens nothing more"
    return cut


def test_a_worker_that_ends_keeps_its_connection_to_say_that_it_leaves(tmp_path):
    assert asyncio.run(_hears_of_a_deal(tmp_path)) == []


async def _commits(folder, answers):
    """What the group is asked to commit while nothing new comes, by the answers to it."""
    plan = Plan("intake", lambda _: True, lambda _: 0, "cases.v1", lambda *_: None)
    app = build(plan, Settings(kafka_bootstrap="127.0.0.1:1", home=folder), frozenset({SOURCE.topic}))
    consumer, asked = app.consumer, []

    async def commit(offsets):
        asked.append(dict(offsets))
        return answers[len(asked) - 1]

    async def flush():
        pass

    source = TP(SOURCE.topic, SOURCE.partition)
    consumer._thread = SimpleNamespace(commit=commit, assignment=lambda: {source})
    app.producer.flush = flush
    consumer.held.open[0] = SimpleNamespace(positions={source: 5})
    consumer._acked[source].append(4)
    for _ in range(4):
        await consumer.commit()
    return asked


def test_a_commit_that_was_refused_is_made_again_though_nothing_new_comes(tmp_path):
    assert asyncio.run(_commits(tmp_path, [False, False, True])) == [{TP(SOURCE.topic, SOURCE.partition): 5}] * 3
