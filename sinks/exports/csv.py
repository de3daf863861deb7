"""Every column of a case and a row for each line, as CSV in UTF-8 with a mark at its beginning, by which Excel knows it."""

from __future__ import annotations

from mekong.sinks.exports.shape import TableExport

EXPORT = TableExport(
    name="csv",
    purpose="All columns of the view seizures, a row for each line, for a spreadsheet.",
    suffix=".csv",
    form="JSONCompactStringsEachRowWithNamesAndTypes",
    joins_lists=True,
)
