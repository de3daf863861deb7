"""Says which cases a complete sheet withdraws, and what must be asked before. Pure (docs/decisions/0026).

Nothing is withdrawn unless the sender says that the sheet is complete. A case that the sheet has with a fault is in the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.sheets.earlier import Before, Member, is_older
from mekong.producers.gateway.sheets.editions import Asked
from mekong.producers.gateway.sheets.numbers import Marks
from mekong.schemas.rejected import Reason
from mekong.schemas.sendings import MOST_COMPARED, MOST_WITHDRAWN, Sending
from mekong.schemas.times import to_text

Scope = Literal["month", "file"]
SCOPES: tuple[Scope, ...] = ("month", "file")
_MOST_MISSING = 20
"""One in so many cases may be missing without the number: 5 %, as on the command line."""
_ID = re.compile(r"[0-9a-f]{16}")
_GONE = "Cases of the sheet of {at} that are not in this one. They would be withdrawn ({count:,})"
_STAY = (
    "cases of the sheet of {at} that are not in this one: {count:,}, first {first}. They stay counted; complete=month or complete=file"
    " withdraws them"
)
_OLDER = "This sheet was first sent at {at}, and a newer one of its series was sent since. It withdraws nothing."
_NO_MONTHS = (
    "The exchange does not know the months of the cases of the earlier sheet: it has over {most:,} cases, or it was sent to an older"
    " version. Say complete=file, or withdraw nothing."
)
_MOVED = (
    "This sheet was sent in the series {series}, and stays in it. Leave out the series and complete, or give series={series}."
    " A sheet of another series is another file."
)
_TOO_MANY = "One sheet withdraws at most {most:,} cases here, and this one would withdraw {count:,}. Look whether it is the right sheet."
_UNREADABLE = "Rows have no case number that can be read. Their cases may be among those that would be withdrawn ({count:,})"
_NONE = "No earlier sheet of this series was sent, or none of them has all of its receipts yet. Nothing would be withdrawn"
_BETWEEN = "An earlier sheet of this series was not sent to its end, or has not all of its receipts yet"
_LARGE = "Of the {others:,} cases of the earlier sheet {count:,} are not in this one: more than 5 %"
_NUMBERED = (
    "Cases of the sheet of {at} that are not in this one have a revision. A sheet cannot withdraw them. They stay; send a withdrawal with a"
    " higher revision for each ({count:,})"
)
_ELSEWHERE = "Another sheet of your agency, of another series, has cases that would be withdrawn ({count:,})"
_OTHERWISE = "Cases that would be withdrawn were sent in another way since the earlier sheet ({count:,})"
_NOT_READ = "The exchange has too many receipts of your agency since the earlier sheet to look whether a case was sent in another way"
_UNKNOWN = (
    "Other sheets of your agency have so many cases that the exchange does not know which."
    " Cases that would be withdrawn may be there ({count:,})"
)


class Choice(NamedTuple):
    """What a sender chose for an edition."""

    series: str = ""
    """What the editions of one sheet are called together, or the id of an earlier sending of it."""
    complete: Scope | Literal[""] = ""
    """Whether cases of the previous edition that it no longer has are withdrawn: of the months in it, or all."""
    withdraws: int | None = None
    """How many cases the sender has said that it withdraws."""


class Leaving(NamedTuple):
    """What a sheet withdraws."""

    cases: tuple[str, ...] = ()
    questions: tuple[Asked, ...] = ()
    """The first one, when there is one, names the cases; the others say why the number must be given."""
    number: int | None = None
    """How many cases, when the sender must give it."""


def series_of(choice: Choice, earlier: Sequence[Sending]) -> str:
    """What a record calls the series that was chosen; empty when none was."""
    text = choice.series
    if not text:
        return ""
    named = next((one.of_series for one in earlier if text in (one.id, one.of_series)), None) if _ID.fullmatch(text) else None
    return named or sha256(f"series\0{text}".encode()).hexdigest()[:16]


def keep_series(earlier: Sequence[Sending], id_: str, series: str) -> None:
    """Raise Problem (422) for a sheet that was sent before in another series. One that is alone in its own may join a series later."""
    known = next((one for one in earlier if one.id == id_ and one.first_offset is not None), None)
    if known is None or series in ("", known.of_series):
        return
    if known.series or any(one.of_series == known.of_series for one in earlier if one.id != id_):
        raise Problem(422, _MOVED.format(series=known.of_series), reason=Reason.INVALID_VALUE.value, field="series")


def missing(before: Before, marks: Marks, scope: Scope) -> tuple[Member, ...]:
    """The cases of the previous edition that a sheet no longer has. Raises Problem (422) when their months are not known."""
    gone = tuple(one for one in before.cases if one.number not in marks.numbers)
    if scope == "file":
        return gone
    if any(one.month is None for one in gone):
        raise Problem(422, _NO_MONTHS.format(most=MOST_COMPARED), reason=Reason.INVALID_VALUE.value, field="complete")
    return tuple(one for one in gone if one.month in marks.months)


def leaving(earlier: Sequence[Sending], before: Before, marks: Marks, choice: Choice, at: datetime, series: str) -> Leaving:
    """What the edition at ``at`` withdraws. Raises Problem (422) when it cannot withdraw."""
    assert choice.complete  # noqa: S101 - the sender says that the sheet is complete
    if is_older(earlier, series, at):
        raise Problem(422, _OLDER.format(at=to_text(at)), reason=Reason.INVALID_VALUE.value, field="complete")
    lost = missing(before, marks, choice.complete)
    gone, staying = [one for one in lost if not one.is_numbered], [one.case_no for one in lost if one.is_numbered]
    cases = bounded(tuple(one.case_no for one in gone))
    why_asked = tuple((why, ()) for why in _why(before, marks, gone, choice.complete))
    doubts = marks.doubts if gone else ()
    asked = bool(why_asked or doubts) or choice.withdraws not in (None, len(cases))
    return Leaving(cases, (*named(before, cases), *numbered(before, staying), *doubts, *why_asked), len(cases) if asked else None)


def bounded(cases: tuple[str, ...]) -> tuple[str, ...]:
    """The same cases. Raises Problem (422) when they are more than one sheet withdraws."""
    if len(cases) > MOST_WITHDRAWN:
        why = _TOO_MANY.format(most=MOST_WITHDRAWN, count=len(cases))
        raise Problem(422, why, reason=Reason.TOO_LARGE.value, field="complete")
    return cases


def named(before: Before, cases: Sequence[str]) -> Iterator[Asked]:
    """The question that names the cases, when there are any."""
    if before.sending and cases:
        yield _GONE.format(at=to_text(before.sending.edition), count=len(cases)), tuple(cases)


def numbered(before: Before, cases: Sequence[str]) -> Iterator[Asked]:
    """The question that names the cases that stay, because an edition does not order their versions."""
    if before.sending and cases:
        yield _NUMBERED.format(at=to_text(before.sending.edition), count=len(cases)), tuple(cases)


def stay(before: Before, marks: Marks) -> Iterator[str]:
    """What a sender should know when nothing is withdrawn."""
    gone = missing(before, marks, "file")
    if before.sending and gone:
        yield _STAY.format(at=to_text(before.sending.edition), count=len(gone), first=gone[0].case_no)


def _why(before: Before, marks: Marks, gone: Sequence[Member], scope: Scope) -> Iterator[str]:
    """Why a sender must say how many cases are withdrawn."""
    if marks.unreadable:
        yield _UNREADABLE.format(count=marks.unreadable)
    if before.sending is None:
        yield _NONE
        return
    if before.is_unfinished:
        yield _BETWEEN
    there = len([one for one in before.cases if scope == "file" or one.month in marks.months])
    if len(gone) * _MOST_MISSING > there:
        yield _LARGE.format(others=there, count=len(gone))
    if also := sum(one.number in before.elsewhere for one in gone):
        yield _ELSEWHERE.format(count=also)
    yield from _since(before, gone)
    if gone and before.unknown:
        yield _UNKNOWN.format(count=before.unknown)


def _since(before: Before, gone: Sequence[Member]) -> Iterator[str]:
    if also := sum(one.number in before.otherwise for one in gone):
        yield _OTHERWISE.format(count=also)
    if gone and not before.is_read:
        yield _NOT_READ
