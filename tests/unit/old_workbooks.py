"""Writes small workbooks that no library here writes: .xls (BIFF8 in a compound file) and .ods."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import date
from xml.sax.saxutils import escape

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def xls(rows: list[list[object]], *, is_1904: bool = False, stream: str = "Workbook", sheet: str = "Sheet") -> bytes:
    """A workbook with one sheet of texts, numbers and dates."""
    return compound({stream: _biff(rows, sheet, is_1904=is_1904)})


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _text(text: str, length: str) -> bytes:
    return struct.pack(length, len(text)) + b"\x01" + text.encode("utf-16-le")


def _biff(rows: list[list[object]], title: str, *, is_1904: bool) -> bytes:
    xf = [struct.pack("<HHHBBBBIIH", 0, form, 1, 0, 0, 0, 0, 0, 0, 0) for form in (0, 14)]
    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    start = [_record(0x0809, bof), _record(0x0042, struct.pack("<H", 1200)), _record(0x0022, struct.pack("<H", is_1904))]
    start += [_record(0x00E0, one) for one in xf]
    name = b"\x01" + title.encode("utf-16-le")
    sized = sum(map(len, start)) + 4 + 4 + 2 + 1 + len(name) + 4
    bound = _record(0x0085, struct.pack("<IHB", sized, 0, len(title)) + name)
    cells = [_cell(r, c, value, is_1904=is_1904) for r, row in enumerate(rows) for c, value in enumerate(row) if value != ""]
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    sheet = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6)), _record(0x0200, size), *cells, _record(0x000A)]
    return b"".join([*start, bound, _record(0x000A), *sheet])


def _cell(row: int, column: int, value: object, *, is_1904: bool) -> bytes:
    if isinstance(value, date):
        first = date(1904, 1, 1) if is_1904 else date(1899, 12, 30)
        return _record(0x0203, struct.pack("<HHHd", row, column, 1, (value - first).days))
    if isinstance(value, int | float):
        return _record(0x0203, struct.pack("<HHHd", row, column, 0, value))
    return _record(0x0204, struct.pack("<HHH", row, column, 0) + _text(str(value), "<H"))


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file of these streams, each large enough for whole sectors."""
    sectors: list[bytes] = []
    fat: list[int] = []
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    for name, short in streams.items():
        content = short.ljust(max(4096, -(-len(short) // _SECTOR) * _SECTOR), b"\0")
        first, count = len(sectors), len(content) // _SECTOR
        sectors += [content[at : at + _SECTOR] for at in range(0, len(content), _SECTOR)]
        fat += [*range(first + 1, first + count), _END]
        entries.append(_entry(name, 2, first, len(content)))
    directory = b"".join(entries).ljust(_SECTOR, b"\0")
    place = len(sectors)
    sectors.append(directory)
    fat.append(_END)
    fat.append(_FAT)
    table = struct.pack(f"<{len(fat)}I", *fat) + struct.pack("<I", _FREE) * (_SECTOR // 4 - len(fat))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, place, 0, 4096, _END, 0, _END, 0)
    )
    header += struct.pack("<I", place + 1) + struct.pack("<I", _FREE) * 108
    return header + b"".join(sectors) + table


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return text.ljust(64, b"\0") + struct.pack("<HBBIII36xIQ", len(text), kind, 1, _FREE, _FREE, child, start, size)


def ods(rows: list[list[object]], **hidden: list[list[object]]) -> bytes:
    """A spreadsheet of LibreOffice with one sheet, and hidden ones by their names."""
    style = '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style"))
    tables = _table("Data", rows) + "".join(_table(name, cells, ' table:style-name="ta2"') for name, cells in hidden.items())
    body = f"<office:automatic-styles>{style}</office:automatic-styles>"
    body += f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f'<?xml version="1.0"?><office:document-content {spaces}>{body}</office:document-content>')
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return data.getvalue()


def _table(name: str, rows: list[list[object]], style: str = "") -> str:
    lines = "".join(f"<table:table-row>{''.join(map(_of_ods, row))}</table:table-row>" for row in rows)
    return f'<table:table table:name="{name}"{style}>{lines}</table:table>'


def _of_ods(value: object) -> str:
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>{value}</text:p></table:table-cell>'
    if isinstance(value, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
    if value == "":
        return "<table:table-cell/>"
    return f'<table:table-cell office:value-type="string"><text:p>{escape(str(value))}</text:p></table:table-cell>'
