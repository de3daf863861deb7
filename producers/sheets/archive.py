"""Looks at the parts of a zipped workbook: refuses a zip bomb, and finds what the reader of cells does not report. Pure."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from string import ascii_uppercase
from typing import NamedTuple
from xml.sax.saxutils import unescape

from mekong.producers.sheets.cells import column_of, letters
from mekong.producers.sheets.refused import Unreadable
from mekong.producers.sheets.repeats import MOST_CELLS, Repeats

MOST_UNPACKED = 600_000_000
_FAR = "the sheet has cells far from its table (down to row {row:,}, right to column {column}): delete the empty rows and columns, save it"
_ELSEWHERE = "the workbook has cells in a place where spreadsheet programs put none: open it in your own and save it again as .xlsx"
_LOCKED = "the file has a password: save it again without one (in LibreOffice: File > Save As, without Save with password)"
_CHUNK = 1 << 20
_MOST_OF_LISTS = 20_000_000
"""Bytes of the list of sheets and of the list of their parts."""
_OVERLAP = 4_096
"""Bytes of a chunk that are looked at again with the next one: no tag is longer."""
_ROW_TAG = re.compile(rb"<(?:\w+:)?row\s[^<>]*>")
_IS_HIDDEN = re.compile(rb"\shidden=['\"](?:1|true)['\"]")
_ERROR = re.compile(rb"<(?:\w+:)?c r=['\"]([A-Z]+\d+)['\"][^<>]*? t=['\"]e['\"]")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]*?\br\s*=\s*['\"](\d{1,10})['\"]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell [^<>]*?ref=['\"]([A-Z]+\d{1,10}:[A-Z]+\d{1,10})['\"]")
_MOST_MERGED = 1_000
"""Only those of headings are looked at."""
_AT_ROW = re.compile(rb"\br\s*=\s*['\"](\d{1,10})['\"]")
_DEEP = re.compile(rb"\br\s*=\s*['\"][A-Z]{1,3}(\d{5,10})['\"]", re.IGNORECASE)
_WIDE = re.compile(rb"\br\s*=\s*['\"]([A-Z]{2,3})\d+['\"]", re.IGNORECASE)
_CELLS = re.compile(rb"<(?:\w+:)?sheetData[\s/>]")
_SHEET = re.compile(rb"<(?:\w+:)?sheet [^<>]*>")
_NAME = re.compile(rb"\bname=(['\"])(.*?)\1")
_ID = re.compile(rb"\b(?:\w+:)?id=(['\"])(.*?)\1")
_RELATION_ID = re.compile(rb"\bId=(['\"])(.*?)\1")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship [^<>]*>")
_TARGET = re.compile(rb"\bTarget=(['\"])(.*?)\1")
_IS_1904 = re.compile(rb"\bdate1904=['\"](?:1|true)['\"]")
_QUOTES = {"&quot;": '"', "&apos;": "'"}
_EPOCH, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
"""Serial number 0. The 1900 system counts a 29 February 1900 that did not occur, so its days begin one day earlier from March 1900."""


class About(NamedTuple):
    """What is known of one sheet beside its cells."""

    errors: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    path: str = ""
    """The part of the archive that it is."""
    unpacked_bytes: int = 0
    merged: tuple[tuple[int, int, int, int], ...] = ()


@dataclass
class Parts:
    """What is known of a workbook beside its cells."""

    epoch: date | None = None
    notes: tuple[str, ...] = ()
    sheets: Mapping[str, About] = field(default_factory=dict)


def parts_of(data: bytes) -> Parts:
    """What the parts of a zipped workbook say. Raises Unreadable for a zip bomb, a zip with a password, and one that is not a workbook."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as exc:
        raise Unreadable("the file is damaged or was cut off: save it again and copy all of it") from exc
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("the file is a zip archive with a password: unpack it and send the workbook")
    if any(_plain(name) == "xl/workbook.bin" for name in names):
        raise Unreadable("the file is a binary workbook (.xlsb): save it as .xlsx")
    if len(set(map(_plain, names))) < len(names):
        raise Unreadable("the workbook has a part twice: it is damaged; save it again")
    if "[Content_Types].xml" not in names and "content.xml" not in names:
        raise Unreadable("the file is a zip archive and not a workbook: unpack it and send the sheet")
    found = _Found()
    left = MOST_UNPACKED
    for entry in entries:
        left = _look(data, entry, found, left)
    return Parts(_epoch(found, names), tuple(_notes(names)), found.sheets())


