"""Defines what a table is once it is read: ``Sheet``, ``Row``, the values of cells, and their references such as ``C7``. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from string import ascii_uppercase
from typing import NamedTuple

from mekong.schemas.rejected import Reason

Value = str | int | float | bool | date | datetime | time | timedelta
"""What a cell holds, as it is stored. An empty cell is an empty text."""
_LETTERS = 26
MOST_BRIEF = 200
"""Characters of a heading in a finding."""


class Row(NamedTuple):
    """One row of a sheet. ``values[0]`` is column A."""

    number: int
    """Counted from 1, as a spreadsheet shows it."""
    values: tuple[Value, ...]


class Fault(NamedTuple):
    """What is wrong with one cell, or with a row when ``cell`` is empty."""

    row: int
    cell: str
    """``C7``."""
    field: str
    """The heading of the column."""
    reason: Reason
    detail: str
    """What to do, without the cell and without the words of the cell."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One table of a file."""

    name: str
    """Empty for a CSV file."""
    rows: Callable[[], Iterator[Row | Fault]]
    """The rows from the first one, each time it is called. A ``Fault`` is a row that cannot be split into cells."""
    epoch: date | None = None
    """What the serial number 0 of a date is; None when the file does not say it."""
    errors: frozenset[str] = frozenset()
    """Cells whose formula has an error for a value."""
    merged: tuple[tuple[int, int, int, int], ...] = ()
    """First row, first column, last row, last column (from 1, and columns from 0) of each group of merged cells."""
    notes: tuple[str, ...] = field(default=())
    """What a person is told about the file."""
    hidden: int = 0
    """Hidden worksheets of the file, without our own."""


@lru_cache(maxsize=1_024)
def letters(column: int) -> str:
    """``0`` is ``A``, ``26`` is ``AA``."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, _LETTERS)
        found = chr(ord("A") + rest) + found
    return found


def reference(row: int, column: int) -> str:
    """``C7`` is row 7, column 2."""
    return f"{letters(column)}{row}"


def column_of(cell: str) -> int:
    """The index of the column of ``C7``: 2."""
    found = 0
    for letter in cell.rstrip("0123456789"):
        found = found * _LETTERS + ord(letter) - ord("A") + 1
    return found - 1


def row_of(cell: str) -> int:
    """The row of ``C7``: 7; 0 without a cell."""
    return int(cell.lstrip(ascii_uppercase) or 0)


def brief(text: str) -> str:
    """A heading or a cell as a finding repeats it, 200 characters at most: one long heading is in thousands of findings."""
    return text if len(text) <= MOST_BRIEF else f"{text[: MOST_BRIEF - 1]}…"


def words(value: Value) -> str:
    """A value as the text that a person would type."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - a spreadsheet keeps 15 digits
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)
