"""Lists the formats of ``mekong export``. A new one needs its file here and a line here.

A sheet has a row for each line of a case or for each case; a table has all columns, written by ClickHouse itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from mekong.sinks.exports import aitr, csv, etis, ids, parquet, simple
from mekong.sinks.exports.shape import SheetExport, TableExport

EXPORTS: tuple[SheetExport | TableExport, ...] = (aitr.EXPORT, ids.EXPORT, etis.EXPORT, simple.EXPORT, csv.EXPORT, parquet.EXPORT)
BY_NAME: Mapping[str, SheetExport | TableExport] = {one.name: one for one in EXPORTS}