@dataclass
class _Found:
    """What was seen in the parts."""

    book: bytes = b""
    relations: bytes = b""
    hidden: dict[str, set[int]] = field(default_factory=dict)
    errors: dict[str, set[str]] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    merged: dict[str, list[bytes]] = field(default_factory=dict)

    def look(self, name: str, seen: bytes, length: int) -> None:
        """Look at a piece of a worksheet; ``length`` bytes of it are new."""
        self.hidden.setdefault(name, set()).update(_hidden_rows(seen) if b"hidden" in seen else ())
        self.errors.setdefault(name, set()).update(
            cell.decode() for cell in (_ERROR.findall(seen) if b't="e"' in seen or b"t='e'" in seen else ())
        )
        self.lengths[name] = self.lengths.get(name, 0) + length
        if b"mergeCell" in seen:
            self.merged.setdefault(name, []).extend(_MERGED.findall(seen))
        self._measure(name, seen)

    def _measure(self, name: str, seen: bytes) -> None:
        """How far a sheet reaches. Raises Unreadable when the reader of cells would need too much memory for it."""
        row, column = self.sizes.get(name, (0, 26))
        row = max(row, max(map(int, (*_AT_ROW.findall(seen), *_DEEP.findall(seen))), default=0))
        column = max(column, max((column_of(found.decode().upper()) + 1 for found in set(_WIDE.findall(seen))), default=0))
        self.sizes[name] = row, column
        if row * column > MOST_CELLS:
            raise Unreadable(_FAR.format(row=row, column=letters(column - 1)))

    def sheets(self) -> dict[str, About]:
        """By the name of the sheet."""
        targets = {}
        for tag in _RELATION.findall(self.relations):
            if (key := _RELATION_ID.search(tag)) and (target := _TARGET.search(tag)):
                targets[key[2]] = target[2].decode(errors="replace").removeprefix("/xl/")
        found = {}
        for tag in _SHEET.findall(self.book):
            if (name := _NAME.search(tag)) and (key := _ID.search(tag.replace(name[0], b""))):
                path = "xl/" + targets.get(key[2], "")
                about = About(
                    frozenset(self.errors.get(path, ())),
                    tuple(_hidden(self.hidden.get(path, set()))),
                    path,
                    self.lengths.get(path, 0),
                    tuple(map(_area, self.merged.get(path, ())))[:_MOST_MERGED],
                )
                found[unescape(name[2].decode(errors="replace"), _QUOTES)] = about
        return found


def _look(data: bytes, entry: zipfile.ZipInfo, found: _Found, left: int) -> int:
    """Unpack one part, whatever size it claims. Returns how many bytes the others may have."""
    name = _plain(entry.filename)
    is_sheet = name.startswith("xl/worksheets/") and "/_rels/" not in name
    before, table = b"", Repeats()
    for chunk in unpacked(data, entry):
        left -= len(chunk)
        if left < 0:
            raise Unreadable(f"the file unpacks to over {MOST_UNPACKED // 1_000_000} MB: it is damaged, or made to fill a disk")
        if name == "xl/workbook.xml":
            found.book += chunk
        elif name == "xl/_rels/workbook.xml.rels":
            found.relations += chunk
        elif is_sheet or "/externallinks/" in name:
            found.look(entry.filename, before + chunk, len(chunk))
        elif name == "content.xml":
            table.look(chunk)
        else:
            _refuse(name, before + chunk)
        if len(found.book) + len(found.relations) > _MOST_OF_LISTS:
            raise Unreadable("the workbook is damaged: open it in your spreadsheet program and save it again")
        before = chunk[-_OVERLAP:]
    return left


def _refuse(name: str, seen: bytes) -> None:
    """Raise Unreadable for a password, and for cells that were not measured."""
    if _CELLS.search(seen):
        raise Unreadable(_ELSEWHERE)
    if name == "meta-inf/manifest.xml" and b"encryption-data" in seen:
        raise Unreadable(_LOCKED)


def _plain(name: str) -> str:
    """The name of a part as the reader of cells finds it: in small or large letters."""
    return name.replace("\\", "/").lower()


def unpacked(data: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a part in pieces of a limited size."""
    start = entry.header_offset + 30 + sum(int.from_bytes(data[entry.header_offset + at :][:2], "little") for at in (26, 28))
    packed = memoryview(data)[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[at : at + _CHUNK]) for at in range(0, len(packed), _CHUNK))
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise Unreadable("the workbook is packed in a way that spreadsheets do not use: save it again as .xlsx")
    unpack, rest = zlib.decompressobj(-15), bytes(packed)
    try:
        while rest and not unpack.eof:
            yield unpack.decompress(rest, _CHUNK)
            rest = unpack.unconsumed_tail
    except zlib.error as exc:
        raise Unreadable("the file is damaged or was cut off: save it again and copy all of it") from exc


def _hidden_rows(seen: bytes) -> Iterator[int]:
    for tag in _ROW_TAG.findall(seen):
        if _IS_HIDDEN.search(tag) and (number := _ROW.match(tag)):
            yield int(number[1])


def _area(merged: bytes) -> tuple[int, int, int, int]:
    """``A1:B2`` as first row, first column, last row, last column."""
    first, last = merged.decode().split(":")
    return int(first.lstrip(ascii_uppercase)), column_of(first), int(last.lstrip(ascii_uppercase)), column_of(last)


def _epoch(found: _Found, names: list[str]) -> date | None:
    if "xl/workbook.xml" not in names:
        return None
    return _EPOCH_1904 if _IS_1904.search(found.book) else _EPOCH


def _notes(names: list[str]) -> Iterator[str]:
    if any(name.endswith("vbaProject.bin") or name.startswith("Basic/") for name in names):
        yield "the workbook has macros: they are ignored"
    if any("externalLinks/" in name for name in names):
        yield "the workbook has links to other files: the values that are stored in it are read, nothing is fetched"
    if any(name.startswith(("xl/comments", "xl/threadedComments")) for name in names):
        yield "the workbook has comments: they are not read and not sent"


def _hidden(rows: set[int]) -> Iterator[str]:
    if rows:
        first = ", ".join(map(str, sorted(rows)[:5])) + (", ..." if len(rows) > 5 else "")  # noqa: PLR2004 - five examples
        yield f"hidden rows are read too: {len(rows):,} ({first})"
