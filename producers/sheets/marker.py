"""Names the hidden worksheet that says which layout and language a workbook has, and reads it. Pure.

A hidden worksheet survives every program that saves a workbook. A custom property of the file does not.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import IO, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from mekong.schemas.languages import LANGUAGES, Language

NAME = "mekong"
"""The hidden worksheet of a template. It has the code lists too."""
_NAMED = f'name="{NAME}"'.encode()
_BOOK = "xl/workbook.xml"
_CONTENT = "content.xml"
"""Of an .ods: all its worksheets."""
_OLE = b"\xd0\xcf\x11\xe0"
_MOST = 1_000_000  # bytes of the list of worksheets, or of a piece
_FIRST = "mekong sheet 1"


class Marker(NamedTuple):
    """What a template says of itself."""

    layout: str
    language: str
    agency: str

    @property
    def spoken(self) -> Language:
        """The language, or English for one that this program does not know."""
        return next((one for one in LANGUAGES if one == self.language), LANGUAGES[0])


def row(marker: Marker) -> tuple[str, ...]:
    """The first row of the hidden worksheet."""
    return (_FIRST, *marker)


def marker_of(data: bytes) -> Marker | None:
    """What a workbook says of itself; None for any other file. Call it after ``sheets_of``, which refuses what must not be unpacked."""
    if not _may_have_one(data):
        return None
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        cells = next(iter(book.get_sheet_by_name(NAME).iter_rows()), []) if NAME in book.sheet_names else []
    except (CalamineError, OSError, ValueError):
        return None
    first, *others = (*map(str, cells[: 1 + len(Marker._fields)]), *("",) * (1 + len(Marker._fields)))
    return Marker(*others[: len(Marker._fields)]) if first == _FIRST else None


def _may_have_one(data: bytes) -> bool:
    """Whether the workbook names our worksheet. Only then are its cells worth reading: a long workbook needs much memory."""
    if data.startswith(_OLE):
        return NAME.encode() in data or NAME.encode("utf-16-le") in data
    if not data.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            if _BOOK in book.namelist():
                with book.open(_BOOK) as part:
                    return _NAMED in part.read(_MOST)
            with book.open(_CONTENT) as part:
                return _has_ours(part)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, RuntimeError, NotImplementedError, zlib.error, EOFError):
        return False


def _has_ours(content: IO[bytes]) -> bool:
    """Whether an .ods names our worksheet, which is behind the others: its content is read to there, in pieces."""
    rest = b""
    while chunk := content.read(_MOST):
        if _NAMED in rest + chunk:
            return True
        rest = chunk[-len(_NAMED) :]
    return False
