"""Opens the bytes of a workbook or a CSV file and returns its tables as ``Sheet``. What cannot be read is refused. Pure."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from mekong.producers.sheets import marker, old_excel
from mekong.producers.sheets.archive import About, Parts, parts_of
from mekong.producers.sheets.blocks import block_rows
from mekong.producers.sheets.cells import Fault, Row, Sheet
from mekong.producers.sheets.delimited import delimited
from mekong.producers.sheets.refused import Unreadable

MOST_BYTES = 50_000_000
"""Of a file. A sheet of 200,000 rows has about 15 MB."""
LONG_BYTES = 24_000_000
"""A worksheet that is longer when unpacked is read in blocks."""
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DAMAGED = "the workbook is damaged: open it in your spreadsheet program and save it again as .xlsx"
_UNLOCK = (
    "the file has a password: open it in Excel, choose File > Info > Protect Workbook > Encrypt with Password, empty the field, save it"
)


def sheets_of(data: bytes, encoding: str = "") -> list[Sheet]:
    """The visible tables of a file. Raises Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable(f"the file has over {MOST_BYTES // 1_000_000} MB: send it in parts, a month each")
    if data.startswith(_ZIP):
        return _workbook(data, parts_of(data))
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise Unreadable(_UNLOCK)
        old_excel.check(data)
        return _workbook(data, Parts())
    return [delimited(data, encoding)]


def _workbook(data: bytes, parts: Parts) -> list[Sheet]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [
            index
            for index, sheet in enumerate(book.sheets_metadata)
            if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet
        ]
        hidden = _hidden(book)
        found = [replace(_sheet(data, book, index, parts), hidden=hidden) for index in shown]
    except PasswordError as exc:
        raise Unreadable(_UNLOCK) from exc
    except (CalamineError, OSError, ValueError) as exc:
        raise Unreadable(_DAMAGED) from exc
    except BaseException as exc:
        if type(exc).__name__ != "PanicException":  # the reader's own; it cannot be imported
            raise
        raise Unreadable(_DAMAGED) from exc
    if not found:
        raise Unreadable("the workbook has no visible sheet: show the sheet with the seizures and save it")
    return found


def _hidden(book: CalamineWorkbook) -> int:
    """How many worksheets are hidden, without our own."""
    hidden = (one for one in book.sheets_metadata if one.visible is not SheetVisibleEnum.Visible)
    return sum(one.typ is SheetTypeEnum.WorkSheet and one.name != marker.NAME for one in hidden)


def _sheet(data: bytes, book: CalamineWorkbook, index: int, parts: Parts) -> Sheet:
    name = book.sheet_names[index]
    about = parts.sheets.get(name, About())
    found = Sheet(name=name, rows=lambda: iter(()), epoch=parts.epoch, errors=about.errors, notes=(*parts.notes, *about.notes))
    if about.unpacked_bytes > LONG_BYTES:
        return replace(found, rows=lambda: block_rows(data, name, about.path), merged=about.merged)
    table = book.get_sheet_by_index(index)
    merged = tuple((first[0] + 1, first[1], last[0] + 1, last[1]) for first, last in table.merged_cell_ranges or ())
    return replace(found, rows=lambda: _rows(table), merged=merged)


def _rows(table: CalamineSheet) -> Iterator[Row | Fault]:
    before = ("",) * (table.start[1] if table.start else 0)
    for number, values in enumerate(table.iter_rows(), 1):
        yield Row(number, (*before, *values))
