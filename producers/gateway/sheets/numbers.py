"""Knows the cases of a sheet by hashes of their numbers, and packs these for the record of a sending. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

from mekong.producers.passed import Passed
from mekong.schemas.sendings import Sending
from mekong.schemas.text import plain
from mekong.schemas.times import EventTime, Precision

NUMBER, CONTENT = 6, 4
"""Bytes of the hash of a case's number, and of its message."""
PAIR = Struct(f"{NUMBER}s{CONTENT}s")
_MONTH = Struct(">H")
_LONGEST = 100
_YEAR = 12


class Mark(NamedTuple):
    """What a case of a sheet is known by."""

    number: bytes
    """The hash of its number; empty when the number cannot be read."""
    month: int
    """Year * 12 + month of its seizure; 0 when only the year is known, or when the case has a fault."""


class Marks(NamedTuple):
    """The cases of one sheet, those with faults too."""

    numbers: frozenset[bytes] = frozenset()
    months: frozenset[int] = frozenset()
    unreadable: int = 0
    """Cases whose number cannot be read."""
    doubts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Why cases may be in the sheet that were not read: a sentence, and its first examples."""


def number_of(case_no: str) -> bytes:
    """The hash of a case's number, as it is written in a sheet or in a receipt; empty for none."""
    seen = plain(case_no)[:_LONGEST]
    return blake2b(seen.encode("utf-8", "surrogatepass"), digest_size=NUMBER).digest() if seen else b""


def mark_of(case_no: str, time: EventTime | None) -> Mark:
    """What a case is known by."""
    is_known = time is not None and time.precision is not Precision.YEAR
    return Mark(number_of(case_no), time.day.year * _YEAR + time.day.month if time and is_known else 0)


def marks_of(found: Iterable[Mark], passed: Passed) -> Marks:
    """What the cases of a sheet are known by, those too whose rows were passed over."""
    every = list(found)
    there = {number_of(case_no) for case_no in passed.numbers}
    numbers, months = there.union(one.number for one in every) - {b""}, {one.month for one in every} - {0}
    return Marks(frozenset(numbers), frozenset(months), sum(not one.number for one in every), tuple(passed.doubts()))


def written_months(marks: Marks) -> tuple[str, ...]:
    """The months of a sheet, as ``2026-05``."""
    return tuple(f"{(one - 1) // _YEAR}-{(one - 1) % _YEAR + 1:02}" for one in sorted(marks.months))


def pairs_of(sending: Sending) -> Iterator[tuple[bytes, bytes]]:
    """The hashes of the number and of the message of each case that was sent, as far as the record has them."""
    yield from PAIR.iter_unpack(sending.contents[: len(sending.contents) // PAIR.size * PAIR.size])


def months_of(sending: Sending) -> Mapping[bytes, int]:
    """The hash of a case's number -> its month."""
    months = (month for (month,) in _MONTH.iter_unpack(sending.months[: len(sending.months) // _MONTH.size * _MONTH.size]))
    return {number: month for (number, _), month in zip(pairs_of(sending), months, strict=False)}


def packed_months(months: Iterable[int]) -> bytes:
    """Months for a record."""
    return b"".join(map(_MONTH.pack, months))


def spoilt_of(sending: Sending) -> frozenset[bytes]:
    """The hashes of the numbers of the cases that a sheet has with a fault."""
    packed = sending.spoilt
    return frozenset(packed[at : at + NUMBER] for at in range(0, len(packed) // NUMBER * NUMBER, NUMBER))
