"""Proposes a layout for an unknown sheet, and shows the first messages of a known one beside their cells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from mekong.producers.gateway.sheets.upload import Upload, table_of
from mekong.producers.sheets.book import sheets_of
from mekong.producers.sheets.cases import Case, Cases
from mekong.producers.sheets.cells import Fault, Row, brief, letters
from mekong.producers.sheets.guess import Guess, guess
from mekong.producers.sheets.proposed import layout_text, questions
from mekong.producers.sheets.refused import Unreadable
from mekong.producers.sheets.side_by_side import rows_of, side_by_side
from mekong.producers.sheets.table import Table

SHOWN = 5
"""Cases of a first look."""


class GuessedColumn(NamedTuple):
    """What one column of a sheet may be."""

    column: str
    """``C``."""
    heading: str
    field: str
    """Empty: it is not sent."""
    confidence: float
    """In per cent."""
    is_sure: bool
    """Otherwise a person is asked."""
    other: str
    """The next field that it may be, or empty."""
    unit: str
    is_personal: bool


class Guessed(NamedTuple):
    """A proposed layout."""

    heading_row: int
    columns: tuple[GuessedColumn, ...]
    layout_text: str
    """In TOML. What is not sure is a comment with ``?``."""
    questions: int
    """How many of them."""


class ShownField(NamedTuple):
    """One field of a message beside the cell that it is from."""

    field: str
    """As receipts name it: ``lines.0.quantity``."""
    value: str
    cell: str
    """``C7``; empty for a constant."""
    heading: str
    written: str
    """What the cell has."""


class ShownCase(NamedTuple):
    """One case of a first look."""

    case_no: str
    rows: tuple[int, ...]
    fields: tuple[ShownField, ...]
    faults: tuple[Fault, ...]
    """When a case has faults, it has no message, and ``fields`` is empty."""


class Looked(NamedTuple):
    """The first cases of a sheet."""

    layout: str
    language: str
    """Of the template; ``en`` for other sheets."""
    cases: tuple[ShownCase, ...]
    notes: tuple[str, ...]
    """Sentences for a person: columns that are not sent, hidden rows, the encoding."""


def guessed(upload: Upload) -> Guessed:
    """A layout for the sheet. The layout of ``upload`` is not used. Raises Unreadable."""
    found = _best(upload)
    columns = tuple(
        GuessedColumn(letters(one.at), one.heading, one.field, one.confidence, one.sure, one.other, one.unit, one.is_personal)
        for one in found.proposals
    )
    return Guessed(found.row, columns, layout_text(found), questions(found))


def _best(upload: Upload) -> Guess:
    """The guess of the sheet that has the most fields. Raises Unreadable when none of the sheets has headings."""
    found, refused = list[Guess](), list[Unreadable]()
    for sheet in sheets_of(upload.data, upload.encoding):
        try:
            found.append(guess(sheet))
        except Unreadable as exc:  # a sheet of notes
            refused.append(exc)
    if not found:
        raise refused[0]
    return max(found, key=lambda one: sum(bool(each.field) for each in one.proposals))


def looked(upload: Upload, agency: str, shown: int = SHOWN) -> Looked:
    """The first cases of a sheet, as its layout reads them. ``agency`` is the sender. Raises Unreadable."""
    table = table_of(upload)
    cases = Cases(table, agency)
    found = list(islice(cases, shown))
    rows = rows_of(found, table)
    language = table.template.spoken if table.template else "en"
    return Looked(table.layout.name, language, tuple(_shown(case, table, rows) for case in found), tuple(table.notes()))


def _shown(case: Case, table: Table, rows: Mapping[int, Row]) -> ShownCase:
    fields = tuple(
        ShownField(one.path, brief(str(one.value)) if one.cell else str(one.value), one.cell, brief(one.heading), brief(one.written))
        for one in side_by_side(case, table, rows)
    )
    return ShownCase(case.case_no, case.rows, fields, case.faults)
