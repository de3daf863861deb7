"""Opens a file as a ``Table``: the sheet that fits a layout, with its headings. Without a layout, the shipped one that fits best. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mekong.producers.sheets.book import sheets_of
from mekong.producers.sheets.cells import Sheet, reference, words
from mekong.producers.sheets.garbled import garbled
from mekong.producers.sheets.headings import Bound, Headings, bind, top
from mekong.producers.sheets.layout import Layout, shipped, shipped_layout
from mekong.producers.sheets.marker import Marker, marker_of
from mekong.producers.sheets.refused import Unreadable
from mekong.schemas.languages import LANGUAGES, Language
from mekong.schemas.rejected import Reason
from mekong.schemas.sheet_words import has_no_seizures

_NONE_FITS = (
    "no layout of the exchange has these headings: give your own with --layout, or propose one with `mekong layout guess FILE > my.toml`"
)


class Table(NamedTuple):
    """One sheet, how it is read, and where its columns are."""

    sheet: Sheet
    layout: Layout
    headings: Headings
    others: tuple[str, ...] = ()
    """Notes about the file and about sheets that are not read."""
    template: Marker | None = None
    """What a template of the exchange says of itself."""
    unread: int = 0
    """Further worksheets with rows, and hidden ones. They are not read."""

    def cell(self, row: int, bound: Bound) -> str:
        """``C7``."""
        return reference(row, bound.at)

    def language(self, wanted: Language | None) -> Language:
        """The language of its marks: the one that a person wants, or that of the template, or English."""
        return wanted or (self.template.spoken if self.template else LANGUAGES[0])

    def notes(self) -> Iterator[str]:
        """What a person is told before the rows are read."""
        yield from self.sheet.notes
        yield from self.others
        if self.headings.exported:
            return  # no layout is asked
        yield from self.headings.lacks(self.layout)
        yield from self.headings.not_sent()
        if self.layout.case.identity is not None and not self.headings.has_numbers:
            yield _recognised(self.layout)


def open_table(data: bytes, layout: Layout | None = None, encoding: str = "") -> Table:
    """The table of a file. Raises Unreadable."""
    sheets = sheets_of(data, encoding)
    template = marker_of(data)
    if layout is None and template is not None and template.layout in shipped():
        layout = shipped_layout(template.layout)
    for sheet in sheets:
        if what := garbled("\n".join(words(value) for row in top(sheet) for value in row.values)):
            raise Unreadable(what, Reason.INVALID_UTF8)
    filled = [sheet for sheet in sheets if next(sheet.rows(), None) is not None]
    table = _table(filled or sheets, layout)
    unread = sum(sheet is not table.sheet and not has_no_seizures(sheet.name) for sheet in filled)
    return table._replace(template=template, unread=unread + table.sheet.hidden)


def _table(sheets: Sequence[Sheet], layout: Layout | None) -> Table:
    if layout is None:
        return _best(sheets)
    if layout.sheet:
        sheets = [sheet for sheet in sheets if sheet.name in ("", layout.sheet)]
        if not sheets:
            raise Unreadable(f"the workbook has no visible sheet {layout.sheet!r}, which the layout {layout.name} names")
    refused: list[Unreadable] = []
    for sheet in sheets:
        try:
            return Table(sheet, layout, bind(sheet, layout), tuple(_others(sheets, sheet)))
        except Unreadable as exc:
            refused.append(exc)
    raise refused[0]


def _best(sheets: Sequence[Sheet]) -> Table:
    """The sheet and the shipped layout that have the most columns in common."""
    found: list[Table] = []
    for layout in map(shipped_layout, shipped()):
        for sheet in sheets:
            try:
                found.append(Table(sheet, layout, bind(sheet, layout), tuple(_others(sheets, sheet))))
            except Unreadable as exc:
                if exc.reason is not Reason.MISSING_COLUMN:
                    raise
    if not found:
        raise Unreadable(_NONE_FITS, Reason.MISSING_COLUMN, "headings")
    return max(found, key=lambda table: len(table.headings.bound))


def _others(sheets: Sequence[Sheet], read: Sheet) -> Iterator[str]:
    unread = (sheet for sheet in sheets if sheet is not read and not has_no_seizures(sheet.name))
    if count := sum(next(sheet.rows(), None) is not None for sheet in unread):
        yield f"further sheets of the workbook, not read: {count}"


def _recognised(layout: Layout) -> str:
    what = "all of its row" if layout.case.identity == "content" else ", ".join(layout.case.identity or ())
    return f"the sheet has no case numbers: a case is known by {what}; when that is changed it becomes another case, and the old one stays"
