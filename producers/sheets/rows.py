"""Reads one row by a layout: its values become fields of a case and of its lines, each with its cell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mekong.producers.sheets.cells import Fault, Row, Sheet, Value, reference, words
from mekong.producers.sheets.dates import Habit
from mekong.producers.sheets.fields import FIELDS, OF_A_LINE
from mekong.producers.sheets.headings import Bound, Headings
from mekong.producers.sheets.layout import Layout
from mekong.producers.sheets.readings import Wrong, converted
from mekong.schemas.rejected import Reason


class Given(NamedTuple):
    """A value of a field, and the cell that it is from."""

    value: Any
    cell: str = ""


Fields = dict[str, Given]


@dataclass
class Entry:
    """One row, understood."""

    number: int
    case: Fields = field(default_factory=dict)
    lines: list[Fields] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass
class RowReader:
    """Reads the rows of one sheet. ``left_out`` counts, for each heading, the values that were not on a code list and are not sent."""

    sheet: Sheet
    layout: Layout
    headings: Headings
    left_out: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.habit = Habit(self.layout.dates.order, self.layout.dates.calendar, self.sheet.epoch)

    def read(self, row: Row) -> Entry:
        """A row with all its faults."""
        entry = Entry(row.number, faults=list(self._cut_off(row)))
        shared: Fields = {}
        own: dict[str, Fields] = {}
        for bound in self.headings.bound:
            values = dict(self._values(row, bound, entry))
            line = own.setdefault(bound.column.line, {}) if bound.column.line else shared
            if "quantity" in values and "quantity" in line:
                continue  # of several columns the first counts, and its unit
            for name, given in values.items():
                if name == "unit":
                    entry.faults += _of_two_units(row, bound, given, (line, shared))
                _add(line if name in OF_A_LINE else entry.case, name, given)
        for name, constant in self.layout.constants.items():
            _add(shared if name in OF_A_LINE else entry.case, name, Given(self._constant(name, constant)))
        entry.lines = list(self._lines(shared, own))
        return entry

    def text_of(self, row: Row, name: str) -> tuple[str, Bound] | None:
        """The words of the first cell with a value for a field."""
        for bound in self.headings.bound:
            if bound.column.field == name and (text := words(value_at(row, bound.at))):
                return text, bound
        return None

    def _cut_off(self, row: Row) -> Iterator[Fault]:
        width = self.headings.width
        if not self.sheet.name and len(row.values) < width:  # a workbook has no end of a row
            why = f"the row has {len(row.values)} cells, and the headings have {width}: the file is perhaps cut off here"
            yield Fault(row.number, "", "row", Reason.BAD_ROW, why)

    def _values(self, row: Row, bound: Bound, entry: Entry) -> Iterator[tuple[str, Given]]:
        value = value_at(row, bound.at)
        cell = reference(row.number, bound.at)
        if self.sheet.errors and cell in self.sheet.errors:
            why = "the formula of the cell has an error: write the value"
            entry.faults.append(Fault(row.number, cell, bound.heading, Reason.INVALID_VALUE, why))
            return
        if isinstance(value, str) and not value.strip() and not (value := bound.column.empty):
            return
        found = converted(value, bound.column, self.habit, self.layout.numbers.decimal)
        if isinstance(found, Wrong):
            if found.may_be_left_out and bound.column.unknown != "refuse":
                if bound.column.unknown == "leave out":
                    self.left_out[bound.heading] = self.left_out.get(bound.heading, 0) + 1
                return
            entry.faults.append(Fault(row.number, cell, bound.heading, found.reason, found.detail))
            return
        for name, part in found.items():
            yield name, Given(part, cell)
        if "quantity" in found and "unit" not in found and bound.column.unit:
            yield "unit", Given(bound.column.unit)

    def _constant(self, name: str, text: str) -> Any:
        return (text,) if FIELDS[name].kind == "codes" else text

    def _lines(self, shared: Fields, own: Mapping[str, Fields]) -> Iterator[Fields]:
        """The lines of a row: those that have a quantity, or one without."""
        names = self.layout.lines or {"": {}}
        with_quantity = [name for name in names if "quantity" in own.get(name, {})]
        if not with_quantity and len(names) > 1:
            yield dict(shared)
            return
        for name in with_quantity or names:
            constants = {field: Given(text) for field, text in names[name].items()}
            yield {**constants, **shared, **own.get(name, {})} if name else shared


def value_at(row: Row, index: int) -> Value:
    """A cell of a row; empty where the row is shorter."""
    return row.values[index] if index < len(row.values) else ""


def _of_two_units(row: Row, bound: Bound, given: Given, before: Iterable[Fields]) -> Iterator[Fault]:
    """The fault of a unit that is not the one of another cell of the row. The unit of a layout is only for where no cell has one."""
    others = [fields["unit"] for fields in before if "unit" in fields]
    other = next((one for one in others if one.cell and given.cell and one.value != given.value), None)
    if other is not None:
        why = f"has the unit {given.value}, and {other.cell} has the unit {other.value}: leave only the right one"
        yield Fault(row.number, given.cell, bound.heading, Reason.BAD_QUANTITY, why)


def _add(fields: Fields, name: str, given: Given) -> None:
    """Of several columns for one field, the first with a value counts; of a list, all. A cell counts before the unit of the layout."""
    if name not in fields or (name == "unit" and given.cell and not fields[name].cell):
        fields[name] = given
    elif FIELDS[name].kind == "codes":
        before = fields[name]
        fields[name] = Given(tuple(dict.fromkeys((*before.value, *given.value))), before.cell)
