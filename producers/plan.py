"""Makes the ``Plan`` of a file from its messages and the ledger of editions: what will be sent, and what must be asked before.

A file of messages is only checked for damage. A complete sheet is an edition too: docs/decisions/0017.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

import orjson

from mekong.producers.digests import Digests
from mekong.producers.doubts import Doubts
from mekong.producers.editions import CaseKey, EditionResult, Editions, Row
from mekong.producers.ledger import Summary
from mekong.producers.missing import Choice, gone, is_older, numbered, shown, stay, withdrawn
from mekong.producers.parsed import Parsed
from mekong.producers.passed import Passed
from mekong.producers.questions import MOST_EXAMPLES, Examples, Question
from mekong.schemas.errors import Refused
from mekong.schemas.limits import CONTROL_SKEW_S
from mekong.schemas.rejected import Rejected
from mekong.schemas.times import Precision


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be sent, and what must be asked before."""

    agencies: Collection[str] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    withdrawals: tuple[CaseKey, ...] = ()
    """Cases that are withdrawn after the last message of the file."""
    at_ms: int | None = None
    """The time of the edition."""


@dataclass(frozen=True, kw_only=True)
class EditionPlan(Plan):
    """The plan of a complete sheet."""

    series: str
    digests: Digests
    at_ms: int
    present: tuple[CaseKey, ...]
    """Cases of the previous edition that a rejected line is of."""


class _Looked(NamedTuple):
    """What is known of a file once it was read through."""

    agencies: frozenset[str]
    unreadable: int
    """Rejected lines whose case is unknown."""
    spoilt: frozenset[str]
    """The cases of the other rejected lines, and of rows that were passed over."""
    questions: tuple[Question, ...]
    passed: Passed = Passed()


def messages_plan(items: Iterable[Parsed | Rejected], agency: str | None) -> Plan:
    """The plan of a file of messages."""
    looked = _look(items, agency, None)
    return Plan(agencies=looked.agencies, questions=looked.questions)


def edition_plan(
    items: Iterable[Parsed | Rejected],
    agency: str | None,
    ledger: Editions,
    choice: Choice,
    digests: Digests,
    now_ms: int,
    answered: Callable[[Collection[str]], Collection[str]],
    passed: Callable[[], Passed] = Passed,
) -> EditionPlan:
    """The plan of a complete sheet that has ``digests``. Raises Refused when what the user chose is not possible.

    ``answered`` finds which of some agencies the exchange has ever answered. It is called when the ledger has no edition at all.
    ``passed`` says, after ``items`` were read, what of the file was not read as messages: a case in it is not missing.
    """
    looked = _look(items, agency, ledger, passed)
    at = _time_of(ledger, choice, digests, now_ms)
    lost = gone(ledger, choice.series, at, looked.spoilt)
    asked = (*looked.questions, *_returning(ledger, at), *_first(ledger, choice, looked.agencies, answered))
    plan = EditionPlan(agencies=looked.agencies, questions=asked, series=choice.series, digests=digests, at_ms=at, present=lost.spoilt)
    if choice.complete:
        cases = withdrawn(ledger, choice, at, looked.unreadable, lost.cases, looked.passed)
        notes = (*_read_otherwise(ledger, digests, at), *_withdrawn(cases), *numbered(lost.cases))
        return replace(plan, withdrawals=cases, notes=notes)
    before = (*_read_otherwise(ledger, digests, at), *_sent_before(ledger, choice.series, at))
    return replace(plan, notes=(*before, *stay(ledger, choice.series, at, lost.cases)))


def withdrawal(case: CaseKey) -> Parsed:
    """The message that withdraws a case."""
    message = {"message_type": "withdrawal", "schema_version": 1, "agency": case.agency, "case_no": case.case_no, "reason": "other"}
    return Parsed(case.agency, case.case_no, orjson.dumps(message), None, "withdrawal")


def became(plan: EditionPlan, summary: Summary) -> EditionResult:
    """What became of the edition's cases."""
    stale = {CaseKey(remark.agency, remark.case_no) for remark in summary.stale}
    refused = {CaseKey(refusal.agency, refusal.case_no) for refusal in summary.refusals}
    done = [case for case in plan.withdrawals if case not in refused | stale]
    return EditionResult(refused=refused, stale=stale, present=plan.present, withdrawn=done)


