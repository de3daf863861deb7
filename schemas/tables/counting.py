"""Declares the tables ``counts`` and ``buckets``, and the view of the newest counts."""

from __future__ import annotations

from mekong.schemas.tables.shape import TIME, WORD, Column, Computed, Shape
from mekong.schemas.tables.view import View

COUNTS = Shape(
    "counts",
    "Rolling counts by event time, a row each time one changed. The view current_counts has the newest of each",
    (
        Column("agency", WORD, "Code of the agency"),
        Column("commodity_group", WORD, "Commodity group; empty for all groups together"),
        Column("window", WORD, "Rolling, such as 7d, up to the tick; or calendar: day, month, phase; declared in schemas/counts.py"),
        Column("start", WORD, "First day of a calendar window, the phase's code, or empty for a rolling one"),
        Column("as_of", TIME, "The tick the count is as of"),
        Column("tick_offset", "UInt64", "Offset of that tick in the journal: the count holds all entries before it"),
        Column("cases", "Int64", "Number of cases"),
        Column("lines", "Int64", "Number of their lines"),
        Column("mass_mg", "Int64", "Their mass in milligrams"),
    ),
    left_out=("format",),
)

BUCKETS = Shape(
    "buckets",
    "Days and months of a series that a tick has closed, with every later revision",
    (
        Column("agency", WORD, "Code of the agency"),
        Column("commodity_group", WORD, "Commodity group; empty for all groups together"),
        Column("bucket", WORD, "day or month"),
        Column("start", "Date", "First day of the bucket"),
        Column("revision", "UInt32", "0 when the bucket closed; each later change (late report, correction, withdrawal) adds one"),
        Column("closed_at", TIME, "The tick that closed or changed it"),
        Column("tick_offset", "UInt64", "Offset of that tick in the journal"),
        Column("cases", "Int64", "Number of cases"),
        Column("lines", "Int64", "Number of their lines"),
        Column("mass_mg", "Int64", "Their mass in milligrams"),
    ),
    left_out=("format",),
)

CURRENT_COUNTS = View(
    "current_counts",
    "The newest count of each series and window. One that does not change keeps the tick it was counted at",
    """SELECT {columns}
FROM (
  SELECT agency, commodity_group, window, start, argMax((as_of, cases, lines, mass_mg), tick_offset) AS newest
  FROM counts
  GROUP BY agency, commodity_group, window, start)""",
    columns=(
        *(Computed(column.name, column.name, column.comment) for column in COUNTS.stored[:4]),
        Computed("as_of", "newest.1", "The tick the count is as of"),
        Computed("cases", "newest.2", "Number of cases"),
        Computed("lines", "newest.3", "Number of their lines"),
        Computed("mass_mg", "newest.4", "Their mass in milligrams"),
        Computed("mass_kg", "CAST(newest.4 AS Decimal(38, 6)) / 1000000", "Their mass in kilograms; exact"),
    ),
)
