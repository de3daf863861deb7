"""Finds the cell of a fault, and of a field that a receipt or a question names. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mekong.producers.sheets.cases import Case
from mekong.producers.sheets.cells import Fault, brief, column_of, row_of
from mekong.producers.sheets.fields import FIELDS
from mekong.producers.sheets.marking import Finding, Level
from mekong.producers.sheets.table import Table


class Places:
    """The cells of one table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of_fault(self, fault: Fault) -> Finding:
        """What the reader of the sheet found."""
        cell = self._cell_of(fault)
        return Finding("rejected", fault.row, cell, self._heading(cell) or fault.field, fault.reason.value, fault.detail)

    def at(self, case: Case, level: Level, field: str, code: str, sentence: str) -> Finding:
        """A finding about a field of the message, at the cell that it is from."""
        cells = case.cells or {}
        cell = next((cells[name] for name in _names(field) if cells.get(name)), "")
        return Finding(level, row_of(cell) or case.rows[0], cell, self._heading(cell) or field, code, sentence)

    def _cell_of(self, fault: Fault) -> str:
        """The cell of a fault; for a field that is missing, its empty cell."""
        bound = self._table.headings.bound
        if any(one.heading == fault.field and one.at == column_of(fault.cell) for one in bound) or fault.field not in FIELDS:
            return fault.cell
        column = next((one for one in bound if one.column.field == fault.field), None)
        return self._table.cell(fault.row, column) if column else fault.cell

    def _heading(self, cell: str) -> str:
        return brief(self._table.headings.names.get(column_of(cell), "").rstrip(" *")) if cell else ""


def _names(field: str) -> Iterator[str]:
    """The field, the fields that it is in, and for a line without the field the cells that show the line."""
    parts = field.split(".")
    yield from (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    if parts[0] == "lines" and len(parts) > 1:
        yield from (f"lines.{parts[1]}.{name}" for name in ("quantity", "substance_or_taxon"))
