"""Gives a sheet back with its marks: the sender's own workbook, or a new one with the rows to look at. Pure."""

from __future__ import annotations

from typing import NamedTuple

from mekong.producers.sheets.bad_rows import bad_rows
from mekong.producers.sheets.cells import Sheet
from mekong.producers.sheets.in_place import marked_in_place
from mekong.producers.sheets.marking import Marking

MOST_ROWS = 5_000
"""Of a workbook that is marked itself: openpyxl needs 31 s and 271 MB for 20,000 rows of 34 cells."""
_ZIP = b"PK"
_MACROS = b"vbaProject.bin"
_WORKSHEET = b"xl/workbook.xml"


class Marked(NamedTuple):
    """A marked workbook (.xlsx)."""

    data: bytes
    is_own: bool
    """Whether it is the sender's own sheet. Otherwise it has only the rows to look at."""


def marked(data: bytes, sheet: Sheet, marking: Marking) -> Marked:
    """The marked sheet of a file."""
    if data.startswith(_ZIP) and _WORKSHEET in data and _MACROS not in data and len(marking.results) <= MOST_ROWS:
        try:
            return Marked(marked_in_place(data, marking), is_own=True)
        except Exception:  # noqa: BLE001, S110 - openpyxl raises anything on workbooks of other programs, and the sheet may be sent already
            pass
    return Marked(bad_rows(sheet, marking), is_own=False)
