"""Looks through an .xls file before it is read: refuses one that is damaged or that would fill the memory. Pure.

The reader of cells trusts the sizes that such a file states, and a false size ends the process. So each record that states one is checked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from mekong.producers.sheets.refused import Unreadable

MOST_COLUMNS = 256
MOST_ROWS = 65_536
"""What a sheet of this kind can have."""
_DAMAGED = "the workbook is damaged: open it in your spreadsheet program and save it again as .xlsx"
_FREE = 0xFFFFFFFA
"""Numbers of sectors from here on are marks."""
_MOST_SECTORS = 200_000
_ENTRY = 128
_DIMENSIONS, _TEXTS, _PASSWORD_MARK = 0x0200, 0x00FC, 0x002F
_CELLS = frozenset({0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00BD, 0x00BE, 0x00FD})
_SHORTEST_TEXT = 3
"""Bytes of a text: its length and its flags."""


def check(data: bytes) -> None:
    """Raise Unreadable when the file cannot be read safely."""
    try:
        book = _stream(data)
        for kind, body in _records(book):
            _check_record(kind, body, len(book))
    except (struct.error, IndexError, ValueError, StopIteration) as exc:
        raise Unreadable(_DAMAGED) from exc


def _check_record(kind: int, body: bytes, size: int) -> None:
    if kind == _PASSWORD_MARK:
        raise Unreadable("the file has a password: open it in Excel, remove the password, and save it as .xlsx")
    if not _is_possible(kind, body, size):
        raise Unreadable(_DAMAGED)


def _is_possible(kind: int, body: bytes, size: int) -> bool:
    """Whether the sizes and places of a record can be true in a stream of ``size`` bytes."""
    if kind == _DIMENSIONS:
        first, last, left, right = struct.unpack_from("<IIHH", body)
        return bool(first <= last <= MOST_ROWS and left <= right <= MOST_COLUMNS)
    if kind == _TEXTS:
        return bool(struct.unpack_from("<II", body)[1] <= size // _SHORTEST_TEXT)
    return kind not in _CELLS or struct.unpack_from("<HH", body)[1] < MOST_COLUMNS


def _records(book: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        if not kind and not length:  # what is left of the last sector
            return
        if at + 4 + length > len(book):
            raise ValueError("a record goes beyond the end")
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def _stream(data: bytes) -> bytes:
    """The stream of the workbook in the compound file."""
    if struct.unpack_from("<H", data, 30)[0] not in (9, 12) or struct.unpack_from("<H", data, 32)[0] != 6:  # noqa: PLR2004 - 512 or 4,096; 64
        raise ValueError("no such sectors exist")
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    table = _table(data, size)
    start, cutoff, mini_start = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 60))
    directory = _joined(data[size:], start, table, size)
    entries = [directory[at : at + _ENTRY] for at in range(0, len(directory), _ENTRY)]
    found = next(entry for entry in entries if _name(entry) in ("Workbook", "Book"))
    first, length = struct.unpack_from("<II", found, 116)
    if length >= cutoff:
        return _joined(data[size:], first, table, size)[:length]
    minis = _joined(data[size:], mini_start, table, size)
    short = struct.unpack(f"<{len(minis) // 4}I", minis[: len(minis) // 4 * 4])
    inner = _joined(data[size:], struct.unpack_from("<I", entries[0], 116)[0], table, size)
    return _joined(inner, first, short, 64)[:length]


def _table(data: bytes, size: int) -> tuple[int, ...]:
    """Which sector comes after each."""
    places = list(struct.unpack_from("<109I", data, 76))
    more = struct.unpack_from("<I", data, 68)[0]
    while more < _FREE and len(places) < _MOST_SECTORS:
        *found, more = struct.unpack_from(f"<{size // 4}I", data, size * (more + 1))
        places += found
    return tuple(number for place in places if place < _FREE for number in struct.unpack_from(f"<{size // 4}I", data, size * (place + 1)))


def _joined(sectors: bytes, start: int, table: tuple[int, ...], size: int) -> bytes:
    """The sectors of a chain. Raises ValueError when it has a ring in it, or goes beyond the file."""
    found, seen = [], set()
    while start < _FREE:
        if start in seen or size * start >= len(sectors):
            raise ValueError("the chain is broken")
        seen.add(start)
        found.append(sectors[size * start : size * (start + 1)])
        start = table[start]
    return b"".join(found)


def _name(entry: bytes) -> str:
    length = min(64, struct.unpack_from("<H", entry, 64)[0])
    return entry[: max(0, length - 2)].decode("utf-16-le", errors="replace")
