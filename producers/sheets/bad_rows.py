"""Writes a new workbook with the rows that a person should look at: from a large sheet, or from one that is not .xlsx. Pure.

It has the headings of the sheet and complete cases, so it can be corrected and sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from mekong.producers.sheets import marker
from mekong.producers.sheets.cells import Row, Sheet, Value, reference
from mekong.producers.sheets.fitting import CUT, LONGEST_TEXT, fitting, is_number, name_of_sheet
from mekong.producers.sheets.marking import AUTHOR, COLORS, Finding, Marking, reasons, summary_lines
from mekong.schemas.said import said
from mekong.schemas.sheet_words import MARKED, OUR_HEADINGS, RESULTS

_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook has no time zone; a fixed time gives the same bytes
_FIRST_DAY = date(1900, 1, 1)
"""That a workbook counts from; an earlier one is a text in it."""
_WIDTHS = (8, 18, 70)


def bad_rows(sheet: Sheet, marking: Marking) -> bytes:
    """The headings, and the rows of ``marking.bad_rows()`` with their number in the sheet, what becomes of them and why."""
    buffer = BytesIO()
    with Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE})
        _Copy(book, sheet, marking).write()
    return buffer.getvalue()


class _Copy:
    def __init__(self, book: Workbook, sheet: Sheet, marking: Marking) -> None:
        self._sheet, self._marking, self._book = sheet, marking, book
        self._cut = said(CUT, marking.language).text
        self._name = name_of_sheet(sheet.name, [marker.NAME] if marking.template else [])
        self._table = book.add_worksheet(self._name)
        self._formats: dict[tuple[str, str], Format] = {}
        bad = marking.bad_rows()
        read = (row for row in sheet.rows() if isinstance(row, Row))
        self._rows = [row for row in read if row.number <= marking.heading_row or row.number in bad]
        headings = next((row.values for row in self._rows if row.number == marking.heading_row), ())
        ours = {index for index, value in enumerate(headings) if value in OUR_HEADINGS}
        width = max((len(row.values) for row in self._rows), default=0)
        self._columns = {index: place for place, index in enumerate(index for index in range(width) if index not in ours)}

    def write(self) -> None:
        """The table and the summary."""
        for place, row in enumerate(self._rows):
            found = self._marking.by_row.get(row.number, [])
            self._write_cells(place, row, found)
            if row.number == self._marking.heading_row:
                self._write_headings(place)
            elif row.number > self._marking.heading_row:
                self._write_ours(place, row.number, found)
        summary = self._book.add_worksheet(name_of_sheet(MARKED["summary"][self._marking.language], [self._name, marker.NAME]))
        summary.set_column(0, 0, 120)
        for place, line in enumerate(summary_lines(self._marking)):
            summary.write_string(place, 0, fitting(line))
        if self._marking.template:
            hidden = self._book.add_worksheet(marker.NAME)
            hidden.hide()
            template = self._marking.template
            for column, text in enumerate(marker.row(template._replace(language=template.spoken))):
                hidden.write_string(0, column, fitting(text))

    def _write_headings(self, place: int) -> None:
        bold, first = self._format("bold"), len(self._columns)
        for at, (key, width) in enumerate(zip(("row", "result", "reason"), _WIDTHS, strict=True), first):
            self._table.write_string(place, at, MARKED[key][self._marking.language], bold)
            self._table.set_column(at, at, width)

    def _write_ours(self, place: int, number: int, found: Sequence[Finding]) -> None:
        first = len(self._columns)
        self._table.write_number(place, first, number)
        result = self._marking.results.get(number)
        if result:
            self._table.write_string(place, first + 1, RESULTS[result][self._marking.language], self._format("", found))
        self._table.write_string(place, first + 2, fitting(reasons(found)), self._format("wrap"))

    def _write_cells(self, place: int, row: Row, found: Sequence[Finding]) -> None:
        for index, column in self._columns.items():
            here = [one for one in found if one.cell == reference(row.number, index)]
            value = row.values[index] if index < len(row.values) else ""
            if value != "" or here:
                _write(self._table, place, column, value, self._format(_kind(value), here))
            texts = [one.sentence for one in here] + ([self._cut] if isinstance(value, str) and len(value) > LONGEST_TEXT else [])
            if texts:
                self._table.write_comment(place, column, fitting("\n".join(texts)), {"author": AUTHOR, "x_scale": 3})

    def _format(self, kind: str, found: Sequence[Finding] = ()) -> Format | None:
        color = COLORS[found[0].level] if found else ""
        if not kind and not color:
            return None
        if (kind, color) not in self._formats:
            colored = {"bg_color": f"#{color}"} if color else {}
            self._formats[kind, color] = self._book.add_format({**_PROPERTIES[kind], **colored})
        return self._formats[kind, color]


_PROPERTIES: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "bold": {"bold": True},
    "wrap": {"text_wrap": True, "valign": "top"},
    "day": {"num_format": "yyyy-mm-dd"},
    "instant": {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "time": {"num_format": "hh:mm:ss"},
    "text": {"num_format": "@"},
}


def _kind(value: Value) -> str:
    if isinstance(value, datetime):
        return "instant"
    if isinstance(value, date):
        return "day"
    if isinstance(value, time | timedelta):
        return "time"
    return "text" if isinstance(value, str) else ""


def _write(table: Worksheet, row: int, column: int, value: Value, form: Format | None) -> None:
    """A value as what it is: a text that begins like a formula stays a text."""
    if isinstance(value, str):
        table.write_string(row, column, fitting(value), form)
    elif isinstance(value, bool):
        table.write_boolean(row, column, value, form)
    elif isinstance(value, int | float) and is_number(value):
        table.write_number(row, column, value, form)
    elif isinstance(value, int | float) or not _is_counted(value):
        table.write_string(row, column, fitting(str(value)), form)
    else:
        table.write_datetime(row, column, value, form)


def _is_counted(value: date | datetime | time | timedelta) -> bool:
    """Whether a workbook has a number for this moment."""
    if isinstance(value, timedelta):
        return value >= timedelta()
    return isinstance(value, time) or (value.date() if isinstance(value, datetime) else value) >= _FIRST_DAY
