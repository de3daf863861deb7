"""Keeps which rows and worksheets of a file were not read as cases. A case in one of them is not missing. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mekong.producers.questions import Examples

_ROWS = "Rows were passed over and have no case number. Their cases may be among those that would be withdrawn"
_SHEETS = "Further sheets of the workbook, also hidden ones, are not read. Their cases may be among those that would be withdrawn"


class Passed(NamedTuple):
    """What was not read."""

    numbers: frozenset[str] = frozenset()
    """The case numbers of rows that were passed over: totals, notes, rows that the layout does not want."""
    rows: tuple[int, ...] = ()
    """Rows that were passed over and have no case number."""
    sheets: int = 0
    """Further worksheets."""

    def doubts(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Why it is not plain which cases are missing: a sentence, and its first examples."""
        rows = Examples()
        for row in self.rows:
            rows.add(f"row {row}")
        for question in rows.question(_ROWS):
            yield question.said, question.examples
        if self.sheets:
            yield f"{_SHEETS} ({self.sheets:,})", ()
