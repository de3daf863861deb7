"""Defines the contract of a sink: it writes batches of records to a store, and the store itself holds the position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

NOTHING = -1
"""The position of a source of which nothing is stored."""


class Source(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Batch(NamedTuple):
    """Consecutive records of one source, in offset order. Offsets may have gaps, because transaction markers have offsets too."""

    source: Source
    after: int
    """Offset of the last record before these, or NOTHING. The batch may be stored only directly after it."""
    offsets: list[int]
    timestamps_ms: list[int]
    values: list[bytes]

    @property
    def last(self) -> int:
        """Offset of the last record."""
        return self.offsets[-1]

    def split(self, at: int) -> tuple[Batch, Batch]:
        """The first ``at`` records, and the records after them."""
        first = Batch(self.source, self.after, self.offsets[:at], self.timestamps_ms[:at], self.values[:at])
        return first, Batch(self.source, self.offsets[at - 1], self.offsets[at:], self.timestamps_ms[at:], self.values[at:])


class Sink(Protocol):
    """Where the runner writes. The store gives exactly-once: it stores the position together with the rows."""

    def positions(self, sources: Iterable[Source]) -> Mapping[Source, int]:
        """The offset of the last stored record of each source, or NOTHING.

        The answer is given when no write of this sink is running any more. Raises Retriable when the store cannot answer yet.
        """

    def write(self, batches: Sequence[Batch]) -> None:
        """Store all batches completely, then return. Each batch belongs to a different source.

        Raises Retriable when it is not known whether they are stored: the caller asks for the positions and continues after them.
        """
