"""The stand-in for a record of Kafka that all tests use."""

from __future__ import annotations

from typing import Any, NamedTuple

from mekong.schemas import wire


class Record(NamedTuple):
    """A record as a Kafka client gives it: value and key are bytes."""

    offset: int = 0
    value: bytes | None = b"x"
    key: bytes | None = None
    timestamp: int = 1_780_000_000_000
    headers: Any = ()
    topic: str = ""
    partition: int = 0


def written(value: Any, offset: int = 0, key: bytes | None = None) -> Record:
    """One with a value as JSON; None is a deletion."""
    return Record(offset, None if value is None else wire.dump(value), key)
