"""Measures a spreadsheet of LibreOffice (.ods), where one cell or row stands for as many as it says that it is repeated. Pure."""

from __future__ import annotations

import re

from mekong.producers.sheets.refused import Unreadable

MOST_CELLS = 30_000_000
"""Of a sheet, empty ones too: the reader of cells may keep a place for each."""
_TAG = re.compile(rb"<(/?)(?:\w+:)?(table|table-row|table-cell|covered-table-cell)(?=[\s/>])((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>")
_OPEN = re.compile(rb"</?(?:\w+:)?(?:table|covered)")
_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*['\"]\s*\+?(\d+)")
_VALUE = re.compile(rb"\b(?:office:|\w+:formula)")
_MOST_REPEATS = 1_000
"""Of a value or of a row with values."""
_DIGITS = 10
_SHORT = 64
"""Bytes: a shorter piece may be the beginning of any tag."""
_LONGEST_TAG = 65_536
_FAR = "the sheet repeats a value over thousands of rows or columns: delete what is not of the table, save it"


class Repeats:
    """Counts the places that the reader of cells would keep: up to the last row and the last column with a value."""

    def __init__(self) -> None:
        self._rest = b""
        self._depth = self._rows = self._empty_rows = self._width = 0
        self._row, self._column, self._right = 1, 0, 0

    def look(self, chunk: bytes) -> None:
        """Look at the next piece. Raises Unreadable when the table needs too much memory."""
        seen, end = self._rest + chunk, 0
        for found in _TAG.finditer(seen):
            end = found.end()
            self._take(found[2], found[3], closes=bool(found[1]))
        last = seen.rfind(b"<")
        tail = seen[last:] if last >= end else b""
        self._rest = tail if len(tail) < _SHORT or _OPEN.match(tail) else b""
        if len(self._rest) > _LONGEST_TAG:
            raise Unreadable("the workbook is damaged: open it in your spreadsheet program and save it again")

    def _take(self, name: bytes, inside: bytes, *, closes: bool) -> None:
        if name == b"table":
            self._depth += 0 if inside.endswith(b"/") else -1 if closes else 1
            if not self._depth:
                self._rows = self._empty_rows = self._width = 0
        elif name == b"table-row":
            if closes or inside.endswith(b"/"):
                self._end_row(_times(inside) if not closes else self._row)
            else:
                self._row, self._column, self._right = _times(inside), 0, 0
        elif not closes:
            self._column += _times(inside)
            if not inside.endswith(b"/") or _VALUE.search(inside):
                self._right = self._column
                self._refuse(_times(inside) >= _MOST_REPEATS)

    def _end_row(self, times: int) -> None:
        if self._right == 0:
            self._empty_rows += times
            return
        self._rows += self._empty_rows + times
        self._width = max(self._width, self._right)
        self._empty_rows, self._right = 0, 0
        self._refuse(times >= _MOST_REPEATS or self._rows * self._width > MOST_CELLS)

    def _refuse(self, too_much: bool) -> None:
        if too_much:
            raise Unreadable(_FAR)


def _times(inside: bytes) -> int:
    found = _REPEATED.search(inside)
    return int(found[1][:_DIGITS]) if found else 1