def _look(
    items: Iterable[Parsed | Rejected], agency: str | None, ledger: Editions | None, passed: Callable[[], Passed] = Passed
) -> _Looked:
    doubts, agencies, spoilt, unreadable = Doubts(), set(), set(), 0

    def rows() -> Iterator[Row]:
        nonlocal unreadable
        for item in items:
            if isinstance(item, Rejected):
                unreadable += not item.case_no
                spoilt.add(item.case_no)
                continue
            doubts.look(item)
            sender = agency or item.agency or ""
            agencies.add(sender)
            if ledger:
                yield _row(sender, item)

    if ledger:
        ledger.hold(rows())
    else:
        deque(rows(), maxlen=0)
    over = passed()
    there = frozenset(spoilt - {""}) | over.numbers
    return _Looked(frozenset(agencies - {""}), unreadable, there, tuple(doubts.questions()), over)


def _row(sender: str, item: Parsed) -> Row:
    digest = blake2b(item.value, digest_size=16).digest()
    return Row(sender, item.case_no, digest, _month(item), item.where, _is_numbered(item.value))


def _time_of(ledger: Editions, choice: Choice, digests: Digests, now_ms: int) -> int:
    """The edition's time: the one that its bytes already have, or the given one, or the present time."""
    known, given = ledger.time_of(digests), choice.at_ms
    if given is not None and given > now_ms + CONTROL_SKEW_S * 1000:
        raise Refused(f"--edition {shown(given)} is in the future")
    if known is not None:
        if given not in (None, known):
            raise Refused(f"this file was first sent as the edition of {shown(known)}: the time of an edition does not change")
        return known
    if given is not None:
        return given
    newest = ledger.newest()
    return now_ms if newest is None else max(now_ms, newest + 1)  # a clock that was set back makes no older edition


def _returning(ledger: Editions, at: int) -> Iterator[Question]:
    examples = Examples()
    for case, where, since in ledger.returning(at):
        examples.add(f"{where}: {case.agency} {case.case_no}, as in the edition of {shown(since)}")
    yield from examples.question("Cases would return to what an older edition said")


def _withdrawn(cases: Sequence[CaseKey]) -> Iterator[str]:
    if cases:
        first = ", ".join(f"{case.agency} {case.case_no}" for case in cases[:MOST_EXAMPLES])
        more = ", ..." if len(cases) > MOST_EXAMPLES else ""
        yield f"sent last: {len(cases):,} withdrawals, of cases that this edition no longer has: {first}{more}"


def _sent_before(ledger: Editions, series: str, at: int) -> Iterator[str]:
    if is_older(ledger, series, at):
        yield f"this is the edition of {shown(at)}, and newer ones were sent since: it undoes none of them; a changed file is a new one"


def _read_otherwise(ledger: Editions, digests: Digests, at: int) -> Iterator[str]:
    if ledger.was_read_otherwise(digests):
        why = "these bytes were sent before, and read in another way (layout or encoding)"
        yield f"{why}: this is still the edition of {shown(at)}, and undoes nothing newer; a changed file is a new one"
        yield "cases that the file had only as it was read before stay counted"


def _first(
    ledger: Editions, choice: Choice, agencies: Collection[str], answered: Callable[[Collection[str]], Collection[str]]
) -> Iterator[Question]:
    """Ask before the first sheet that is sent from here.

    Another machine, or an earlier version of this program, may have sent newer editions. This ledger does not have them.
    """
    if ledger.newest() is None and choice.at_ms is None:
        examples = Examples()
        for agency in sorted(answered(agencies)):
            examples.add(agency)
        what = "The first sheet that is sent from here, of agencies that have sent before; give an older sheet its time with --edition"
        yield from examples.question(what)


def _is_numbered(message: bytes) -> bool:
    """Whether a message has a revision or the time of a report. In a text of JSON the quotes would be escaped."""
    return b'"revision":' in message or b'"reported_at":' in message


def _month(item: Parsed) -> str:
    return f"{item.time.day:%Y-%m}" if item.time and item.time.precision is not Precision.YEAR else ""
