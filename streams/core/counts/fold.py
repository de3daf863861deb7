"""Entries of one journal partition in; counts, closed buckets and the agencies' books out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from streams.core.counts.book import Book
from streams.core.counts.tick import Told, tick
from streams.core.draft import Draft
from streams.core.journal import Entry


class Counting:
    """The books of the agencies whose entries come. ``take`` entries in order, then ``flush``."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._books: dict[str, Book] = {}

    def take(self, entry: Entry) -> Told | None:
        """Count one entry; what it tells when it is a tick."""
        agency = entry.value["agency"]
        book = self._books.get(agency)
        if book is None:
            book = self._books[agency] = Book(self._draft, agency)
        return count(book, entry.value, entry.offset)

    def flush(self) -> None:
        """Put what changed into the draft."""
        for book in self._books.values():
            book.flush()


def fold(draft: Draft, entries: Iterable[Entry]) -> Iterator[tuple[str, Told]]:
    """Take journal entries in order; yields what each tick gave."""
    counting = Counting(draft)
    for entry in entries:
        told = counting.take(entry)
        if told is not None:
            yield entry.value["agency"], told
    counting.flush()


def count(book: Book, entry: dict[str, Any], offset: int) -> Told | None:
    """One entry: a version is counted and the one it supersedes taken out; a tick tells what changed."""
    kind = entry["kind"]
    if kind == "version":
        if entry["supersedes"]:
            book.add(entry["supersedes"], -1)
        if entry["contribution"]:
            book.add(entry["contribution"], 1)
    elif kind == "tick":
        return tick(book, entry["at"], offset)
    else:
        book.clock()["offset"] = minutes_of(entry["profile"]["utc_offset"])
    return None


def minutes_of(utc_offset: str) -> int:
    """``+07:00`` in minutes."""
    hours, minutes = utc_offset[1:].split(":")
    return (int(hours) * 60 + int(minutes)) * (-1 if utc_offset[0] == "-" else 1)
