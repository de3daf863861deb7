"""Reads any table (.xlsx, .xls, .ods, .csv) by a layout: which column is which field, and how values are written (docs/sheets.md).

A row, or the rows with the same case number, become one seizure. Only the columns that the layout names leave the sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from mekong.producers.parsed import Format, Parsed
from mekong.producers.passed import Passed
from mekong.producers.sheets.cases import Case, Cases
from mekong.producers.sheets.layout import Layout
from mekong.producers.sheets.refused import Unreadable
from mekong.producers.sheets.table import open_table
from mekong.schemas.control import AgencyProfile
from mekong.schemas.rejected import Rejected

NAME = "sheet"
_PURPOSE = "Any table by a layout, of your own or one of the exchange (.xlsx, .xls, .ods, .csv)."


class _Reading:
    """Reads files by one layout, and keeps the notes of the last one."""

    def __init__(self, layout: Layout | None, agency: str | None, encoding: str) -> None:
        self._layout, self._agency, self._encoding = layout, agency, encoding
        self._notes: tuple[str, ...] = ()
        self._passed = Passed()

    def parse(self, chunks: Iterable[bytes]) -> Iterator[Parsed | Rejected]:
        """One message for each case, or the first of its faults."""
        try:
            cases = Cases(open_table(b"".join(chunks), self._layout, self._encoding), self._agency)
            yield from map(item, cases)
            self._notes, self._passed = tuple(cases.notes()), cases.passed()
        except Unreadable as exc:
            yield Rejected(reason=exc.reason, field=exc.field, detail=exc.detail)

    def notes(self) -> tuple[str, ...]:
        """Sentences about the file that was read last, for the person who sends it."""
        return self._notes

    def passed(self) -> Passed:
        """What of the file that was read last was not read as cases."""
        return self._passed


def item(case: Case) -> Parsed | Rejected:
    """A case as it is sent, or why it is not."""
    if case.message is not None:
        return Parsed(case.agency, case.case_no, orjson.dumps(case.message), case.time, case.where, case.by_edition)
    first, *more = case.faults
    cell = f"{first.cell} " if first.cell else ""
    also = f" (also: {', '.join(fault.cell or f'row {fault.row}' for fault in more[:5])})" if more else ""
    return Rejected(
        reason=first.reason, field=first.field, where=f"row {first.row}", detail=f"{cell}{first.detail}{also}", case_no=case.case_no
    )


def sheet_format(layout: Layout | None = None, agency: str | None = None, encoding: str = "") -> Format:
    """The format of one kind of sheet. Without a layout, the shipped one that has the headings of the file."""
    reading = _Reading(layout, agency, encoding)
    variant = "\0".join((layout.digest if layout else "", encoding)) if layout or encoding else ""
    return Format(
        NAME,
        _PURPOSE,
        reading.parse,
        profile,
        sheet=True,
        variant=variant,
        notes=reading.notes,
        passed=reading.passed,
        sends_name=False,
        is_lines=False,
    )


def profile(agency: str) -> AgencyProfile | None:  # noqa: ARG001 - the contract of a format
    """Nothing: the format is everybody's."""
    return None


FORMAT = sheet_format()
