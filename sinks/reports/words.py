"""Writes the values of a briefing in one language: numbers, days, codes. Pure. Every text of a member stays text.

The Vietnamese and Chinese texts are unreviewed, like the labels of the code lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from mekong.schemas import vocabulary, written
from mekong.schemas.languages import Language, texts_in
from mekong.sinks.console.words import plain
from mekong.sinks.reports.shape import Kind, Row, Show

_FOLDER = Path(__file__).parent / "texts"
_FINE = 10
_GRAM = Decimal("0.001")
NOTHING = "-"
"""What is not known."""


class Words(NamedTuple):
    """One language."""

    language: Language

    @property
    def texts(self) -> Mapping[str, str]:
        """Key -> text."""
        return texts_in(_FOLDER, self.language)

    def say(self, key: str, **facts: object) -> str:
        """A text with its facts; a number and a day as the language writes them."""
        return str(plain(self.texts[key].format(**{name: written.fact(value, self.language) for name, value in facts.items()})))

    def number(self, value: float | Decimal) -> str:
        """A number."""
        return written.number(value, self.language)

    def amount(self, value: Decimal) -> str:
        """A quantity: from 10 on without decimals, below with three at most."""
        return written.exact(value if abs(value) >= _FINE else value.quantize(_GRAM), self.language)

    def percent(self, value: float | None) -> str:
        """A change with its sign: +12 %."""
        if value is None:
            return NOTHING
        sign = "+" if value > 0 else "-" if value < 0 else ""
        return f"{sign}{self.number(abs(value))} %"

    def change(self, value: int) -> str:
        """A difference with its sign: +1,200."""
        return f"{'+' if value > 0 else ''}{self.number(value)}"

    def day(self, at: date) -> str:
        """A day."""
        return written.day(at, self.language)

    def label(self, codes: str, code: str) -> str:
        """A code in words."""
        return str(plain(vocabulary.label(codes, code, self.language)))

    def cell(self, column: Show, row: Row) -> str:
        """A cell as people read it."""
        value = row[column.name]
        if isinstance(value, list | tuple):
            return "; ".join(self._one(column, one) for one in value) or NOTHING
        if value is None or value == "":
            return self.texts["all"] if column.name == "commodity_group" and value == "" else NOTHING
        if column.kind is Kind.FEATURE:
            return str(plain(vocabulary.value_of(row["feature"], value, self.language)))
        return self._one(column, value)

    def _one(self, column: Show, value: Any) -> str:
        if column.codes and column.kind not in {Kind.AGENCY, Kind.CODE}:
            return self.label(column.codes, value)
        if column.kind is Kind.SAID:
            return self.texts[f"said_{value}"]
        if column.kind is Kind.WORD:
            return str(vocabulary.FEATURES[value][self.language])
        if column.kind is Kind.DAY:
            return self.day(value)
        if column.kind is Kind.PERCENT:
            return self.percent(value)
        if column.kind is Kind.MEDIAN:
            return self.number(value)
        if isinstance(value, Decimal):
            return self.amount(value)
        return self.number(value) if isinstance(value, int | float) else str(plain(value))
