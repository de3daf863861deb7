"""Writes a briefing as a workbook: a sheet for the summary and one for each table. The same briefing gives the same bytes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from mekong.sinks.exports.workbook import MADE, MOST_ROWS, safe
from mekong.sinks.reports.briefing import Briefing, ShownTable
from mekong.sinks.reports.shape import Kind, Row, Show

_NARROW, _WIDE = 14, 36
_SHEET_NAME = 31


def write(path: Path, briefing: Briefing) -> None:
    """Write the workbook. A text is never a formula."""
    with Workbook(path) as book:
        book.set_properties({"created": MADE, "title": safe(briefing.title)})
        bold, day = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        _first(book.add_worksheet(safe(briefing.words.texts["summary"])[:_SHEET_NAME]), briefing, bold)
        for table in briefing.tables.values():
            if table.rows:
                _table(
                    book.add_worksheet(f"{table.table.number} {table.name}"[:_SHEET_NAME].removeprefix("0 ")), table, bold, day, briefing
                )


def _first(sheet: Any, briefing: Briefing, bold: Any) -> None:
    _page(sheet, briefing)
    sheet.set_column(0, 0, 110)
    lines = [briefing.line, briefing.cut_off, *briefing.notes, ""]
    lines += [f"{sentence.text} [{briefing.source(sentence)}]" for sentence in briefing.sentences]
    for at, line in enumerate(lines):
        sheet.write_string(at, 0, safe(line), bold if at == 0 else None)


def _table(sheet: Any, table: ShownTable, bold: Any, day: Any, briefing: Briefing) -> None:
    _page(sheet, briefing)
    for at, line in enumerate((table.title, table.question, f"{table.words.texts['rule']} {table.rule}")):
        sheet.write_string(at, 0, safe(line), bold if at == 0 else None)
    for place, (column, heading) in enumerate(zip(table.table.columns, table.headings, strict=True)):
        sheet.set_column(place, place, _NARROW if column.is_number else _WIDE)
        sheet.write_string(4, place, safe(heading), bold)
    for at, row in enumerate(table.rows[: MOST_ROWS - 5], 5):
        for place, (column, cell) in enumerate(zip(table.table.columns, table.cells(row), strict=True)):
            _cell(sheet, at, place, column, row, cell, day)
    sheet.freeze_panes(5, 1)


def _page(sheet: Any, briefing: Briefing) -> None:
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L" + safe(briefing.line).replace("&", "&&")[:200] + "&R&P / &N")


def _cell(sheet: Any, at: int, place: int, column: Show, row: Row, cell: str, day: Any) -> None:
    value = row[column.name]
    if isinstance(value, date) and column.kind is Kind.DAY:
        sheet.write_datetime(at, place, value, day)
    elif column.is_number and isinstance(value, int | float | Decimal):
        sheet.write_number(at, place, value)
    else:
        sheet.write_string(at, place, safe("" if value is None else cell))
