"""Writes the rows of a sheet into a workbook, row by row: the memory does not grow with the rows. The same rows give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from mekong.schemas.errors import Refused
from mekong.schemas.sheet_words import EXPORTED
from mekong.sinks.exports.shape import Cell

MOST_TEXT = 32_767
"""Characters of a cell in Excel."""
MOST_ROWS = 1_048_575
"""Of a worksheet, below the headings."""
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control characters, what turns the direction of a line, and what XML cannot have."""
_ESCAPED = re.compile("_x[0-9A-Fa-f]{4}_")
MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook has no time zone; a fixed time gives the same bytes
_MARGIN, _NARROW, _WIDE = 3, 12, 40


def shown(cell: Cell) -> Cell:
    """A value as it will be in its cell. A text is never a formula; what would control the reader's screen is a space."""
    return safe(cell) if isinstance(cell, str) else cell


def safe(text: str) -> str:
    """A text as a workbook and a document can have it: without what XML cannot have, and at most as long as a cell."""
    return _UNSAFE.sub(" ", text)[:MOST_TEXT]


def escaped(cell: Cell) -> bool:
    """Whether a text has the form in which a workbook writes a sign that it cannot have: programs differ in how they read it."""
    return isinstance(cell, str) and _ESCAPED.search(cell) is not None


def write(path: Path, name: str, headings: Sequence[str], rows: Iterable[Mapping[str, Cell]], dates: str) -> int:
    """Write the workbook; the number of its rows. Raises Refused when there are more than a worksheet has."""
    count = 0
    with Workbook(path, {"constant_memory": True}) as book:
        book.set_properties({"created": MADE})
        sheet = book.add_worksheet(name)
        official, ours = (book.add_format({"bold": True, "bg_color": color, "border": 1}) for color in ("#BDD7EE", "#E7E6E6"))
        day = book.add_format({"num_format": dates})
        for at, heading in enumerate(headings):
            sheet.set_column(at, at, min(max(_NARROW, len(heading) + _MARGIN), _WIDE))
        sheet.freeze_panes(1, 0)
        for at, heading in enumerate(headings):
            sheet.write_string(0, at, heading, ours if heading in EXPORTED.values() else official)
        for count, cells in enumerate(rows, 1):
            if count > MOST_ROWS:
                raise Refused(f"the export has over {MOST_ROWS:,} rows, more than a worksheet has: ask for less with --where")
            for at, heading in enumerate(headings):
                _write(sheet, count, at, cells.get(heading, ""), day)
    return count


def _write(sheet: Any, row: int, at: int, cell: Cell, day: Any) -> None:
    if cell == "":
        return
    if isinstance(cell, str):
        sheet.write_string(row, at, cell)
    elif isinstance(cell, date):
        sheet.write_datetime(row, at, cell, day)
    else:
        sheet.write_number(row, at, cell)
