"""Defines how a table of a briefing is declared: the view that it reads, and how its columns are shown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from mekong.schemas.tables.view import View

Row = Mapping[str, Any]
Rows = Sequence[Row]


class Kind(StrEnum):
    """What is in a column."""

    COUNT = "count"
    KG = "kg"
    AMOUNT = "amount"  # a quantity in the unit that another column names
    MEDIAN = "median"
    PERCENT = "percent"  # a change: +12 %
    DAY = "day"
    TEXT = "text"  # words of a member
    AGENCY = "agency"
    CODE = "code"  # a code that is shown as it is
    FEATURE = "feature"  # a value of the column ``feature``
    WORD = "word"  # a code of a list, or a property of a case
    SAID = "said"  # a word of our own: its key in the texts, after ``said_``


class Show(NamedTuple):
    """How one column is shown."""

    name: str
    kind: Kind = Kind.COUNT
    codes: str = ""
    """The code list of its values."""

    @property
    def is_number(self) -> bool:
        """Whether it is shown at the right, as a number."""
        return not self.codes and self.kind in {Kind.COUNT, Kind.KG, Kind.AMOUNT, Kind.MEDIAN, Kind.PERCENT}


@dataclass(frozen=True)
class Answers:
    """The rows of every table, by its name: of the phase, and of the phase before it."""

    now: Mapping[str, Rows]
    before: Mapping[str, Rows]
    """Empty when nothing is compared."""
    phases: Mapping[str, Mapping[str, Rows]] = field(default_factory=dict)
    """Phase -> the same, of a joint evaluation."""
    pair: frozenset[str] = frozenset()
    """The two countries of a briefing between them."""


@dataclass(frozen=True)
class ReportTable:
    """One table of a briefing. Its title, its question and its counting rule are in ``texts``, under its name."""

    name: str
    number: int
    """As the field numbers the ten tables; 0: one that the ten do not have."""
    columns: tuple[Show, ...]
    order: tuple[str, ...]
    """Columns that order the rows, each with ``DESC`` where the largest is first. The order must be the same each time."""
    view: View | None = None
    """What it reads. None: it is made of other tables."""
    made: Callable[[Answers], Rows] | None = None
    most: int = 0
    """Rows on the page and in the document; 0: all. The other files have every row."""
    needs_since: bool = False
    """Whether it compares with an earlier edition."""

    @property
    def label(self) -> str:
        """How a sentence names it: the number of the ten tables, or its name."""
        return str(self.number) if self.number else self.name
