"""Marks the sender's own workbook (.xlsx): two columns of our own, colours and comments. Its formulas keep their values. Pure.

Marks of an earlier time are removed first. openpyxl does not keep pictures and charts.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mekong.producers.sheets.fitting import fitting, name_of_sheet
from mekong.producers.sheets.formulas import restored, stored_values
from mekong.producers.sheets.marking import AUTHOR, COLORS, Finding, Marking, reasons, summary_lines
from mekong.schemas.sheet_words import MARKED, OUR_HEADINGS, RESULTS, SUMMARIES, is_summary

_OUR_FILLS = frozenset(f"00{color}" for color in COLORS.values()) | frozenset(f"FF{color}" for color in COLORS.values())
_SEPARATOR = f"\n--- {AUTHOR} ---\n"
_WIDTHS = (18, 70)
_LONGEST_COMMENT = 1_000
_MOST_PLACES = 500_000
"""Empty ones too: openpyxl makes each of them."""


def marked_in_place(data: bytes, marking: Marking) -> bytes:
    """The same workbook with the marks. Raises ValueError for cells far from its table, and anything for what openpyxl cannot read."""
    values = stored_values(data)
    book = load_workbook(io.BytesIO(data))
    sheet = book[marking.sheet]
    if sheet.max_row * sheet.max_column > _MOST_PLACES:
        raise ValueError("the sheet has cells far from its table")
    for other in book.worksheets:
        if other is not sheet and _is_our_summary(other):
            book.remove(other)
    first = _cleared(sheet, marking.heading_row)
    for at, key in enumerate(("result", "reason")):
        heading = sheet.cell(marking.heading_row, first + at)
        _write(heading, MARKED[key][marking.language])
        heading.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(first + at)].width = _WIDTHS[at]
    for row, result in marking.results.items():
        _write(sheet.cell(row, first), RESULTS[result][marking.language])
    for row, findings in marking.by_row.items():
        if row:
            _mark_row(sheet, first + 1, row, findings)
    _summarise(book, marking)
    out = io.BytesIO()
    book.save(out)
    return restored(out.getvalue(), values)


def _is_our_summary(sheet: Worksheet) -> bool:
    """A worksheet of the sender may have the same name: ours has one column that begins with our words."""
    return is_summary(sheet.title) and sheet.max_column == 1 and sheet.cell(1, 1).value in SUMMARIES


def _cleared(sheet: Worksheet, heading_row: int) -> int:
    """Remove what we wrote before. Returns the column for our first one: behind the last column with a value."""
    ours = {cell.column for cell in sheet[heading_row] if cell.value in OUR_HEADINGS}
    last = 0
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell, MergedCell):
                continue
            if cell.column in ours:
                cell.value = None
                cell.fill = PatternFill()
            elif cell.value is not None:
                last = max(last, cell.column)
            if cell.comment is not None:
                _without_ours(cell, cell.comment)
    return last + 1


def _without_ours(cell: Cell, comment: Comment) -> None:
    theirs, separator, _ = comment.text.partition(_SEPARATOR)
    if not separator and comment.author != AUTHOR:
        return
    cell.comment = Comment(theirs, comment.author) if separator else None
    if cell.fill.fgColor.rgb in _OUR_FILLS:
        cell.fill = PatternFill()


def _mark_row(sheet: Worksheet, column: int, row: int, findings: Sequence[Finding]) -> None:
    reason = sheet.cell(row, column)
    _write(reason, reasons(findings))
    reason.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.cell(row, column - 1).fill = _fill(findings[0])
    by_cell: dict[str, list[Finding]] = {}
    for one in findings:
        by_cell.setdefault(one.cell, []).append(one)
    for reference, here in by_cell.items():
        cell = sheet[reference] if reference else None
        if isinstance(cell, Cell):
            cell.fill = _fill(here[0])
            _comment(cell, fitting("\n".join(one.sentence for one in here), _LONGEST_COMMENT))


def _comment(cell: Cell, text: str) -> None:
    """A comment of the sender stays: ours follows it."""
    theirs = cell.comment
    cell.comment = Comment(f"{theirs.text}{_SEPARATOR}{text}", theirs.author or "") if theirs else Comment(text, AUTHOR)
    cell.comment.width, cell.comment.height = 360, 120


def _fill(finding: Finding) -> PatternFill:
    return PatternFill("solid", fgColor=COLORS[finding.level])


def _write(cell: Cell | MergedCell, text: str) -> None:
    """A text, also when it begins like a formula."""
    if isinstance(cell, Cell):
        cell.value = fitting(text)
        cell.data_type = "s"


def _summarise(book: Workbook, marking: Marking) -> None:
    sheet = book.create_sheet(name_of_sheet(MARKED["summary"][marking.language], book.sheetnames))
    sheet.column_dimensions["A"].width = 120
    for row, line in enumerate(summary_lines(marking), 1):
        _write(sheet.cell(row, 1), line)
