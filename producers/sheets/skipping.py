"""Passes over the rows of a table that are not cases: blank rows, totals, footers, and rows that the layout does not want. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mekong.producers.passed import Passed
from mekong.producers.sheets.cells import Fault, Row, words
from mekong.producers.sheets.footers import has_digits, names_a_footer
from mekong.producers.sheets.rows import value_at
from mekong.producers.sheets.spellings import key
from mekong.producers.sheets.table import Table
from mekong.schemas.columns import EXAMPLE
from mekong.schemas.damage import names_a_total
from mekong.schemas.sheet_words import OUR_HEADINGS
from mekong.schemas.text import plain

_EXAMPLES = 5
_FACTS = ("seized_at", "seized_at.year", "quantity")
"""A row of a signature has none of them."""
_SHOWN = frozenset(map(key, EXAMPLE.values()))
"""The first cell of the row that shows how to fill in a template."""


class Skipping:
    """The rows of one table that are cases. It counts the others."""

    def __init__(self, table: Table) -> None:
        skip = table.layout.skip
        self._table = table
        self._starts, self._end = tuple(map(key, skip.starts)), tuple(map(key, skip.end))
        self._only = [
            (
                [index for index, name in table.headings.names.items() if key(name) in set(map(key, match.headings))],
                set(map(key, match.values)),
            )
            for match in table.layout.only
        ]
        self._ours = {index for index, name in table.headings.names.items() if name in OUR_HEADINGS}
        self._numbers = [bound.at for bound in table.headings.bound if bound.column.field == "case_no"]
        self._facts = [bound.at for bound in table.headings.bound if bound.column.field in _FACTS]
        self.begin_again()

    def begin_again(self) -> None:
        """Forget what was counted: the rows are read once more."""
        self._not_wanted = 0
        self._totals: list[int] = []
        self._in_footer = False
        self._cases: set[str] = set()
        self._unknown: list[int] = []

    def rows(self) -> Iterator[Row | Fault]:
        """The rows below the headings, without those that are not cases."""
        is_read = True
        for row in self._table.sheet.rows():
            if isinstance(row, Fault):
                if is_read and row.row > self._table.headings.row:
                    yield row
                elif not is_read:
                    self._unknown.append(row.row)
                continue
            if row.number <= self._table.headings.row or not (first := self._first(row)):
                continue
            if is_read and self._end and key(first).startswith(self._end):
                self._totals.append(row.number)
                is_read = False
            if is_read and self._is_case(row, first):
                yield row
            else:
                self._pass(row)

    def _is_case(self, row: Row, first: str) -> bool:
        start = key(first)
        if start in _SHOWN:
            return False
        if names_a_total(first) or (self._starts and start.startswith(self._starts)) or self._is_footer(row, first):
            self._totals.append(row.number)
            return False
        if not all(any(key(words(value_at(row, index))) in values for index in indexes) for indexes, values in self._only):
            self._not_wanted += 1
            return False
        return True

    def _is_footer(self, row: Row, first: str) -> bool:
        """A row that says who made the table and has no date and no quantity; also names below it. What has a digit ends the footer."""
        if names_a_footer(first):
            facts = [index for index in self._facts if words(value_at(row, index)) != first]
            self._in_footer = not (facts and has_digits(row, *facts))
        elif self._in_footer:
            self._in_footer = not has_digits(row)
        return self._in_footer

    def _pass(self, row: Row) -> None:
        if number := self._number(row):
            self._cases.add(number)
        else:
            self._unknown.append(row.number)

    def _number(self, row: Row) -> str:
        """The case number of a row; empty when it has none."""
        return next((plain(text) for index in self._numbers if (text := words(value_at(row, index)))), "")

    def passed(self) -> Passed:
        """What was passed over, and what is not read at all."""
        return Passed(frozenset(self._cases), tuple(self._unknown), self._table.unread)

    def notes(self) -> Iterator[str]:
        """What was passed over."""
        if self._totals:
            shown = ", ".join(map(str, self._totals[:_EXAMPLES])) + (", ..." if len(self._totals) > _EXAMPLES else "")
            yield f"rows that are totals or notes below the table, not sent: {len(self._totals):,} ({shown})"
        if self._not_wanted:
            names = ", ".join(match.headings[0] for match in self._table.layout.only)
            yield f"rows that the layout does not want, by {names}, not sent: {self._not_wanted:,}"

    def _first(self, row: Row) -> str:
        """The words of the first cell with a value, without the columns that we add to a marked sheet."""
        return next((text for index, value in enumerate(row.values) if index not in self._ours and (text := words(value))), "")
