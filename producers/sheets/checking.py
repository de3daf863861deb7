"""Checks a sheet before it is sent: each case by its layout and by a judge of messages, and all together for damage. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from mekong.producers.doubts import Doubts
from mekong.producers.formats.sheet import item
from mekong.producers.parsed import Parsed
from mekong.producers.questions import Question
from mekong.producers.sheets.cases import Case, Cases
from mekong.producers.sheets.judged import Checked, Judge, SeenCase
from mekong.producers.sheets.marking import LEVELS, Finding
from mekong.producers.sheets.placing import Places
from mekong.producers.sheets.table import Table

_RESULTS = (*LEVELS, "good")
_COUNT = re.compile(r" \([\d,]+\)$")


def check_sheet(table: Table, agency: str | None, judge: Judge) -> Checked:
    """Look at all cases of a table. ``agency`` is the sender, when the sheet does not name it."""
    cases, places, doubts = Cases(table, agency), Places(table), Doubts()
    rows: list[tuple[int, ...]] = []
    findings: list[Finding] = []
    seen: list[SeenCase] = []
    for case in cases:
        rows.append(case.rows)
        found = map(places.of_fault, case.faults) if case.message is None else _judged(case, places, doubts, judge)
        new = list(found)
        findings += new
        seen.append(SeenCase(case.case_no, None if any(one.level == "rejected" for one in new) else case.time))
    findings += _asked(tuple(doubts.questions()), Cases(table, agency), places)
    worst = _worst(findings)
    levels = [min(worst.get(row, len(LEVELS)) for row in one) for one in rows]
    return Checked(
        findings=tuple(findings),
        results={row: _RESULTS[level] for one, level in zip(rows, levels, strict=True) for row in one},
        cases=[one for one in rows if len(one) > 1],
        counts=Counter(_RESULTS[level] for level in levels),
        notes=tuple(cases.notes()),
        seen=seen,
        passed=cases.passed(),
    )


def _judged(case: Case, places: Places, doubts: Doubts, judge: Judge) -> Iterator[Finding]:
    parsed = item(case)
    assert isinstance(parsed, Parsed)  # noqa: S101 - the case has a message
    doubts.look(parsed)
    for said in judge(case.agency or "", parsed.value):
        yield places.at(case, "rejected" if said.rejected else "notice", said.field, said.code, said.sentence)


def _asked(questions: Sequence[Question], cases: Cases, places: Places) -> Iterator[Finding]:
    """The cells that questions are about. For that the cases are read again: their cells are not kept."""
    wanted: dict[str, list[tuple[str, str]]] = {}
    for question in questions:
        for where, field in question.spots:
            wanted.setdefault(where, []).append((field, question.said))
    if wanted:
        for case in cases:
            for field, said in wanted.get(case.where, ()):
                yield places.at(case, "question", field, "question", _COUNT.sub("", said))


def _worst(findings: Sequence[Finding]) -> Mapping[int, int]:
    """Row -> the place in ``LEVELS`` of its worst finding."""
    found: dict[int, int] = {}
    for one in findings:
        found[one.row] = min(found.get(one.row, len(LEVELS)), LEVELS.index(one.level))
    return found
