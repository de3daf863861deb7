"""Reads every record from the bytes of a fetch, whatever a member's client wrote into it. Pure.

The broker checks the frame of a record, but not its header names and not its offsets. Both Kafka clients read a header name as UTF-8.
When the name is not UTF-8, they fail at the complete fetch. They also trust the offset that the sender wrote. Here, a batch that a
client cannot read is read again, record by record. A header name that is not UTF-8 keeps its bytes as lone surrogates. A record that
cannot be read at all gets one header, ``UNREADABLE``. Format: https://kafka.apache.org/documentation/#recordbatch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

UNREADABLE = "\udcff"
"""Name of the only header of a record that has no sense at all."""
_LENGTH_AT, _FRAME = 8, 12  # of a batch: the position of its length, and the bytes that this length does not count
_MAGIC_AT, _RECORDS_AT = 16, 61
_CODEC = 0x07
_MAGIC = 2
_MOST_BITS = 63  # of a number


class RawRecord(NamedTuple):
    """One record, with the fields that the clients ask their own for."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    size_in_bytes: int = 0
    checksum: None = None

    def validate_crc(self) -> bool:
        """Its batch's was looked at."""
        return True


class Reading(NamedTuple):
    """How a client differs from the other."""

    corrupt: type[Exception]
    """What it raises for a record that it cannot read."""
    errors: str = "surrogateescape"
    """What becomes of bytes in a header name that are not UTF-8."""


class Batch:
    """A client's batch; only its records are read with more patience."""

    def __init__(self, known: Any, raw: memoryview, reading: Reading) -> None:
        self._known, self._raw, self._reading = known, raw, reading

    def __getattr__(self, name: str) -> Any:
        """The client's batch answers everything that is not about its records."""
        return getattr(self._known, name)

    def __next__(self) -> Any:
        """The next record as the client reads it. Only markers of transactions are read in this way."""
        return next(self._known)

    def __iter__(self) -> Iterator[Any]:
        """The records of the batch.

        For a compressed batch it raises what the client raises. The broker or the exchange itself compressed that batch.
        """
        if self._raw[_MAGIC_AT] != _MAGIC or self._known.attributes & _CODEC:
            return iter(self._known)
        try:
            records = list(self._known)
        except (ValueError, IndexError, self._reading.corrupt):
            return iter(records_of(self._known, self._raw, self._reading.errors))
        return iter(records if _in_order(records, self._known) else records_of(self._known, self._raw, self._reading.errors))


def patient(memory_records: Callable[[bytes], Any], reading: Reading) -> Callable[[bytes], Any]:
    """A client's ``MemoryRecords`` that fails at no record."""

    class Batches:
        def __init__(self, raw: bytes) -> None:
            self._known, self._raw, self._at = memory_records(raw), memoryview(raw), 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self._known, name)

        def next_batch(self) -> Batch | None:
            known = self._known.next_batch()
            if known is None:
                return None
            length_at = self._at + _LENGTH_AT
            start, self._at = self._at, self._at + _FRAME + int.from_bytes(self._raw[length_at : length_at + 4])
            return Batch(known, self._raw[start : self._at], reading)

    return Batches


def records_of(batch: Any, raw: memoryview, errors: str = "surrogateescape") -> list[RawRecord]:
    """Every record of a batch that is not compressed, readable or not, each under the offset that the broker gave it."""
    count = int.from_bytes(raw[_RECORDS_AT - 4 : _RECORDS_AT], signed=True)
    is_whole = batch.last_offset_delta + 1 == count  # none was compacted away: their places are their offsets
    found: list[RawRecord] = []
    at = _RECORDS_AT
    for number in range(count):
        record, at = _record(batch, raw, at, errors)
        found.append(record._replace(offset=batch.base_offset + number) if is_whole else record)
    return found


def _record(batch: Any, raw: memoryview, at: int, errors: str) -> tuple[RawRecord, int]:
    """The record at a place, and the place after it."""
    append_time = batch.timestamp_type == 1
    end = len(raw)
    try:
        start, end = _frame(raw, at)
        since, at = _varint(raw, start + 1)  # after one byte of attributes, whatever its bits
        delta, at = _varint(raw, at)
        key, at = _bytes(raw, at, end)
        value, at = _bytes(raw, at, end)
        headers, at = _headers(raw, at, end, errors)
    except (ValueError, IndexError):
        broken = ((UNREADABLE.encode("utf-8", "surrogateescape").decode("utf-8", errors), b""),)
        return RawRecord(batch.base_offset, batch.max_timestamp, batch.timestamp_type, None, None, broken), min(max(end, at), len(raw))
    timestamp = batch.max_timestamp if append_time else batch.first_timestamp + since
    return RawRecord(batch.base_offset + delta, timestamp, batch.timestamp_type, key, value, headers, end - start), end


def _frame(raw: memoryview, at: int) -> tuple[int, int]:
    """Where a record begins after its length, and where it ends."""
    length, start = _varint(raw, at)
    if not start <= start + length <= len(raw):
        raise ValueError("a record goes beyond its batch")
    return start, start + length


def _headers(raw: memoryview, at: int, end: int, errors: str) -> tuple[tuple[tuple[str, bytes | None], ...], int]:
    count, at = _varint(raw, at)
    found = []
    for _ in range(count):
        name, at = _bytes(raw, at, end)
        value, at = _bytes(raw, at, end)
        found.append(((name or b"").decode("utf-8", errors), value))
    return tuple(found), at


def _bytes(raw: memoryview, at: int, end: int) -> tuple[bytes | None, int]:
    length, at = _varint(raw, at)
    if length < 0:
        return None, at
    if at + length > end:
        raise ValueError("a field goes beyond its record")
    return bytes(raw[at : at + length]), at + length


def _varint(raw: memoryview, at: int) -> tuple[int, int]:
    """A number of the record format, zigzag, and the place after it."""
    found = shift = 0
    while True:
        byte = raw[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number has its highest bit unset
            return (found >> 1) ^ -(found & 1), at
        shift += 7
        if shift > _MOST_BITS:
            raise ValueError("a number has no end")


def _in_order(records: Sequence[Any], batch: Any) -> bool:
    """Whether the records have the offsets that the broker gave them.

    A batch with fewer records than offsets was compacted. Only the exchange's own topics are compacted, so its offsets are right.
    """
    count = batch.last_offset_delta + 1
    return len(records) != count or [one.offset for one in records] == list(range(batch.base_offset, batch.base_offset + count))
