"""A worker whose clock is ahead of the broker's says so."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiokafka import TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from mekong.schemas.errors import Refused
from mekong.streams.lanes import Lane, Output
from mekong.streams.producer import Producer

DAY_MS = 86_400_000
SENTENCE = r"^out: the broker refuses records because their time is too far ahead of its own .*The clock .* says 20.* UTC: set it"


class Ahead:
    """A batch that is written on a machine whose clock is a day ahead."""

    def __init__(self, batch):
        self._batch = batch

    def append(self, *, timestamp, **record):
        return self._batch.append(timestamp=int(time.time() * 1_000) + DAY_MS, **record)

    def __getattr__(self, name):
        return getattr(self._batch, name)


def test_a_lane_whose_machine_is_ahead_ends_with_a_sentence(new_kafka, start_server, monkeypatch):
    start_server(new_kafka)
    admin = KafkaAdminClient(bootstrap_servers=new_kafka.bootstrap)
    admin.create_topics([NewTopic("state", 1, 1), NewTopic("out", 1, 1)])
    admin.close()
    real = Producer.create_batch
    monkeypatch.setattr(Producer, "create_batch", lambda self: Ahead(real(self)))

    async def run():
        lane = await Lane(0, TopicPartition("state", 0), "ahead-0", {"bootstrap_servers": new_kafka.bootstrap}).open()
        try:
            await lane.add({("out", 0): [Output(b"k", b"v")]}, {})
        finally:
            await lane.close()

    with pytest.raises(Refused, match=SENTENCE):
        asyncio.run(run())
