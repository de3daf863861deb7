"""The rows of a case -> the same rows sealed, so that the case comes back as it is, and what the official columns do not carry. Pure.

The rows are read by the reader of sheets itself: with the layout of the same name, to see what the official columns give, and with their
seal, to see that the case comes back. So no list says what a format can hold: the reader does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mekong.producers.sheets.built import Built
from mekong.producers.sheets.cells import Row, Sheet, words
from mekong.producers.sheets.exported import refused
from mekong.producers.sheets.headings import bind
from mekong.producers.sheets.layout import shipped_layout
from mekong.producers.sheets.messages import message_of
from mekong.producers.sheets.rows import RowReader
from mekong.producers.sheets.seal import cells_of, rests
from mekong.schemas.messages import Envelope, Line, SeizureContent
from mekong.schemas.sheet_words import EXPORTED
from mekong.sinks.exports.shape import Case, Cell, SheetExport, Shown, of_exchange
from mekong.sinks.exports.workbook import MOST_TEXT, escaped, shown

_ENVELOPE = {"schema_version", "agency", "case_no", "reported_at", "revision", "message_type"}
_OF_A_CASE = frozenset({*Envelope.model_fields, *SeizureContent.model_fields} - _ENVELOPE - {"lines"})
_OF_A_LINE = frozenset(Line.model_fields)
_ROW_NUMBER = "Row Number"
_USUAL: Mapping[str, Any] = {
    "quantity_kind": "exact",
    "confidence": "alleged",
    "simulated": False,
    "tlp": "TLP:AMBER",
    "handling_code": "H1",
}
"""What a message means where it does not have the field (schemas/messages.py)."""


class Comeback(NamedTuple):
    """The rows of one case, complete, and what is said of them."""

    rows: Sequence[Mapping[str, Cell]]
    not_carried: frozenset[str]
    """The fields that the official columns do not give exactly."""
    fault: str = ""
    """Why the case cannot come back. It has no seal then."""


class Rereader:
    """Completes the rows of a sheet, from its first one, and reads them as they will be read when the sheet comes back."""

    def __init__(self, export: SheetExport) -> None:
        self._export, self._layout = export, shipped_layout(export.name)
        sheet = Sheet(name=export.name, rows=lambda: iter([Row(1, export.all_headings)]))
        self._reader = RowReader(sheet, self._layout, bind(sheet, self._layout))
        self._rows = 0

    def complete(self, case: Case, rows: Sequence[Shown]) -> Comeback:
        """The rows with the columns of the exchange."""
        found = [self._numbered({**_safe(row.cells), **_safe(of_exchange(case))}) for row in rows]
        content = {**case.content, "message_type": "seizure"}
        texts = list(rests([cells_of(cells.items()) for cells in found], content))
        fault = _fault(case, content, found, texts)
        sealed = [{**cells, EXPORTED["rest"]: "" if fault else text} for cells, text in zip(found, texts, strict=True)]
        return Comeback(sealed, self._not_carried(case, rows, found), fault)

    def withdrawn(self, case: Case) -> Mapping[str, Cell]:
        """The row of a case that was withdrawn."""
        cells = self._numbered(_safe(of_exchange(case)))
        (text,) = rests([cells_of(cells.items())], None)
        return {**cells, EXPORTED["rest"]: text}

    def _numbered(self, cells: Mapping[str, Cell]) -> Mapping[str, Cell]:
        """With the number of the row, for a format that has a column for it."""
        self._rows += 1
        return {_ROW_NUMBER: self._rows, **cells} if _ROW_NUMBER in self._export.headings else cells

    def _not_carried(self, case: Case, rows: Sequence[Shown], found: Sequence[Mapping[str, Cell]]) -> frozenset[str]:
        built = self._read(case, found)
        if built.faults:
            return frozenset(fault.field for fault in built.faults)
        return frozenset(_fields(case.content, rows, built.message))

    def _read(self, case: Case, rows: Sequence[Mapping[str, Cell]]) -> Built:
        headings = self._export.all_headings
        read = [Row(number, tuple(cells.get(heading, "") for heading in headings)) for number, cells in enumerate(rows, 2)]
        entries = [self._reader.read(row) for row in read]
        return message_of(case.case_no, case.agency, entries, one_row=self._layout.case.rows == "one")


def _fault(case: Case, content: Mapping[str, Any], rows: Sequence[Mapping[str, Cell]], texts: Sequence[str]) -> str:
    """Why the case cannot come back; empty when it can."""
    if max(map(len, texts)) > MOST_TEXT:
        return "it has more than a cell of a spreadsheet holds"
    if any(escaped(cell) for cells in rows for cell in cells.values()):
        return "a text has the form _x0041_, which spreadsheet programs read as another one"
    if any(words(cells[EXPORTED["case_no"]]) != case.case_no for cells in rows):
        return "its number has signs that cannot be in a cell"
    return refused(content, case.agency, case.case_no)


def _safe(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    return {heading: shown(cell) for heading, cell in cells.items()}


def _fields(content: Mapping[str, Any], rows: Sequence[Shown], read: Mapping[str, Any]) -> Iterator[str]:
    """The fields, as receipts name them, that the rows do not give exactly."""
    yield from _changed(read, content, _OF_A_CASE)
    if any(row.lines is None for row in rows):
        yield "lines"
        return
    here = [number for row in rows for number in row.lines or ()]
    if len(set(here)) < len(content["lines"]):
        yield "lines"
    for found, number in zip(read["lines"], here, strict=True):
        yield from (f"lines.{name}" for name in _changed(found, content["lines"][number], _OF_A_LINE))


def _changed(read: Mapping[str, Any], meant: Mapping[str, Any], fields: frozenset[str]) -> Iterator[str]:
    """Each field that differs."""
    given, wanted = _stripped(read), _stripped(meant)
    return (name for name in sorted(fields) if given.get(name) != wanted.get(name))


def _stripped(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without what a message need not say."""
    found = {}
    for name, value in record.items():
        kept = _stripped(value) if isinstance(value, Mapping) else value
        if name == "route":
            kept = [_stripped(step) for step in value]
        if kept not in (None, [], {}, ()) and _USUAL.get(name) != kept:
            found[name] = kept
    return found
