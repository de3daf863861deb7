"""Puts the fields of a case beside the cells that they were read from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from string import ascii_uppercase
from typing import NamedTuple

from mekong.producers.sheets.cases import Case
from mekong.producers.sheets.cells import Row, column_of, words
from mekong.producers.sheets.table import Table

_NOT_SHOWN = ("message_type", "schema_version", "agency", "case_no")


class FieldAndCell(NamedTuple):
    """A field of a message."""

    path: str
    """As receipts name it."""
    value: object
    cell: str
    """Such as ``D7``; empty, like the two below, for a constant of the layout."""
    heading: str
    written: str
    """What the cell has."""


def rows_of(cases: Iterable[Case], table: Table) -> dict[int, Row]:
    """Number -> row, for the first cases of a table. It reads the table again up to the last row of them."""
    last = max((row for case in cases for row in case.rows), default=0)
    return {row.number: row for row in islice(table.sheet.rows(), last) if isinstance(row, Row)}


def side_by_side(case: Case, table: Table, rows: Mapping[int, Row]) -> Iterator[FieldAndCell]:
    """The fields of a case, without those that are the same in each. ``rows``: as ``rows_of`` gives them."""
    for path, value in _flat(case.message or {}):
        cell = (case.cells or {}).get(path, "")
        if not cell:
            yield FieldAndCell(path, value, "", "", "")
            continue
        at, row = column_of(cell), rows.get(int(cell.lstrip(ascii_uppercase)))
        written = words(row.values[at]) if row and at < len(row.values) else ""
        yield FieldAndCell(path, value, cell, table.headings.names.get(at, ""), written)


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        for number, part in enumerate(value):
            yield from _flat(part, f"{path}.{number}")
    elif path not in _NOT_SHOWN:
        yield path, value
