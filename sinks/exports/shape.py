"""Defines what an export is: the columns of a sheet and the cells of a case, or a format of ClickHouse. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, NamedTuple

from mekong.schemas.sheet_words import EXPORTED, WITHDRAWN

Cell = str | int | float | date
"""What a cell of a sheet holds."""


class Case(NamedTuple):
    """The current version of one case."""

    agency: str
    case_no: str
    version: int
    status: str
    content: Mapping[str, Any]
    """The canonical message (schemas/messages.py). Not of a case that was withdrawn."""
    enriched: Mapping[str, Any]
    """What the exchange added (schemas/journal.py)."""

    @property
    def lines(self) -> list[Goods]:
        """The lines, each with what the exchange added to it."""
        own, added = self.content["lines"], self.enriched.get("lines", ())
        return [Goods(number, line, added[number] if number < len(added) else {}) for number, line in enumerate(own)]


class Goods(NamedTuple):
    """One line of a case."""

    number: int
    """Counted from 0."""
    own: Mapping[str, Any]
    added: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The canonical code of a taxon or name of a substance; the words of the agency when the exchange does not know them."""
        code = self.added.get("code")
        known = code and (code if self.own["commodity_group"] not in ("drug", "precursor") else self.added.get("name"))
        return str(known or self.own["substance_or_taxon"])


class Shown(NamedTuple):
    """One row of a sheet."""

    cells: Mapping[str, Cell]
    """Heading -> value. A heading that is not here has an empty cell."""
    lines: Sequence[int] | None
    """The lines of the case that the row shows, in the order of its columns. None: a cell has the sum of several lines."""


@dataclass(frozen=True, kw_only=True)
class SheetExport:
    """A workbook in the columns of a format, then those of the exchange."""

    name: str
    """Also the name of the layout that reads it."""
    purpose: str
    """A sentence of help."""
    headings: tuple[str, ...]
    """The official columns, in their order."""
    wants: Callable[[Goods], bool]
    """Whether the format is about such goods. A case without any is not in the file."""
    rows: Callable[[Case, Sequence[Goods]], Iterator[Shown]]
    """The rows of a case, of the lines that the format wants."""
    suffix: str = ".xlsx"
    dates: str = "yyyy-mm-dd"
    tells_simulated: ClassVar[bool] = False
    """Whether a column tells the cases of an exercise from others. Without one, such cases are not in the file."""

    @property
    def all_headings(self) -> tuple[str, ...]:
        """The official columns and those of the exchange."""
        return (*self.headings, *EXPORTED.values())


@dataclass(frozen=True, kw_only=True)
class TableExport:
    """All columns of the view ``seizures``, a row for each line."""

    name: str
    purpose: str
    suffix: str
    form: str
    """ClickHouse's name of the format that it answers in."""
    joins_lists: bool = False
    """Whether a list is one text, ``a; b``."""
    tells_simulated: ClassVar[bool] = True


def of_exchange(case: Case) -> dict[str, Cell]:
    """The cells of the columns that the exchange adds; ``rest`` is still empty."""
    handling = case.content.get("handling", {})
    marked = "" if case.status == WITHDRAWN else f"{handling.get('tlp', '')} {handling.get('handling_code', '')}".strip()
    values = (case.case_no, case.version, case.agency, case.status, marked, "")
    return dict(zip(EXPORTED.values(), values, strict=True))
