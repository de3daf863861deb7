"""Record batches as no client of ours makes them: each record comes out once, under the offset that the broker gave it."""

from __future__ import annotations

import struct

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record import memory_records as aio
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import CorruptRecordError
from kafka.record import memory_records as plain

from mekong.schemas.raw_records import UNREADABLE, Reading, patient

AT_MS, APPEND_TIME = 1_790_000_000_000, 0x08
CLIENTS = {
    "aiokafka": (aio.MemoryRecords, Reading(CorruptRecordException)),
    "aiokafka without its extension": (aio._MemoryRecordsPy, Reading(CorruptRecordException)),
    "kafka-python": (plain.MemoryRecords, Reading(CorruptRecordError)),
}
clients = pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
BAD = ((b"\xff\xfe", b"1"),)


def number(value):
    """A zigzag varint."""
    left, out = (value << 1) ^ (value >> 63), b""
    while left > 0x7F:
        out, left = out + bytes([left & 0x7F | 0x80]), left >> 7
    return out + bytes([left])


def field(value):
    return number(-1) if value is None else number(len(value)) + value


def record(delta, value=b"v", key=None, headers=(), *, attributes=0, since=0):
    """A record as the broker takes it: it looks at the frame only."""
    body = bytes([attributes]) + number(since) + number(delta) + field(key) + field(value) + number(len(headers))
    body += b"".join(field(name) + field(given) for name, given in headers)
    return number(len(body)) + body


def batch(first, *records, attributes=APPEND_TIME, last_delta=None):
    last = len(records) - 1 if last_delta is None else last_delta
    tail = struct.pack(">hiqqqhii", attributes, last, AT_MS, AT_MS + 5, -1, -1, -1, len(records)) + b"".join(records)
    after = struct.pack(">ibI", 0, 2, calc_crc32c(tail)) + tail
    return struct.pack(">qi", first, len(after)) + after


def read(client, raw):
    memory_records, reading = client
    batches, found = patient(memory_records, reading)(raw), []
    while (one := batches.next_batch()) is not None:
        found += [(record.offset, record.value) for record in one]
    return found


@clients
@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(record(1, b"b", headers=BAD), id="a header name that is not UTF-8"),
        pytest.param(record(1, b"b", headers=((b"\xed\xb3\xbf", None),)), id="a surrogate in a header name"),
        pytest.param(record(1, b"b", headers=((b"ok", b"\xff"), (b"", None))), id="a header value that is not UTF-8, an empty name"),
        pytest.param(record(1, b"b", b"\xff", attributes=0x80), id="attributes whose highest bit is set"),
        pytest.param(record(1, b"b", attributes=0x7F), id="attributes that mean nothing"),
        pytest.param(record(0, b"b"), id="the offset of the record before"),
        pytest.param(record(2_000_000_000, b"b"), id="an offset far ahead"),
        pytest.param(record(-7, b"b"), id="an offset before its batch"),
        pytest.param(record(1, b"b", since=2**62), id="a time that overflows"),
        pytest.param(record(1, b"b", b"", since=-AT_MS), id="an empty key, a time of 1970"),
    ],
)
def test_an_odd_record_comes_out_and_so_do_its_neighbours(client, odd):
    raw = batch(10, record(0, b"a"), odd, record(2, b"c")) + batch(13, record(0, b"d"))
    assert read(client, raw) == [(10, b"a"), (11, b"b"), (12, b"c"), (13, b"d")]


@clients
@pytest.mark.parametrize("senseless", [b"\x06\x00\x00\x00", b"\x00", b"\x7f" * 9, b"\xff" * 12, b"\x0a\x00\x00\x00\x02\x02"])
def test_a_record_without_sense_is_one_record_and_those_before_it_are_read(client, senseless):
    found = read(client, batch(10, record(0, b"a"), senseless))
    assert found[0] == (10, b"a")
    assert [offset for offset, _ in found] == [10, 11]


@clients
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6))
def test_whatever_bytes_stand_for_records_each_offset_comes_out_once(client, records):
    raw = batch(10, *records) + batch(10 + len(records), record(0, b"behind"))
    assert [offset for offset, _ in read(client, raw)] == list(range(10, 11 + len(records)))


def test_a_bad_name_keeps_its_bytes_and_a_senseless_record_has_a_name_of_its_own():
    batches = patient(*CLIENTS["aiokafka"])(batch(0, record(0, headers=BAD), b"\x00"))
    assert [one.headers for one in batches.next_batch()] == [(("\udcff\udcfe", b"1"),), ((UNREADABLE, b""),)]


def test_records_whose_neighbours_were_compacted_away_keep_the_offsets_they_have():
    raw = batch(10, record(1, b"b"), record(4, b"e", headers=BAD), last_delta=6)
    assert read(CLIENTS["aiokafka"], raw) == [(11, b"b"), (14, b"e")]


def test_the_clients_reader_hands_them_out_with_the_time_of_their_batch():
    memory_records, reading = CLIENTS["aiokafka"]
    raw = batch(10, record(0, b"a"), record(1, b"b", headers=BAD))
    reader = PartitionRecords(TopicPartition("in", 0), patient(memory_records, reading)(raw), [], 10, None, None, True, READ_COMMITTED)
    assert [(one.offset, one.timestamp, one.value, one.headers) for one in reader] == [
        (10, AT_MS + 5, b"a", ()),
        (11, AT_MS + 5, b"b", (("\udcff\udcfe", b"1"),)),
    ]
    assert reader.next_fetch_offset == 12
