"""Reads records from the JSON on a topic, and writes them. All JSON on topics is read and written here."""

from __future__ import annotations

from typing import Any, TypeVar

import orjson

from mekong.schemas.record import Record

Ready = orjson.Fragment
"""JSON that is written already, as a value inside another."""

R = TypeVar("R", bound=Record)


def load(raw: bytes) -> Any:
    """Parse the JSON of a record that the exchange itself wrote. Raises ValueError on anything else."""
    return orjson.loads(raw)


def dump(value: Any) -> bytes:
    """JSON bytes of plain values, in the order given."""
    return orjson.dumps(value)


def compact(raw: bytes) -> bytes:
    """The same bytes in memory of their own size: the encoder's are cut from a larger piece, and kept values would keep it."""
    return bytes(memoryview(raw))


def canonical(value: Any) -> bytes:
    """JSON bytes that are the same for the same content: keys sorted, no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def encode(record: Record) -> bytes:
    """JSON bytes of a record; fields without a value are left out."""
    return record.model_dump_json(exclude_none=True).encode()


def decode(raw: bytes, record: type[R]) -> R:
    """Read a record that the exchange itself wrote. Raises ValueError (pydantic's) when the bytes are not such a record."""
    return record.model_validate_json(raw)
