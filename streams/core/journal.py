"""Records of one journal partition in, their entries as plain JSON values out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from schemas import wire
from schemas.errors import Refused

FORMAT = 1


class Entry(NamedTuple):
    """One entry, and where it stands in its partition."""

    offset: int
    value: dict[str, Any]
    """JSON of ``schemas.journal.JournalEntry``."""


def read(records: Iterable[Any]) -> Iterator[Entry]:
    """Parse records in order, each when it is asked for. Raises Refused at an entry of a newer format."""
    for record in records:
        value = wire.load(record.value)
        if value["format"] > FORMAT:
            where = f"journal offset {record.offset} has format {value['format']}"
            raise Refused(f"{where}, this code knows up to {FORMAT}: deploy the newer code")
        yield Entry(record.offset, value)
