"""Finds the row of headings in a sheet, and which column of the layout each of its columns is. Pure.

Rows of a title may be above. The headings may be two rows, the upper one with merged cells: a column's heading is then either, or both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from mekong.producers.sheets.cells import Fault, Row, Sheet, brief, letters, reference, words
from mekong.producers.sheets.layout import Column, Layout, shipped
from mekong.producers.sheets.personal import personal_heading
from mekong.producers.sheets.refused import Unreadable
from mekong.producers.sheets.spellings import key
from mekong.schemas.rejected import Reason
from mekong.schemas.sheet_words import EXPORTED, OUR_HEADINGS

SEARCHED = 40
"""Rows from the top that may be the headings."""
_LEAST = 2
_NOT_LISTED = OUR_HEADINGS | set(EXPORTED.values())
_NEEDED = ("case_no", "seized_at", "substance_or_taxon", "quantity")


class Bound(NamedTuple):
    """A column of the sheet that is one of the layout."""

    at: int
    """Counted from 0: column A."""
    heading: str
    """As the sheet writes it, 200 characters at most."""
    column: Column


class Headings(NamedTuple):
    """Where the table of a sheet begins, and what its columns are."""

    row: int
    """The last row of headings."""
    bound: tuple[Bound, ...]
    """In the order of the layout."""
    names: Mapping[int, str]
    """The heading of every column that has one, by its index."""
    width: int
    """How many cells a row has."""

    @property
    def exported(self) -> Mapping[str, int]:
        """Where each column of ``EXPORTED`` is, when the sheet has all of them in just these words. Otherwise nothing."""
        found = {name: [at for at, heading in self.names.items() if heading == wanted] for name, wanted in EXPORTED.items()}
        return {name: places[0] for name, places in found.items()} if all(len(places) == 1 for places in found.values()) else {}

    @property
    def has_numbers(self) -> bool:
        """Whether a column has the numbers of the cases."""
        return any(bound.column.field == "case_no" for bound in self.bound)

    def not_sent(self) -> Iterator[str]:
        """Which columns are not read: one sentence for each that looks personal, and one for the others."""
        read = {bound.at for bound in self.bound}
        left = {index: name for index, name in sorted(self.names.items()) if index not in read and name not in _NOT_LISTED}
        yield from (
            f"column {letters(index)}, {brief(name)}: not sent, personal data" for index, name in left.items() if personal_heading(name)
        )
        if others := [f"{letters(index)} {brief(name)}" for index, name in left.items() if not personal_heading(name)]:
            yield f"columns that the layout does not name, not sent: {', '.join(others)}"

    def lacks(self, layout: Layout) -> Iterator[str]:
        """Which columns of the layout the sheet lacks: of a layout of one's own all, of a shipped one those that a seizure needs."""
        here = set(map(key, self.names.values()))
        wanted: dict[tuple[str, str], list[Column]] = {}
        for column in layout.columns:
            if layout.name not in shipped() or column.field in _NEEDED:
                wanted.setdefault((column.field, column.line if layout.name not in shipped() else ""), []).append(column)
        for (field, line), columns in wanted.items():
            headings = [heading for column in columns for heading in column.headings]
            if not any(bound.column in columns for bound in self.bound) and not here & set(map(key, headings)):
                of_line = f" of the line {line}" if line else ""
                shown = ", ".join(dict.fromkeys(headings))
                yield f"the layout's column {field}{of_line} (headings: {shown}) is not in the sheet, so nothing of it is sent"


Texts = dict[int, tuple[str, ...]]
"""Column -> the texts that may be its heading, the likeliest first."""


def top(sheet: Sheet) -> list[Row]:
    """The rows that may have the headings."""
    return [row for row in islice(sheet.rows(), SEARCHED) if not isinstance(row, Fault)]


