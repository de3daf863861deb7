"""A member's client writes what it likes into a record: one receipt for each, nobody stops, and verify reads them too."""

from __future__ import annotations

import asyncio

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from kafka import TopicPartition

from mekong.deploy.verify.log import Log
from mekong.schemas.topics import INCOMING
from mekong.sinks.base import Source
from tests.unit.test_raw_records import BAD, batch, record

CREATED, MARKER = 0, 0x20  # attributes of a batch

AGENCY, OTHER = "LA-CUSTOMS", "VN-CUSTOMS"


def produced(bootstrap, topic, *batches):
    """Write batches as they are; error code and first offset of each."""

    async def send():
        client = AIOKafkaClient(bootstrap_servers=bootstrap)
        await client.bootstrap()
        try:
            found = []
            for raw in batches:
                await client.force_metadata_update()
                client.add_topic(topic)
                await client.force_metadata_update()
                ask = ProduceRequest(None, -1, 10_000, [(topic, [(0, raw)])])
                answer = await client.send(client.cluster.leader_for_partition(TopicPartition(topic, 0)), ask)
                ((_, ((_, code, first, *_),)),) = answer.topics
                found.append((code, first))
            return found
        finally:
            await client.close()

    return asyncio.run(send())


def test_what_no_client_can_read_is_rejected_and_everything_else_is_answered(deployment):
    deployment.register(AGENCY, OTHER)
    topic = INCOMING.of(AGENCY)
    odd = batch(0, record(0), record(1, headers=BAD), record(2, key=b"\xff", attributes=0x80), record(3, None), attributes=CREATED)
    accepted = produced(
        deployment.bootstrap,
        topic,
        odd,
        batch(0, record(500), record(0), attributes=CREATED),
        batch(0, attributes=CREATED),
        batch(0, record(0), attributes=MARKER),
        batch(0, record(0, headers=((b"mekong-control", b"0"), *BAD)), attributes=CREATED),
    )
    assert [code for code, _ in accepted[:2]] == [0, 0]
    assert all(code for code, _ in accepted[2:4]), "an empty batch and a marker are refused by the broker"
    deployment.send(OTHER, [b"{}"])
    deployment.send(AGENCY, [b"{}"])
    deployment.mekong("worker", "intake")
    found = deployment.receipts(AGENCY, at_least=8)
    assert [one["source_offset"] for one in found] == list(range(2, 10))
    assert [one["reason"] for one in found if one["source_offset"] in {3, 8}] == ["invalid_utf8"] * 2
    assert len(deployment.receipts(OTHER, at_least=1)) == 1
    log = Log(deployment.settings)
    ends = log.ends([topic])
    assert list(log.read(ends)[Source(topic, 0)].offsets) == [0, *range(2, 10)]
    log.close()
