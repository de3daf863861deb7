"""Reads the committed records of a partition batch by batch. A lane reads its state partition this way when it opens.

aiokafka's reader makes an object of eleven fields from each record and passes it through three loops. On a million cases this is a third
of the start time. This module uses aiokafka's own decoder for the records of a fetch, and leaves out aborted transactions as the protocol
says (https://kafka.apache.org/documentation/#messageformat). tests/unit/test_stored.py checks that both read the same records.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest, OffsetResetStrategy
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.record.memory_records import MemoryRecords

from mekong.schemas.patience import Patience

FETCH_BYTES = 8 * 1_048_576
READ_UNCOMMITTED, READ_COMMITTED = 0, 1
RETRY_S = 0.1
_WAIT_MS = 50
_RACKS = 11  # from this version on, the answer has one more field after the aborted transactions
Aborted = Iterable[tuple[int, int]]
"""Producer id and first offset of each aborted transaction, as the answer to a fetch lists them."""


async def stored(
    connection: Mapping[str, Any], where: TopicPartition, first: int = 0, *, given_up: bool = False
) -> AsyncGenerator[list[Any], None]:
    """Every committed record of the partition as it is now, from offset ``first`` on, each with ``offset``, ``key`` and ``value``.

    ``given_up``: the records of aborted transactions instead. Raises KafkaError, Retriable.
    """
    reader = AIOKafkaConsumer(**connection, isolation_level="read_committed", enable_auto_commit=False)
    await reader.start()
    try:
        position = max(first, (await reader.beginning_offsets([where]))[where])
        end = (await reader.end_offsets([where]))[where]
        while position < end:
            raw, aborted = await _fetch(reader._client, where, position)  # noqa: SLF001 - its connections, and what it knows of leaders
            for records, behind in committed(raw, aborted, given_up=given_up):
                yield [record for record in records if record.offset >= position]
                position = behind
    finally:
        await reader.stop()


def committed(raw: bytes, aborted: Aborted, *, given_up: bool = False) -> Iterator[tuple[Iterable[Any], int]]:
    """The committed records of each batch of a fetch, without markers, and the offset after the batch.

    ``given_up``: the records of aborted transactions instead.
    """
    coming, ending = sorted(aborted or (), key=lambda one: one[1], reverse=True), set()
    batches = MemoryRecords(raw)
    while batches.has_next():
        batch = batches.next_batch()
        if not batch.validate_crc():
            raise CorruptRecordException(f"the batch at {batch.base_offset} is damaged")
        while coming and coming[-1][1] <= batch.base_offset:
            ending.add(coming.pop()[0])
        is_given_up = batch.is_transactional and batch.producer_id in ending
        if batch.is_control_batch and ControlRecord.parse(next(batch).key) == ABORT_MARKER:
            ending.discard(batch.producer_id)
        yield batch if is_given_up == given_up and not batch.is_control_batch else (), batch.next_offset


async def end_of(client: Any, where: TopicPartition, isolation: int) -> int:
    """The offset after the last record that a reader with this isolation level gets. Raises KafkaError."""
    ask = OffsetRequest(-1, isolation, [(where.topic, [(where.partition, OffsetResetStrategy.LATEST)])])
    _, (_, end, *_) = await _asked(client, f"the end of {where.topic}/{where.partition}", where, ask)
    return int(end)


async def _fetch(client: Any, where: TopicPartition, position: int) -> tuple[bytes, Aborted]:
    """Record batches from ``position`` on. Raises KafkaError."""
    ask = FetchRequest(_WAIT_MS, 1, FETCH_BYTES, READ_COMMITTED, [(where.topic, [(where.partition, position, FETCH_BYTES)])])
    version, found = await _asked(client, f"{where.topic}/{where.partition} at {position}", where, ask)
    return found[-1], found[-3 if version >= _RACKS else -2]


async def _asked(client: Any, what: str, where: TopicPartition, ask: FetchRequest | OffsetRequest) -> tuple[int, list[Any]]:
    """Version of the answer, and its fields of the partition. It asks again while the leader does not answer or changes.

    Raises KafkaError, and Retriable when no leader answers for too long.
    """
    patience = Patience(f"read {what}")
    while True:
        try:
            answer = await client.send(client.cluster.leader_for_partition(where), ask)
            ((_, ((_, code, *found),)),) = answer.topics  # one topic, one partition
            if code:
                raise for_code(code)(what)
        except KafkaError as exc:
            if not exc.retriable:
                raise
            patience.look(what)
            await client.force_metadata_update()
            await asyncio.sleep(RETRY_S)
        else:
            return answer.API_VERSION, found
