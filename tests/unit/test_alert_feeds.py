"""The one reader of Kafka behind all event streams: what it does when Kafka fails."""

from __future__ import annotations

import asyncio
import time
from typing import Any, NamedTuple

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaError

from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from mekong.sinks.delivery import feed
from mekong.sinks.delivery.feed import Feeds, Listener

TOPIC = "alerts.VN-CUSTOMS.v1"
TP = TopicPartition(TOPIC, 0)


class Record(NamedTuple):
    offset: int
    value: bytes


class Consumer:
    """Fails where it is told to, and else gives a record at each poll."""

    def __init__(self, fails_at: str = "") -> None:
        self._fails_at, self._next = fails_at, 7
        self._mine: list[TopicPartition] = []

    def assignment(self) -> list[TopicPartition]:
        return self._mine

    def assign(self, tps: list[TopicPartition]) -> None:
        self._mine = tps

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {0} if topic == TOPIC else set()

    def end_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self._fails_at == "the question for the end":
            raise KafkaError("the broker says no")
        return dict.fromkeys(tps, 7)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        pass

    def close(self) -> None:
        pass

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Record]]:
        if self._fails_at == "a poll":
            raise KafkaError("the broker says no")
        time.sleep(0.01)
        self._next += 1
        return {TP: [Record(self._next - 1, b'{"type": "hour"}')]}


@pytest.fixture
def opened(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[Consumer]:
    """The consumers that were opened. The first one fails at what the test names."""
    found: list[Consumer] = []

    def reader(_: Settings) -> Any:
        found.append(Consumer("" if found else request.param))
        return found[-1]

    monkeypatch.setattr(feed, "reader", reader)
    monkeypatch.setattr(feed, "AGAIN_S", 0.01)
    return found


async def joined(feeds: Feeds) -> Listener:
    """A reader that is refused connects again, as it is asked to: the thread before may not have ended yet."""
    async with asyncio.timeout(60.0):
        while True:
            try:
                return await feeds.join(TOPIC)
            except Refused:
                await asyncio.sleep(0.01)


async def is_served(feeds: Feeds, reading: asyncio.Task[None]) -> None:
    listener = await joined(feeds)
    found = await listener.next(60.0)
    assert found is not None
    assert found.offset >= listener.start >= 7
    assert not reading.done()
    feeds.stop()
    await reading


@pytest.mark.parametrize("opened", ["a poll"], indirect=True)
def test_a_failure_of_kafka_disconnects_the_readers_and_the_next_ones_are_served(opened):
    async def story() -> None:
        feeds = Feeds(Settings())
        reading = asyncio.create_task(feeds.run())
        first = await feeds.join(TOPIC)
        assert await first.next(60.0) is None
        assert first.lost
        await is_served(feeds, reading)

    asyncio.run(story())
    assert len(opened) == 2


@pytest.mark.parametrize("opened", ["the question for the end"], indirect=True)
def test_a_reader_does_not_wait_for_a_topic_whose_opening_failed(opened):
    async def story() -> None:
        feeds = Feeds(Settings())
        reading = asyncio.create_task(feeds.run())
        with pytest.raises(Refused, match="connect again"):
            await asyncio.wait_for(feeds.join(TOPIC), 60.0)
        await is_served(feeds, reading)

    asyncio.run(story())
    assert len(opened) == 2
