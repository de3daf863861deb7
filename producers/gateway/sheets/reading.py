"""Checks a sheet, and reads its messages for a sending: each case by its layout and by the judge of the gateway. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mekong.producers.doubts import Doubts
from mekong.producers.formats.sheet import item
from mekong.producers.gateway.sheets.numbers import Mark, Marks, mark_of, marks_of
from mekong.producers.gateway.sheets.upload import MOST_CASES, Upload, table_of
from mekong.producers.parsed import Parsed
from mekong.producers.passed import Passed
from mekong.producers.sheets import judged as of_sheets
from mekong.producers.sheets.cases import Cases
from mekong.producers.sheets.checking import check_sheet
from mekong.producers.sheets.judged import Said, plain
from mekong.producers.sheets.marked import Marked, marked
from mekong.producers.sheets.marking import Finding
from mekong.producers.sheets.refused import Unreadable
from mekong.producers.sheets.summary import summary
from mekong.schemas.control import AgencyProfile
from mekong.schemas.languages import LANGUAGES, Language
from mekong.schemas.limits import MAX_MESSAGE_BYTES
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.sheet_words import SUMMARY

Judge = Callable[[bytes, AgencyProfile, int, bytes | None], Rejected | Sequence[tuple[str, str, str]]]
"""As in ``gateway.state``."""


class CheckedSheet(NamedTuple):
    """What would become of a sheet."""

    layout: str
    language: str
    counts: Mapping[str, int]
    """``good``, ``notice``, ``question`` and ``rejected`` cases."""
    findings: tuple[Finding, ...]
    """Level, row, cell, heading, code and sentence. Row 0: of the file. No sentence has the words of a text of the sheet."""
    notes: tuple[str, ...]
    summary: tuple[str, ...]
    """Lines that a person reads in ten seconds, in English."""
    marked: Marked | None
    """The marked sheet (.xlsx), when it was asked for: ``data`` and ``is_own``."""
    marks: Marks = Marks()
    """What its cases are known by."""


class SheetEntry(NamedTuple):
    """One case of a sheet that is being sent."""

    rows: tuple[int, ...]
    case_no: str
    """Empty when it cannot be read, or when it may have the words of a text."""
    value: bytes
    """The message; empty when it is refused."""
    reason: str = ""
    field: str = ""
    detail: str = ""
    notices: tuple[tuple[str, str, str], ...] = ()
    mark: Mark = Mark(b"", 0)
    by_edition: bool = True
    """Whether the edition of the sheet orders it."""


class ReadSheet(NamedTuple):
    """The messages of a sheet, and why the other cases are not sent."""

    layout: str
    entries: tuple[SheetEntry, ...]
    questions: tuple[tuple[str, tuple[str, ...]], ...]
    """What must be answered before anything is sent: a sentence, and its first examples."""
    notes: tuple[str, ...]
    passed: Passed = Passed()
    """What was not read as cases."""


def checked(upload: Upload, profile: AgencyProfile, judge: Judge, now_ms: int, mark: bool, wanted: Language | None) -> CheckedSheet:
    """What would become of the sheet; ``mark``: also the sheet with marks, in the wanted language. Raises Unreadable."""
    table = table_of(upload)
    found = check_sheet(table, profile.agency, _saying(judge, profile, now_ms))
    _bounded(found.counts.total())
    about = (table.layout.name, found.counts, found.findings, found.notes)
    language = table.language(wanted)
    lines = {one: summary(SUMMARY["sheet"][one], *about, one) for one in {language, LANGUAGES[0]}}
    sheet = marked(upload.data, table.sheet, found.marking(table, lines[language], language)) if mark else None
    marks = marks_of((mark_of(one.case_no, one.time) for one in found.seen), found.passed)
    return CheckedSheet(
        table.layout.name, language, dict(found.counts), found.findings, found.notes, tuple(lines[LANGUAGES[0]]), sheet, marks
    )


def read(upload: Upload, profile: AgencyProfile, judge: Judge, now_ms: int, edition: bytes | None) -> ReadSheet:
    """The messages of the sheet. A case with a fault in one of its rows is refused as one, so none is sent with a part of its rows.

    Raises Unreadable.
    """
    table = table_of(upload)
    cases, doubts = Cases(table, profile.agency), Doubts()
    entries: list[SheetEntry] = []
    for case in cases:
        _bounded(len(entries))
        parsed = item(case)
        if isinstance(parsed, Parsed):
            doubts.look(parsed)
            entry = _entry(case.rows, parsed, profile, judge, now_ms, edition)
        else:
            entry = _refused(case.rows, parsed, "")
        entries.append(entry._replace(mark=mark_of(case.case_no, case.time if entry.value else None)))
    asked = tuple((one.said, one.examples) for one in doubts.questions())
    return ReadSheet(table.layout.name, tuple(entries), asked, tuple(cases.notes()), cases.passed())


def _entry(rows: tuple[int, ...], parsed: Parsed, profile: AgencyProfile, judge: Judge, now_ms: int, edition: bytes | None) -> SheetEntry:
    if len(parsed.value) > MAX_MESSAGE_BYTES:
        detail = f"the message of this case has over {MAX_MESSAGE_BYTES:,} bytes"
        return _refused(rows, Rejected(reason=Reason.TOO_LARGE, detail=detail), parsed.case_no)
    if parsed.agency != profile.agency:
        detail = f"the row names another agency, but the token is {profile.agency}'s"
        return _refused(rows, Rejected(reason=Reason.WRONG_AGENCY, field="agency", detail=detail), parsed.case_no)
    said = judge(parsed.value, profile, now_ms, edition if parsed.by_edition else None)
    if isinstance(said, Rejected):
        return _refused(rows, said, parsed.case_no)
    notices = tuple((code, field, plain(field, detail)) for code, field, detail in said)
    return SheetEntry(rows, parsed.case_no[:100], parsed.value, notices=notices, by_edition=parsed.by_edition)


def _refused(rows: tuple[int, ...], why: Rejected, case_no: str) -> SheetEntry:
    return SheetEntry(rows, case_no[:100], b"", why.reason.value, why.field, plain(why.field, why.detail))


def _saying(judge: Judge, profile: AgencyProfile, now_ms: int) -> of_sheets.Judge:
    """The judge of the gateway as the check of sheets asks it."""

    def said(agency: str, raw: bytes) -> Iterator[Said]:
        if agency != profile.agency:
            why = f"the row names another agency, but the token is {profile.agency}'s"
            yield Said(True, Reason.WRONG_AGENCY.value, "agency", why)
            return
        found = judge(raw, profile, now_ms, None)
        if isinstance(found, Rejected):
            yield Said(True, found.reason.value, found.field, plain(found.field, found.detail))
            return
        for code, field, detail in found:
            yield Said(False, code, field, plain(field, detail))

    return said


def _bounded(cases: int) -> None:
    if cases > MOST_CASES:
        raise Unreadable(f"the sheet has over {MOST_CASES:,} cases: send it in parts, a month each", Reason.TOO_LARGE)
