"""Reads a very long worksheet in blocks of rows, so that only one block is in memory as cells. Pure.

The reader of cells takes a workbook as a whole. So each block is given to it as a workbook of its own, with the same styles and texts.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from python_calamine import CalamineError, CalamineWorkbook

from mekong.producers.sheets.archive import unpacked
from mekong.producers.sheets.cells import Row, Value
from mekong.producers.sheets.refused import Unreadable

BLOCK_BYTES = 8_000_000
"""Of a worksheet as it is unpacked: about 15,000 rows."""
_BEGIN = re.compile(rb"<(?P<prefix>\w+:)?sheetData[^<>/]*>")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]*?\br\s*=\s*['\"](\d{1,10})['\"]")


def block_rows(data: bytes, name: str, path: str) -> Iterator[Row]:
    """The rows of the worksheet ``name``, which is the part ``path`` of the workbook. Raises Unreadable when it is damaged."""
    entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    others = [(one.filename, b"".join(unpacked(data, one))) for one in entries if not one.filename.startswith("xl/worksheets/")]
    (entry,) = (one for one in entries if one.filename == path)
    last = 0
    for block in _blocks(unpacked(data, entry)):
        first = _ROW.search(block)
        if first is None:
            continue
        for number, values in enumerate(_cells([*others, (path, block)], name), 1):
            if number >= int(first[1]):
                yield from (Row(empty, ()) for empty in range(last + 1, number))
                last = number
                yield Row(number, tuple(values))


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The worksheet cut between rows, each block with the beginning and the end of the whole."""
    head, rest, end, close = b"", b"", b"", b""
    for chunk in chunks:
        rest += chunk
        if not head:
            begin = _BEGIN.search(rest)
            if begin is None and len(rest) < BLOCK_BYTES:
                continue
            if begin is None:
                raise Unreadable("the worksheet has many megabytes before its first row: it is damaged; save it again")
            prefix = begin["prefix"] or b""
            head, rest = rest[: begin.end()], rest[begin.end() :]
            end, close = b"</" + prefix + b"row>", b"</" + prefix + b"sheetData></" + prefix + b"worksheet>"
        if len(rest) >= BLOCK_BYTES:
            cut = rest.rfind(end) + len(end)
            if cut < len(end):
                raise Unreadable("the worksheet has a row of many megabytes: it is damaged; save it again")
            yield head + rest[:cut] + close
            rest = rest[cut:]
    if head:
        yield head + rest


def _cells(parts: list[tuple[str, bytes]], name: str) -> Iterator[list[Value]]:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        for path, content in parts:
            archive.writestr(path, content)
    book.seek(0)
    try:
        sheet = CalamineWorkbook.from_filelike(book).get_sheet_by_name(name)
    except CalamineError as exc:
        raise Unreadable("the worksheet is damaged: open it in your spreadsheet program and save it again as .xlsx") from exc
    before: list[Value] = [""] * (sheet.start[1] if sheet.start else 0)
    yield from ([*before, *values] for values in sheet.iter_rows())
