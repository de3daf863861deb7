"""What a lane reads of its state: the same records as aiokafka's reader hands out, whatever was committed, given up or compacted."""

from __future__ import annotations

import asyncio
import struct
from operator import attrgetter
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException, KafkaConnectionError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from mekong.schemas import patience
from mekong.schemas.errors import Retriable
from mekong.streams import stored
from mekong.streams.stored import committed

ABORT, COMMIT = struct.pack(">hh", 0, 0), struct.pack(">hh", 0, 1)
CONTROL = 0x20  # of a batch's attributes
WHAT = attrgetter("offset", "key", "value", "timestamp")


def batch(first, rows, *, producer=-1, transactional=False, control=False):
    """A batch of format 2 whose first offset is ``first``."""
    builder = DefaultRecordBatchBuilder(2, 0, int(transactional), producer, 0, 0, 10_000)
    for delta, (key, value) in enumerate(rows):
        builder.append(delta, 1_790_000_000_000, key, value, [])
    raw = bytearray(builder.build())
    raw[0:8] = struct.pack(">q", first)
    if control:
        raw[21:23] = struct.pack(">h", struct.unpack(">h", raw[21:23])[0] | CONTROL)
        raw[17:21] = struct.pack(">I", calc_crc32c(bytes(raw[21:])))
    return bytes(raw)


def marker(first, producer, kind):
    return batch(first, [(kind, b"\0" * 6)], producer=producer, transactional=True, control=True)


STEPS = st.lists(st.tuples(st.sampled_from([7, 8, -1]), st.booleans(), st.booleans(), st.integers(1, 3), st.integers(0, 2)), max_size=12)


def log_of(steps):
    """A log of two transactional producers and one that is not, with holes as compaction leaves them; and what was given up."""
    raw, aborted, offset, begun = b"", [], 0, {}
    for producer, ends, given_up, size, hole in steps:
        if ends and producer in begun:
            first = begun.pop(producer)
            aborted += [(producer, first)] if given_up else []
            raw += marker(offset, producer, ABORT if given_up else COMMIT)
            offset += 1 + hole
        else:
            rows = [(b"key %d" % number, b"value" if number != hole else None) for number in range(size)]
            raw += batch(offset, rows, producer=producer, transactional=producer >= 0)
            if producer >= 0:
                begun.setdefault(producer, offset)
            offset += size + hole
    return raw, aborted


@given(STEPS)
def test_the_records_are_those_that_the_client_hands_out(steps):
    raw, aborted = log_of(steps)
    reader = PartitionRecords(TopicPartition("cases", 0), MemoryRecords(raw), aborted, 0, None, None, True, READ_COMMITTED)
    ours = [record for records, _ in committed(raw, aborted) for record in records]
    assert list(map(WHAT, ours)) == list(map(WHAT, reader))
    assert [0, *(behind for _, behind in committed(raw, aborted))][-1] == reader.next_fetch_offset


def test_records_of_a_transaction_that_was_given_up_are_left_out_and_later_ones_are_not():
    raw = batch(0, [(b"a", b"1")], producer=7, transactional=True) + marker(1, 7, ABORT)
    raw += batch(2, [(b"a", b"2")], producer=7, transactional=True) + marker(3, 7, COMMIT)
    assert [(record.offset, record.value) for records, _ in committed(raw, [(7, 0)]) for record in records] == [(2, b"2")]
    given_up = [(record.offset, record.value) for records, _ in committed(raw, [(7, 0)], given_up=True) for record in records]
    assert given_up == [(0, b"1")]


def test_a_damaged_batch_is_an_error():
    raw = bytearray(batch(0, [(b"key", b"value")]))
    raw[-2] ^= 1
    with pytest.raises(CorruptRecordException):
        list(committed(bytes(raw), []))


def test_a_leader_that_stays_away_is_given_up(monkeypatch):
    class Client:
        cluster = SimpleNamespace(leader_for_partition=lambda _: 1)

        async def send(self, node, request):
            raise KafkaConnectionError("nobody is there")

        async def force_metadata_update(self): ...

    monkeypatch.setattr(stored, "RETRY_S", 0.01)
    monkeypatch.setattr(patience, "STANDSTILL_S", 0.1)
    with pytest.raises(Retriable, match=r"cannot read the end of cases\.v1/0"):
        asyncio.run(asyncio.wait_for(stored.end_of(Client(), TopicPartition("cases.v1", 0), stored.READ_COMMITTED), 5))
