"""How the stages do: what stands, what waits for the notifier, and since when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from kafka import TopicPartition

from mekong.deploy import health
from mekong.deploy.health import LOOKS, age, looked_again, offsets, standing
from mekong.deploy.health.notifier import PATIENCE, Written, untried
from mekong.deploy.health.stages import STAGES
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.notifications import Delivery
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Subscription
from mekong.schemas.topics import TOPICS
from mekong.streams.agents import AGENTS
from tests.unit.notified import notification

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
ONE, OTHER = TopicPartition("journal.v1", 0), TopicPartition("journal.v1", 6)


class Kafka:
    """Holds records at the offsets that are given."""

    def __init__(self, **offsets):
        self.offsets = {ONE: offsets.get("one", ()), OTHER: offsets.get("other", ())}

    def with_records(self, spans):
        return {tp for tp, span in spans.items() if any(span.first <= offset < span.end for offset in self.offsets[tp])}


@pytest.mark.parametrize(
    ("offsets", "before", "after", "found"),
    [
        pytest.param({"one": [7]}, {ONE: 8}, {ONE: 8}, (0, ""), id="everything is read; the marker of a transaction stands behind it"),
        pytest.param({"one": [7, 8]}, {ONE: 8}, {ONE: 8}, (2, "journal.v1/0 offset 8"), id="a record waits, and nothing moves"),
        pytest.param({"one": [7, 8]}, {ONE: 7}, {ONE: 8}, (2, ""), id="a record waits, and it moves"),
        pytest.param({"one": [7]}, {}, {}, (10, "journal.v1/0 offset 0"), id="it never ran"),
        pytest.param({"one": [7]}, {}, {ONE: 10}, (0, ""), id="it has begun"),
    ],
)
def test_a_stage_stands_when_a_record_waits_where_it_has_not_moved(offsets, before, after, found):
    assert standing(Kafka(**offsets), {ONE: 10}, before, after) == found


def test_one_partition_that_stands_is_found_among_others_that_move():
    found = standing(Kafka(one=[3], other=[9]), {ONE: 10, OTHER: 10}, {ONE: 1, OTHER: 9}, {ONE: 2, OTHER: 9})
    assert found == (9, "journal.v1/6 offset 9")


@pytest.mark.parametrize(
    ("moves_at", "looks", "stands"),
    [
        pytest.param(1, 1, "", id="it moves at once"),
        pytest.param(3, 3, "", id="it was held up for a while, as by a rebalance"),
        pytest.param(99, LOOKS, "a/0 offset 5", id="it never moves"),
    ],
)
def test_a_stage_that_was_only_held_up_for_a_while_does_not_stand(moves_at, looks, stands):
    seen: list[int] = []

    def look():
        seen.append(1)
        return {"quick": (0, ""), "slow": (3, "" if len(seen) >= moves_at else "a/0 offset 5")}

    assert looked_again(look, 0.0) == {"quick": (0, ""), "slow": (3, stands)}
    assert len(seen) == looks


def test_a_partition_of_which_kafka_tells_nothing_is_a_sentence(monkeypatch):
    client = SimpleNamespace(list_partition_offsets=lambda *_, **__: {OTHER: SimpleNamespace(offset=3)})
    for name in ("KafkaConsumer", "KafkaAdminClient"):
        monkeypatch.setattr(offsets, name, lambda **_: client)
    with pytest.raises(Retriable, match=r"where journal\.v1 begins or ends"):
        offsets.Offsets(Settings(kafka_bootstrap="nowhere:1")).with_records({ONE: offsets.Span(0, 1)})


def test_the_stages_are_the_workers_with_their_sources():
    assert [stage.name for stage in STAGES] == list(AGENTS)
    names = [topic.of("VN-CUSTOMS") for topic in TOPICS]
    for stage in STAGES:
        plan = AGENTS[stage.name](Settings(secret="x"))
        assert [name for name in names if stage.reads(name)] == [name for name in names if plan.is_source(name)]
        assert any(map(stage.writes, names))


def wish(channel="webhook", **more):
    channels = {"webhook": {"channel": "webhook", "url": "https://example.org", "secret_name": "X"}, "stream": {"channel": "stream"}}
    return Subscription(id="duty", member="VN-CUSTOMS", channel=channels[channel], changed_at=NOW, **more)


def delivery(number, state):
    return Written(
        NOW,
        Delivery(notification_id=UUID(int=number), subscription="duty", channel="webhook", state=state, attempt=1, at=NOW, raised_at=NOW),
    )


@pytest.mark.parametrize(
    ("wishes", "written", "deliveries", "waiting"),
    [
        pytest.param([wish()], NOW - PATIENCE * 2, [], 1, id="nothing tried it"),
        pytest.param([wish()], NOW - PATIENCE / 2, [], 0, id="it may still come"),
        pytest.param([wish()], NOW - PATIENCE * 2, [delivery(1, "sent")], 0, id="sent"),
        pytest.param([wish()], NOW - PATIENCE * 2, [delivery(2, "retrying")], 0, id="it waits behind one whose receiver fails"),
        pytest.param([wish()], NOW - PATIENCE * 2, [delivery(2, "retrying"), delivery(2, "parked")], 1, id="that one was given up"),
        pytest.param([wish("stream")], NOW - PATIENCE * 2, [], 0, id="its reader fetches it"),
        pytest.param([wish(state="removed")], NOW - PATIENCE * 2, [], 0, id="removed"),
        pytest.param([wish(state="paused")], NOW - PATIENCE * 2, [], 0, id="paused: it keeps what waits"),
        pytest.param([], NOW - PATIENCE * 2, [], 0, id="no subscription any more"),
    ],
)
def test_the_notifier_is_behind_with_what_it_has_not_tried_and_nothing_holds_back(wishes, written, deliveries, waiting):
    found = untried(wishes, [Written(written, notification(1))], deliveries, NOW)
    assert found.waiting == waiting
    assert bool(found.oldest) is bool(waiting)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(seconds=-3), "0 s ago"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=47), "1 d ago"),
        (timedelta(hours=3), "3 h ago"),
    ],
)
def test_an_age_is_one_number(before, text):
    assert age(NOW - before, NOW) == text


def test_what_cannot_be_asked_is_a_sentence_and_the_other_parts_are_looked_at(monkeypatch):
    def away(*_):
        yield health.Seen("sink")
        raise Retriable("ClickHouse gave no answer")

    def refused(*_):
        raise Refused("no right")
        yield

    monkeypatch.setattr(health, "_workers", lambda *_: iter([health.Seen("intake"), "intake stands"]))
    monkeypatch.setattr(health, "_notifier", refused)
    monkeypatch.setattr(health, "_sink", away)
    monkeypatch.setattr(health, "_aside", refused)
    found = health.look(Settings(kafka_bootstrap="nowhere:1"), 0)
    assert [one.name for one in found.stages] == ["intake", "sink"]
    assert found.trouble == ["intake stands", "no right", "ClickHouse gave no answer"]