def candidates(rows: list[Row], merged: Iterable[tuple[int, int, int, int]] = ()) -> list[tuple[Row, Texts]]:
    """Each row with the texts of its columns. A heading above, also of merged cells, may belong to the column below it."""
    wide = {(row, column): first_column for row, first_column, _, last in merged for column in range(first_column, last + 1)}
    found: list[tuple[Row, Texts]] = []
    above: dict[int, str] = {}
    for row in rows:
        own = {index: text for index, value in enumerate(row.values) if (text := " ".join(words(value).split()))}
        texts: Texts = {}
        for index in range(len(row.values)):
            here, upper = own.get(index, ""), above.get(index, "")
            ways = (here, f"{upper} {here}") if here and upper and upper != here else (here or upper,)
            if ways[0]:
                texts[index] = ways
        found.append((row, texts))
        above = _spread(row, own, wide) if len(own) >= _LEAST else {}  # one text is a title
    return found


def bind(sheet: Sheet, layout: Layout) -> Headings:
    """The headings of the sheet. Raises Unreadable, naming every column that is missing."""
    best: Headings | None = None
    for row, texts in candidates(top(sheet), sheet.merged):
        found = _bound(row, texts, layout)
        if best is None or len(found.bound) > len(best.bound):
            best = found
    if best is None:
        raise Unreadable("the sheet is empty: no rows are filled in")
    missing = [column for column in layout.columns if column.required and not _has(best, column)]
    if missing or len(best.bound) < min(_LEAST, len(layout.columns)):
        names = ", ".join(repr(column.headings[0]) for column in missing or layout.columns[:_LEAST])
        here = f"row {best.row} is the nearest" if best.bound else f"the first {SEARCHED} rows have none of its headings"
        what = f"the headings lack {names} of the layout {layout.name} ({here}): add the column, or give another --layout"
        raise Unreadable(what, Reason.MISSING_COLUMN, names.replace("'", ""))
    _unique(best)
    _whole(best)
    return best


def _bound(row: Row, texts: Texts, layout: Layout) -> Headings:
    spelt: dict[str, list[Column]] = {}
    for column in layout.columns:
        for heading in dict.fromkeys(map(key, column.headings)):
            spelt.setdefault(heading, []).append(column)
    found: list[Bound] = []
    names = {}
    for index, ways in texts.items():
        way = next((way for way in ways if key(way) in spelt), None)
        names[index] = way or ways[0]
        if way is not None and not personal_heading(way):
            found += [Bound(index, brief(way), column) for column in spelt[key(way)]]
    order = {id(column): place for place, column in enumerate(layout.columns)}
    found.sort(key=lambda one: (order[id(one.column)], one.at))
    return Headings(row.number, tuple(_first(found)), names, len(row.values))


def _first(found: list[Bound]) -> Iterator[Bound]:
    """Without the further columns of a heading of which only the first is read."""
    seen: set[int] = set()
    for bound in found:
        if bound.column.repeats != "first" or id(bound.column) not in seen:
            yield bound
        seen.add(id(bound.column))


def _has(headings: Headings, column: Column) -> bool:
    """Whether a column, or another one of the same field, is there."""
    return any(bound.column.field == column.field and bound.column.line == column.line for bound in headings.bound)


def _unique(headings: Headings) -> None:
    seen: dict[int, Bound] = {}
    for bound in headings.bound:
        first = seen.setdefault(id(bound.column), bound)
        if first is not bound and not bound.column.repeats:
            where = f"{reference(headings.row, first.at)} and {reference(headings.row, bound.at)}"
            raise Unreadable(f"{where} are the same heading, {bound.heading!r}: rename or remove one of the two", field=bound.heading)


def _whole(headings: Headings) -> None:
    """Refuse a sheet that has lost a column of an export, or has one twice: its cases would be read without their marking."""
    ours = [heading for heading in headings.names.values() if heading in EXPORTED.values()]
    if len(ours) > 1 and not headings.exported:
        wanted = ", ".join(EXPORTED.values())
        raise Unreadable(f"the sheet is an export that was changed: it must have the columns {wanted}, each once. Export it again")


def _spread(row: Row, own: dict[int, str], wide: Mapping[tuple[int, int], int]) -> dict[int, str]:
    """The texts of a row, each over all columns that its merged cells cover."""
    found = dict(own)
    for (number, column), first in wide.items():
        if number == row.number and first in own:
            found[column] = own[first]
    return found
