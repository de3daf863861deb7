"""Folds the entries of one journal partition into the agencies' books, and yields the counts and closed buckets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mekong.schemas.zones import name_of
from mekong.streams.core.counts.book import Book
from mekong.streams.core.counts.tick import TickOutputs, tick
from mekong.streams.core.draft import Draft
from mekong.streams.core.journal import OF_NO_COUNT, Entry


class Counting:
    """The books of the agencies whose entries arrive. Call ``take`` for each entry in order, then ``flush``."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._books: dict[str, Book] = {}

    def take(self, entry: Entry) -> TickOutputs | None:
        """Count one entry. For a tick, return the counts and buckets that changed."""
        if entry.value["kind"] in OF_NO_COUNT:
            return None
        agency = entry.value["agency"]
        book = self._books.get(agency)
        if book is None:
            book = self._books[agency] = Book(self._draft, agency)
        return count(book, entry.value, entry.offset)

    def flush(self) -> None:
        """Write the changed books into the draft."""
        for book in self._books.values():
            book.flush()


def fold(draft: Draft, entries: Iterable[Entry]) -> Iterator[tuple[str, TickOutputs]]:
    """Fold journal entries in order; yields the counts and buckets of each tick."""
    counting = Counting(draft)
    for entry in entries:
        told = counting.take(entry)
        if told is not None:
            yield entry.value["agency"], told
    counting.flush()


def count(book: Book, entry: dict[str, Any], offset: int) -> TickOutputs | None:
    """Count one entry. A version is added and the one that it supersedes is subtracted; a tick returns what changed."""
    kind = entry["kind"]
    if kind == "version":
        if entry["supersedes"]:
            book.add(entry["supersedes"], -1)
        if entry["contribution"]:
            book.add(entry["contribution"], 1)
    elif kind == "tick":
        return tick(book, entry["at"], offset)
    else:
        clock = book.clock()
        clock["zone"], clock["next"] = name_of(entry["profile"]), 0
    return None
