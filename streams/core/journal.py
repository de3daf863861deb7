"""Records of one journal partition in, their entries as plain JSON values out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from schemas import wire
from schemas.errors import Refused

FORMAT = 1


class Entry(NamedTuple):
    """One entry, and where it stands in its partition."""

    offset: int
    value: dict[str, Any]
    """JSON of ``schemas.journal.JournalEntry``."""


def read(records: Iterable[Any]) -> list[Entry]:
    """Parse records in order. Raises Refused at an entry of a newer format."""
    entries = [Entry(record.offset, wire.load(record.value)) for record in records]
    for offset, value in entries:
        if value["format"] > FORMAT:
            raise Refused(f"journal offset {offset} has format {value['format']}, this code knows up to {FORMAT}: deploy the newer code")
    return entries
