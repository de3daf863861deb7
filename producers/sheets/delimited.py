"""Reads a CSV file: its encoding, its delimiter, and its rows as a spreadsheet would number them. Pure.

A cell may have line ends. A quote that is never closed costs the one line in which it opens.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

from mekong.producers.sheets.cells import Fault, Row, Sheet
from mekong.producers.sheets.encodings import decoded
from mekong.producers.sheets.refused import Unreadable
from mekong.schemas.rejected import Reason

_DELIMITERS = ",;\t|"
_MOST_LINES = 50
"""Of one row."""
_LOOKED_AT = 40


def delimited(data: bytes, encoding: str = "") -> Sheet:
    """The one table of a CSV file. Raises Unreadable."""
    text, note = decoded(data, encoding)
    if not text.strip():
        raise Unreadable("the file is empty")
    lines = text.split("\n")
    delimiter = _delimiter(lines[:_LOOKED_AT])
    return Sheet(name="", rows=lambda: _rows(lines, delimiter), notes=(note,) if note else ())


def _delimiter(lines: list[str]) -> str:
    """The one that splits most lines into several cells, and of two the one that makes more of them."""
    counts = {one: [line.count(one) for line in lines] for one in _DELIMITERS}
    return max(_DELIMITERS, key=lambda one: (sum(count > 0 for count in counts[one]), sum(counts[one])))


def _rows(lines: list[str], delimiter: str) -> Iterator[Row | Fault]:
    number = 0
    waiting = deque(enumerate(lines))
    last = len(lines) - 1
    while waiting:
        index, line = waiting.popleft()
        if index == last and not line:
            return
        number += 1
        cells = _cells([line], delimiter)
        taken: list[tuple[int, str]] = []
        while cells is None and waiting and len(taken) < _MOST_LINES:
            taken.append(waiting.popleft())
            cells = _cells([f"{line}\n", *(f"{more}\n" for _, more in taken)], delimiter)
        if cells is None:
            waiting.extendleft(reversed(taken))
            why = "a quotation mark in the row is not closed: remove it, or write it twice"
            yield Fault(number, "", "row", Reason.BAD_ROW, why)
        else:
            yield Row(number, tuple(cells))


def _cells(lines: list[str], delimiter: str) -> list[str] | None:
    """The cells of one row; None when a quoted cell has no end."""
    try:
        rows = list(csv.reader((line.replace("\r\n", "\n").removesuffix("\r") for line in lines), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else [] if not rows else None
