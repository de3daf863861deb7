"""The contract of a sink: batches of records in, a store that holds its own position out."""

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
    """Consecutive records of one source, in offset order. Offsets may have gaps: transaction markers take some."""

    source: Source
    after: int
    """Offset of the last record before these, or NOTHING: the batch belongs behind it and nowhere else."""
    offsets: list[int]
    timestamps_ms: list[int]
    values: list[bytes]

    @property
    def last(self) -> int:
        """Offset of the last record."""
        return self.offsets[-1]

    def split(self, at: int) -> tuple[Batch, Batch]:
        """The first ``at`` records, and the others behind them."""
        first = Batch(self.source, self.after, self.offsets[:at], self.timestamps_ms[:at], self.values[:at])
        return first, Batch(self.source, self.offsets[at - 1], self.offsets[at:], self.timestamps_ms[at:], self.values[at:])


class Sink(Protocol):
    """Where the runner writes. Exactly-once is the store's: position and rows are one."""

    def positions(self, sources: Iterable[Source]) -> Mapping[Source, int]:
        """Offset of the last record stored of each source, or NOTHING, once nothing of ours is being written.

        Raises Retriable when the store cannot say yet.
        """

    def write(self, batches: Sequence[Batch]) -> None:
        """Return when all batches, each of another source, are stored in whole.

        Raises Retriable when that is not known: the caller asks for the positions and goes on behind them.
        """
