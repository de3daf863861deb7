"""Every column of a case and a row for each line, with types, as ClickHouse itself writes Parquet."""

from __future__ import annotations

from mekong.sinks.exports.shape import TableExport

EXPORT = TableExport(
    name="parquet",
    purpose="All columns of the view seizures, a row for each line, with types, for a program.",
    suffix=".parquet",
    form="Parquet",
)
