"""Decides the time of a sheet's edition, and what must be asked because of earlier sheets. Pure (docs/decisions/0022)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from typing import Any

from mekong.producers.gateway.sheets.numbers import CONTENT, number_of, packed_months, pairs_of
from mekong.producers.gateway.sheets.reading import SheetEntry
from mekong.producers.questions import Examples
from mekong.schemas.sendings import MOST_COMPARED, Sending
from mekong.schemas.times import to_text

Asked = tuple[str, tuple[str, ...]]
"""A sentence, and its first examples."""
_NEWER = (
    "This sheet was first sent at {at}, and {count:,} newer sheets of your agency were sent since."
    " Where a newer sheet changed a case, the case stays as it is"
)
_FIRST = (
    "The exchange already has cases of your agency, and this is the first sheet over this address. If the sheet is older than what was"
    " sent before, it may undo corrections"
)
_BACK = "Cases return to what an older sheet said, and a newer sheet said something else"
_GONE = b""
"""The content of a case that was withdrawn."""
_AHEAD = timedelta(minutes=5)
"""How far ahead an earlier edition may be to count."""
_TICK = timedelta(milliseconds=1)


def edition_of(earlier: Sequence[Sending], digest: str, now: datetime) -> datetime:
    """When the bytes of a sheet were first sent. For a new sheet it is now, and never before an earlier edition."""
    known = [one.edition for one in earlier if one.digest == digest]
    if known:
        return min(known)
    return max([now, *(one.edition + _TICK for one in earlier)])


def time_of(earlier: Sequence[Sending], digest: str, now: datetime) -> datetime:
    """As ``edition_of``, without editions that are far ahead, of a clock that was wrong: they would lock out new sheets until then."""
    return edition_of([one for one in earlier if one.digest == digest or one.edition <= now + _AHEAD], digest, now)


def asked(earlier: Sequence[Sending], digest: str, entries: Sequence[SheetEntry], *, has_cases: bool) -> list[Asked]:
    """The questions about a sheet. ``has_cases``: whether the exchange has accepted messages of the agency.

    It compares the sheet with all earlier ones: call it from a thread.
    """
    return list(_questions(earlier, digest, entries, has_cases=has_cases))


def _questions(earlier: Sequence[Sending], digest: str, entries: Sequence[SheetEntry], *, has_cases: bool) -> Iterator[Asked]:
    known = [one for one in earlier if one.digest == digest]
    if known:
        first = min(one.edition for one in known)
        if newer := {one.digest for one in earlier if one.edition > first and one.state == "sent"}:
            yield _NEWER.format(at=to_text(first), count=len(newer)), ()
    elif not earlier and has_cases:
        yield _FIRST, ()
    else:
        yield from _returning(earlier, entries)


def contents_of(entries: Sequence[SheetEntry]) -> bytes:
    """What a record keeps of the cases that are sent; nothing when they are too many."""
    sent = [one for one in entries if one.value]
    return b"".join(number + content for number, content in map(_hashes, sent)) if len(sent) <= MOST_COMPARED else b""


def months_kept(entries: Sequence[SheetEntry]) -> bytes:
    """The months of the cases of ``contents_of``, in the same order."""
    sent = [one for one in entries if one.value]
    return packed_months(one.mark.month for one in sent) if len(sent) <= MOST_COMPARED else b""


def spoilt_kept(entries: Sequence[SheetEntry]) -> bytes:
    """What a record keeps of the cases that have a fault."""
    return b"".join([one.mark.number for one in entries if not one.value and one.mark.number][:MOST_COMPARED])


def _hashes(entry: SheetEntry) -> tuple[bytes, bytes]:
    return number_of(entry.case_no), blake2b(entry.value, digest_size=CONTENT).digest()


def _returning(earlier: Sequence[Sending], entries: Sequence[SheetEntry]) -> Iterator[Asked]:
    """The question about cases that an older sheet gave the same content, and a newer one another."""
    hashes = [(entry, *_hashes(entry)) for entry in entries if entry.value]
    numbers, given = {number for _, number, _ in hashes}, {(number, content) for _, number, content in hashes}
    newest: dict[bytes, bytes] = {}
    before: set[tuple[bytes, bytes]] = set()
    for sending in sorted(earlier, key=lambda one: (one.edition, one.at)):
        for number, content in pairs_of(sending):
            if number in numbers:  # an agency may have millions of cases
                before |= {(number, newest.get(number, content))} & given
                newest[number] = content
        for number in numbers.intersection(map(number_of, sending.withdrawn)):
            before |= {(number, newest.get(number, _GONE))} & given
            newest[number] = _GONE
    found = Examples()
    for entry, number, content in hashes:
        if (number, content) in before and content != newest[number]:
            found.add(f"row {entry.rows[0]}: case {entry.case_no}")
    for question in found.question(_BACK):
        yield question.said, question.examples


def as_json(questions: Sequence[Asked]) -> list[dict[str, Any]]:
    """Questions in an answer."""
    return [{"question": said, "examples": list(examples)} for said, examples in questions]


def answer_of(questions: Sequence[Asked]) -> str:
    """What a sender gives as ``accept`` to go on: it answers these questions and no others."""
    return sha256(repr(questions).encode()).hexdigest()[:16]
