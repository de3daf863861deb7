"""Finds the cases of the previous edition that a sheet no longer has, and says which to withdraw, or which question to ask first.

Nothing is withdrawn unless the user says that the sheet is complete. A rejected line counts as present, because nobody knows its content.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

from mekong.producers.editions import CaseKey, Editions, Missing
from mekong.producers.passed import Passed
from mekong.producers.questions import Examples
from mekong.schemas.errors import Refused
from mekong.schemas.times import from_ms, to_text

_MOST_MISSING = 20  # one in this many may be missing without a question: 5 %


class Choice(NamedTuple):
    """What the user chose for an edition."""

    series: str = ""
    """What the editions of one sheet are called together."""
    at_ms: int | None = None
    """Its time, given by hand."""
    complete: Literal["", "month", "file"] = ""
    """Whether cases of the previous edition that it no longer has are withdrawn: of the months in it, or all."""
    withdraws: int | None = None
    """How many cases the user has typed that it withdraws."""
    name: str = ""
    """What a person calls the series: the name of the file, or what was typed."""


class Gone(NamedTuple):
    """What the previous edition had and this one has not."""

    spoilt: tuple[CaseKey, ...] = ()
    """Cases that a rejected line of this one is of: they are there."""
    cases: tuple[Missing, ...] = ()
    """The others, of those that the exchange has."""


def gone(ledger: Editions, series: str, at: int, spoilt: Collection[str]) -> Gone:
    """The cases that are missing in the edition at ``at``, whose rows the ledger has. Empty when there is a newer edition.

    ``spoilt`` are the case numbers of its rejected lines.
    """
    previous = ledger.previous(series, at)
    if previous is None or is_older(ledger, series, at):
        return Gone()
    missing = ledger.missing(series, previous)
    there = {one for one in missing if _spoilt(one.case.case_no, spoilt)}
    return Gone(
        tuple(one.case for one in missing if one in there),
        tuple(one for one in missing if one.taken and one not in there),
    )


def is_older(ledger: Editions, series: str, at: int) -> bool:
    """Whether a newer edition of the series was sent."""
    newest = ledger.newest(series)
    return newest is not None and at < newest


def stay(ledger: Editions, series: str, at: int, cases: Sequence[Missing]) -> Iterator[str]:
    """What a user should know when nothing is withdrawn."""
    previous, left = ledger.previous(series, at), [one for one in cases if not one.withdrawn]
    if not left or previous is None:
        return
    said = f"cases of the edition of {shown(previous)} that are not in this one: {len(left):,}, first {_named(left[0])}"
    if fewer := sum(_has_fewer(ledger, one.case) for one in left):
        said += f" ({fewer:,} because a row has fewer events now)"
    yield f"{said}. They stay counted; --complete month or --complete file withdraws them"


def numbered(cases: Sequence[Missing]) -> Iterator[str]:
    """Which missing cases a sheet cannot withdraw."""
    if own := [one for one in cases if one.numbered and not one.withdrawn]:
        said = f"cases of the previous edition that are not in this one, and have a revision: {len(own):,}, first {_named(own[0])}"
        yield f"{said}. A sheet does not withdraw them: they stay counted. Send a withdrawal with a higher revision for each"


def withdrawn(ledger: Editions, choice: Choice, at: int, unreadable: int, cases: Sequence[Missing], passed: Passed) -> tuple[CaseKey, ...]:
    """The cases that are withdrawn. Raises Refused when it is not plain what is missing and the user has not typed how many.

    ``unreadable`` lines name no case. ``passed`` is what of the file was not read as messages.
    """
    if is_older(ledger, choice.series, at):
        raise Refused(f"this file is the edition of {shown(at)}, and there is a newer one: it withdraws nothing")
    months = ledger.months() if choice.complete == "month" else None
    scope = [one for one in cases if not one.numbered and (months is None or one.month in months)]
    why = list(_why_asked(ledger, choice, at, unreadable, months, len(scope)))
    why += [" ".join((said, *examples)) for said, examples in passed.doubts() if scope]
    if choice.withdraws is not None and choice.withdraws != len(scope):
        why = [f"you typed --withdraws {choice.withdraws}, and it would withdraw {len(scope):,}"]
    elif choice.withdraws is not None:
        why = []
    if why:
        raise Refused(_preview(scope, why))
    return tuple(one.case for one in scope)


def shown(at_ms: int) -> str:
    """The time of an edition for a person."""
    return to_text(from_ms(at_ms))


def _preview(scope: Sequence[Missing], why: Sequence[str]) -> str:
    examples = Examples()
    for one in scope:
        examples.add(_named(one))
    lines = [line for question in examples.question("Cases of the previous edition would be withdrawn") for line in question.lines()]
    return "\n".join([*lines, f"Nothing was sent: {'; '.join(why)}. When that is right, add --withdraws {len(scope)}."])


def _why_asked(ledger: Editions, choice: Choice, at: int, unreadable: int, months: set[str] | None, number: int) -> Iterator[str]:
    series = choice.series
    previous = ledger.previous(series, at)
    if unreadable:
        yield f"lines whose case number cannot be read: {unreadable:,}"
    if previous is None:
        named = "if the earlier file had another name, --series OLD-NAME.xlsx names it"
        yield f"no earlier edition of {choice.name or series!r} was sent from here ({named})"
        return
    if ledger.unfinished(series, at):
        yield "an edition in between was not sent to its end"
    there = ledger.cases_of(series, previous, months)
    if number * _MOST_MISSING > there:
        yield f"{number:,} of {there:,} cases missing, more than 5 %"


def _spoilt(case_no: str, spoilt: Collection[str]) -> bool:
    """Whether a rejected line is of this case, or of the row that it is one event of."""
    return case_no in spoilt or any(case_no[:end] in spoilt for end, letter in enumerate(case_no) if letter == "/")


def _has_fewer(ledger: Editions, case: CaseKey) -> bool:
    """Whether the case is one event of a row that is still there."""
    stem, slash, _ = case.case_no.rpartition("/")
    return bool(slash) and ledger.holds(CaseKey(case.agency, f"{stem}/1"))


def _named(missing: Missing) -> str:
    return f"{missing.case.agency} {missing.case.case_no}"
