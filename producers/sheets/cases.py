"""Turns the rows of a table into cases: rows with the same case number are lines of one case. Pure.

A case is given when its last row was read. So rows of one case may be apart, and only the cases that are not complete are in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson

from mekong.producers.passed import Passed
from mekong.producers.sheets.built import Built
from mekong.producers.sheets.cells import Fault, Row
from mekong.producers.sheets.dates import written
from mekong.producers.sheets.exported import Exported
from mekong.producers.sheets.messages import message_of
from mekong.producers.sheets.refused import Unreadable
from mekong.producers.sheets.rows import Entry, RowReader
from mekong.producers.sheets.skipping import Skipping
from mekong.producers.sheets.table import Table
from mekong.schemas.rejected import Reason
from mekong.schemas.text import plain
from mekong.schemas.times import EventTime


@dataclass(frozen=True)
class Case:
    """What one case of a sheet becomes: a message, or faults."""

    case_no: str
    """Empty when it cannot be read."""
    rows: tuple[int, ...]
    agency: str | None = None
    message: Mapping[str, Any] | None = None
    """None when there are faults."""
    time: EventTime | None = None
    cells: Mapping[str, str] | None = None
    """A field of the message, as receipts name it (``lines.0.quantity``) -> its cell."""
    faults: tuple[Fault, ...] = ()
    by_edition: bool = True
    """Whether the edition of the sheet orders it. Not of an exported case: an old export must undo nothing."""

    @property
    def where(self) -> str:
        """How reports name it: by its first row."""
        return f"row {self.rows[0]}"


class Cases:
    """The cases of one table, read once."""

    def __init__(self, table: Table, agency: str | None = None) -> None:
        """``agency`` is the sender; without it the layout, the template or a column names it.

        Raises Unreadable when the template is of another sender.
        """
        self._table = table
        made_for = table.template.agency if table.template else ""
        self._agency = agency or table.layout.agency or made_for or None
        if made_for and self._agency != made_for:
            said = "--agency" if agency else f"the layout {table.layout.name}"
            raise Unreadable(
                f"the sheet was made for {made_for}, and {said} says {self._agency}: leave out the agency to send for {made_for}, "
                f"or copy the rows into a sheet of `mekong template simple --agency {self._agency}`",
                field="agency",
            )
        self._reader = RowReader(table.sheet, table.layout, table.headings)
        self._skipping = Skipping(table)
        columns = table.headings.exported
        self._exported = Exported(table, columns, self._agency) if columns else None
        self._equal: dict[str, int] = {}
        self._is_empty = False

    def __iter__(self) -> Iterator[Case]:
        if self._exported is None:
            yield from self._read()
            return
        self._is_empty = True
        for back in self._exported:
            self._is_empty = False
            yield _case_of(*back)

    def _read(self) -> Iterator[Case]:
        last = self._last_rows()
        waiting: dict[str, list[Entry]] = {}
        self._is_empty = True
        for row in self._rows():
            self._is_empty = False
            if isinstance(row, Fault):
                yield Case("", (row.row,), self._agency, faults=(row,))
                continue
            entry = self._reader.read(row)
            case_no = self._case_no(row, entry)
            if not case_no:
                yield Case("", (row.number,), self._agency, faults=(*entry.faults, *self._no_number(row, entry)))
                continue
            entries = waiting.setdefault(case_no, [])
            entries.append(entry)
            if last.get(case_no, row.number) == row.number:
                yield self._case(case_no, waiting.pop(case_no))

    def notes(self) -> Iterator[str]:
        """Sentences about the sheet, for the person who sends it, after it was read."""
        table = self._table
        if self._is_empty:
            yield "no rows are filled in"
        yield from table.notes()
        yield from (self._exported or self._skipping).notes()
        for heading, count in self._reader.left_out.items():
            yield f"column {heading}: values that are not on its code list, not sent: {count:,}"

    def passed(self) -> Passed:
        """What was not read as cases, after the sheet was read."""
        return (self._exported or self._skipping).passed()

    def _rows(self) -> Iterator[Row | Fault]:
        return self._skipping.rows()

    def _last_rows(self) -> dict[str, int]:
        """The last row of each case number that occurs several times."""
        identity = self._table.layout.case.identity
        if identity == "content" and not self._table.headings.has_numbers:
            return {}
        found: dict[str, int] = {}
        for row in self._rows():
            if not isinstance(row, Fault) and (case_no := self._number(row) if identity == "content" else self._case_no(row, None)):
                found[case_no] = row.number
        self._skipping.begin_again()
        self._reader.left_out.clear()
        return found

    def _number(self, row: Row) -> str:
        """The number of the case in the row; empty without one."""
        found = self._reader.text_of(row, "case_no")
        return plain(found[0]) if found else ""

    def _case_no(self, row: Row, entry: Entry | None) -> str:
        number = self._number(row) if entry is None else entry.case["case_no"].value if "case_no" in entry.case else ""
        identity = self._table.layout.case.identity
        if number or identity is None:
            return number
        entry = entry or self._reader.read(row)
        if entry.faults:
            return ""
        if identity == "content":
            stem = _hash(_content(entry))
            self._equal[stem] = number = self._equal.get(stem, 0) + 1
            return stem if number == 1 else f"{stem}-{number}"
        every = {**entry.case, **(entry.lines[0] if entry.lines else {})}
        parts = [(name, every[name].value) for name in identity if name in every]
        return _hash(parts) if parts else ""

    def _case(self, case_no: str, entries: list[Entry]) -> Case:
        rows = tuple(entry.number for entry in entries)
        built = message_of(case_no, self._agency, entries, one_row=self._table.layout.case.rows == "one")
        return _case_of(case_no, rows, built, by_edition=True)

    def _no_number(self, row: Row, entry: Entry) -> Iterator[Fault]:
        """The fault of a row whose case is unknown, when nothing else says so."""
        if entry.faults:
            return
        bound = next((bound for bound in self._table.headings.bound if bound.column.field == "case_no"), None)
        cell = "" if bound is None else self._table.cell(row.number, bound)
        heading = "case_no" if bound is None else bound.heading
        yield Fault(
            row.number, cell, heading, Reason.MISSING_FIELD, "the case number is missing: write it, and the same in all rows of a case"
        )


def _case_of(case_no: str, rows: tuple[int, ...], built: Built, *, by_edition: bool = False) -> Case:
    if built.faults:
        return Case(case_no, rows, built.agency, faults=tuple(built.faults))
    return Case(case_no, rows, built.agency, built.message, built.time, built.cells, by_edition=by_edition)


def _content(entry: Entry) -> Iterator[tuple[str, Any]]:
    """All that a row says."""
    yield from sorted((name, given.value) for name, given in entry.case.items())
    for number, line in enumerate(entry.lines):
        yield from sorted((f"{number}.{name}", given.value) for name, given in line.items())


def _same(value: Any) -> str:
    """A value as a text that does not depend on how it was typed: 1.50 is 1.5."""
    if isinstance(value, EventTime):
        return written(value)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _hash(parts: Iterable[tuple[str, Any]]) -> str:
    """A case number for a case without one."""
    text = orjson.dumps([(name, _same(value)) for name, value in parts])
    return "S-" + blake2b(text, digest_size=10).hexdigest().upper()
