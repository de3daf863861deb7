"""Finds the edition before a sheet in its series, and which of its cases the exchange has, from the receipts. Raises Problem.

The previous edition is the newest older one whose receipts have all arrived, as on the command line (docs/decisions/0017). A case that it
has with a fault only is known by the editions before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mekong.producers.gateway.sheets import past
from mekong.producers.gateway.sheets.numbers import Marks, months_of, number_of, pairs_of, spoilt_of
from mekong.producers.gateway.state import State
from mekong.schemas.receipts import Outcome
from mekong.schemas.sendings import Sending
from mekong.schemas.wire import load

_MOST_EDITIONS = 20
"""Earlier editions of a series that are looked at."""
_MOST_READ = 50_000
"""Receipts that are read for that."""
_MOST_PROPOSED = 100
"""Sheets of an agency that are compared with a new one."""
_SHARED = 2
"""A sheet of whose cases at least one of so many is in a new sheet is probably its earlier edition."""


class Member(NamedTuple):
    """A case of an earlier edition that the exchange has."""

    number: bytes
    """The hash of its number."""
    case_no: str
    month: int | None
    """As in ``Mark``; None when the record does not have it."""
    is_numbered: bool = False
    """Whether its sender orders it by something else than editions, such as a revision."""


class Before(NamedTuple):
    """What was sent before a sheet in its series."""

    sending: Sending | None = None
    """The previous edition."""
    cases: tuple[Member, ...] = ()
    """Those of it that the exchange has."""
    is_unfinished: bool = False
    """Whether an edition after it was not sent to its end, or has not all of its receipts."""
    elsewhere: frozenset[bytes] = frozenset()
    """Cases that the newest sheet of another series has."""
    otherwise: frozenset[bytes] = frozenset()
    """Cases whose newest receipt is not of a sheet of the series: they were sent in another way since."""
    is_read: bool = True
    """Whether all receipts since were read."""
    unknown: int = 0
    """The newest sheets of other series whose cases are not in their records."""


class _Answered(NamedTuple):
    """The cases of one edition by their receipts."""

    taken: Mapping[bytes, Member]
    refused: frozenset[bytes]
    """They are in the sheet."""


def proposed(earlier: Sequence[Sending], digest: str, marks: Marks) -> Sending | None:
    """The sheet whose later edition this one probably is: the newest that has at least half of its cases in common.

    It compares the sheet with many earlier ones: call it from a thread.
    """
    at = min((one.edition for one in earlier if one.digest == digest), default=None)
    older = [one for one in earlier if one.digest != digest and (at is None or one.edition < at)]
    for one in sorted(older, key=lambda one: (one.edition, one.at), reverse=True)[:_MOST_PROPOSED]:
        numbers = {number for number, _ in pairs_of(one)}
        if numbers and len(numbers & marks.numbers) * _SHARED >= len(numbers):
            return one
    return None


def is_older(earlier: Sequence[Sending], series: str, at: datetime) -> bool:
    """Whether the sending of a newer edition of the series was begun: some of its cases may be stored."""
    return any(one.of_series == series and one.edition > at for one in earlier)


async def before(state: State, earlier: Sequence[Sending], series: str, at: datetime) -> Before:
    """What was sent in a series before the edition at ``at``."""
    editions = sorted((one for one in earlier if one.of_series == series and one.edition < at), key=_order, reverse=True)
    left, is_unfinished = _MOST_READ, False
    for place, one in enumerate(editions[:_MOST_EDITIONS]):
        raws, read = await past.raw_receipts_for(state, one, left)
        left -= read
        if one.state == "sent" and len(raws) >= one.messages:
            cases = await _cases(state, _answered(one, raws), editions[place + 1 : _MOST_EDITIONS], left)
            own = [other.id for other in earlier if other.of_series == series]
            newer, is_read = await past.otherwise(state, one, own)
            cases = tuple(case._replace(is_numbered=case.is_numbered or newer.get(case.number, False)) for case in cases)
            elsewhere, unknown = _elsewhere(earlier, series)
            return Before(one, cases, is_unfinished, elsewhere, frozenset(newer), is_read, unknown)
        is_unfinished = True
    return Before(is_unfinished=is_unfinished)


async def _cases(state: State, last: _Answered, older: Sequence[Sending], left: int) -> tuple[Member, ...]:
    """The cases of the previous edition that the exchange has, by its receipts and, where it has a fault, by those of older editions."""
    found, wanted = dict(last.taken), last.refused
    for one in older:
        if not wanted or left <= 0:
            break
        raws, read = await past.raw_receipts_for(state, one, left)
        left -= read
        earlier = _answered(one, raws)
        found |= {number: earlier.taken[number] for number in wanted & earlier.taken.keys()}
        wanted = (wanted - earlier.taken.keys()) & earlier.refused
    return tuple(sorted(found.values(), key=lambda one: one.case_no))


def _answered(sending: Sending, raws: Mapping[int, bytes]) -> _Answered:
    months, own = months_of(sending), {number for number, _ in pairs_of(sending)}
    taken, refused = dict[bytes, Member](), set[bytes]()
    for row, raw in raws.items():
        receipt = load(raw)
        case_no = str(receipt.get("case_no") or "")
        number = number_of(case_no)
        if row >= past.WITHDRAWALS or not number or (own and number not in own):
            continue
        if receipt.get("outcome") == Outcome.REJECTED:
            refused.add(number)
        else:
            taken[number] = Member(number, case_no, months.get(number), past.is_numbered(receipt))
    return _Answered(taken, frozenset(refused - taken.keys()) | (spoilt_of(sending) - taken.keys()))


def _elsewhere(earlier: Sequence[Sending], series: str) -> tuple[frozenset[bytes], int]:
    """The cases of the newest sheet of each other series, and how many of these sheets do not tell their cases."""
    newest = list({one.of_series: one for one in sorted(earlier, key=_order) if one.of_series != series}.values())
    numbers = {number for one in newest for number, _ in pairs_of(one)}.union(*map(spoilt_of, newest))
    return frozenset(numbers), sum(bool(one.cases and not one.contents) for one in newest)


def _order(one: Sending) -> tuple[datetime, datetime]:
    return one.edition, one.at
