"""Keeps the stored values of formulas: openpyxl writes a formula without its value, and a reader of cells then sees an empty cell. Pure."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_BOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_EMPTY = re.compile(r'<c r="([A-Z]+\d+)"((?: s="\d+")?)>(<f[^>]*?(?:/>|>[^<]*</f>))<v ?(?:/>|></v>)</c>')


class Stored(NamedTuple):
    """The value of a formula as the file has it."""

    type: str
    """``str``, ``b``, ``e``, or empty for a number."""
    value: str


Values = Mapping[str, Mapping[str, Stored]]
"""Name of the worksheet -> cell -> value."""


def stored_values(data: bytes) -> Values:
    """The values of all formulas of a workbook (.xlsx)."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {name: dict(_values(book, path)) for name, path in _paths(book)}


def restored(data: bytes, values: Values) -> bytes:
    """A workbook that openpyxl saved, with the values in their formulas again."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        cells = {path: values[name] for name, path in _paths(book) if values.get(name)}
        for entry in book.infolist():
            part = book.read(entry)
            if entry.filename in cells:
                part = _filled(part.decode(), cells[entry.filename]).encode()
            copy.writestr(entry, part)
    return out.getvalue()


def _filled(text: str, values: Mapping[str, Stored]) -> str:
    def fill(found: re.Match[str]) -> str:
        cell, style, formula = found.groups()
        stored = values.get(cell)
        if stored is None:
            return found[0]
        kind = f' t="{stored.type}"' if stored.type else ""
        return f'<c r="{cell}"{style}{kind}>{formula}<v>{escape(stored.value)}</v></c>'

    return _EMPTY.sub(fill, text)


def _paths(book: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The name of each worksheet, and its part of the file."""
    targets = {one.get("Id"): one.get("Target", "") for one in ET.fromstring(book.read(_RELATIONS))}  # noqa: S314 - sizes were looked at
    for one in ET.fromstring(book.read(_BOOK)).iter():  # noqa: S314
        if one.tag in (f"{_MAIN}sheet", f"{_STRICT}sheet"):
            key = next((value for name, value in one.items() if name.endswith("}id")), "")
            path = posixpath.join("/xl", targets.get(key, "")).removeprefix("/")
            if path.startswith("xl/worksheets/") and path in book.namelist():
                yield one.get("name", ""), path


def _values(book: zipfile.ZipFile, path: str) -> Iterator[tuple[str, Stored]]:
    with book.open(path) as part:
        for _, one in ET.iterparse(part):  # noqa: S314
            if one.tag.endswith("}c"):
                space = one.tag.removesuffix("c")
                value = one.find(f"{space}v")
                if one.find(f"{space}f") is not None and value is not None and value.text:
                    kind = one.get("t", "")
                    yield one.get("r", ""), Stored("" if kind == "n" else kind, value.text)
                one.clear()
