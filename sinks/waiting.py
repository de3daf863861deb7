"""Keeps the records that wait to be written, by source, and makes batches of bounded size from them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from mekong.sinks.base import Batch, Source


class Polled(Protocol):
    """One record as the Kafka client hands it out."""

    offset: int
    timestamp: int
    value: bytes | None


class Limits(NamedTuple):
    """How much makes a batch, and how long a record may wait for others."""

    rows: int = 20_000
    size: int = 16_000_000
    """Bytes of values."""
    linger_s: float = 0.4
    linger_most_s: float = 1.0
    """The longest wait. Waits are longer when writing takes longer, so that few records do not keep the store busy."""


class Waiting:
    """The records that were polled and not yet written, and the offset after which each source goes on."""

    def __init__(self) -> None:
        self._after: dict[Source, int] = {}
        self._batches: dict[Source, Batch] = {}
        self.rows = self.size = 0
        self.since: float | None = None
        """When the oldest of them was polled (of any monotonic clock)."""

    def __contains__(self, source: Source) -> bool:
        return source in self._after

    @property
    def sources(self) -> set[Source]:
        """The sources whose place is known."""
        return set(self._after)

    def place(self, positions: Mapping[Source, int]) -> None:
        """Continue after these offsets."""
        self._after.update(positions)

    def add(self, source: Source, records: Sequence[Polled], now: float) -> None:
        """Add records of a source whose place is known. Records at or before that place are ignored."""
        after = self._after[source]
        fresh = [record for record in records if record.offset > after]
        if not fresh:
            return
        batch = self._batches.get(source)
        if batch is None:
            batch = self._batches[source] = Batch(source, after, [], [], [])
        values = [record.value or b"" for record in fresh]
        batch.offsets.extend([record.offset for record in fresh])
        batch.timestamps_ms.extend([record.timestamp for record in fresh])
        batch.values.extend(values)
        self._after[source] = batch.last
        self.rows += len(values)
        self.size += sum(map(len, values))
        self.since = now if self.since is None else self.since

    def take(self) -> list[Batch]:
        """All that waits, ordered as the store sorts it."""
        taken = [self._batches[source] for source in sorted(self._batches)]
        self._emptied()
        return taken

    def forget(self, sources: Iterable[Source] | None = None) -> None:
        """Drop what waits of these sources (None: of all), and their places."""
        for source in list(self._after) if sources is None else sources:
            self._after.pop(source, None)
            batch = self._batches.pop(source, None)
            if batch:
                self.rows -= len(batch.values)
                self.size -= sum(map(len, batch.values))
        if not self._batches:
            self._emptied()

    def is_full(self, limits: Limits) -> bool:
        """Whether it is a batch by its size."""
        return self.rows >= limits.rows or self.size >= limits.size

    def _emptied(self) -> None:
        self._batches = {}
        self.rows = self.size = 0
        self.since = None
