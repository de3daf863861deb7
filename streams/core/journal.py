"""Parses the records of a journal partition into plain JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mekong.schemas import wire
from mekong.schemas.errors import Refused

FORMAT = 1
OF_NO_COUNT = frozenset({"source", "time"})
"""Kinds of entries that have neither a seizure nor the time of an agency."""


class Entry(NamedTuple):
    """One entry and its offset in its partition."""

    offset: int
    value: dict[str, Any]
    """JSON of ``mekong.schemas.journal.JournalEntry``."""


def read(records: Iterable[Any]) -> Iterator[Entry]:
    """Parse records in order, each when it is asked for. Raises Refused at an entry of a newer format."""
    for record in records:
        value = wire.load(record.value)
        if value["format"] > FORMAT:
            where = f"journal offset {record.offset} has format {value['format']}"
            raise Refused(f"{where}, this code knows up to {FORMAT}: deploy the newer code")
        yield Entry(record.offset, value)
