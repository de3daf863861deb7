"""``counts.v1`` -> ``counts``: every rolling count that was ever written; the view ``current_counts`` has the newest of each."""

from __future__ import annotations

from schemas.topics import COUNTS
from sinks.clickhouse.table import Table

TABLE = Table(
    name="counts",
    topic=COUNTS,
    shape="Tuple(agency String, commodity_group String, window String, start String, as_of String, tick_offset UInt64,"
    " cases Int64, lines Int64, mass_mg Int64)",
    sound="r.agency != '' AND r.window IN ('1h', '24h', '7d', '30d', 'day', 'month', 'phase')",
    columns=(
        ("agency", "r.agency"),
        ("commodity_group", "r.commodity_group"),
        ("window", "r.window"),
        ("start", "r.start"),
        ("as_of", "parseDateTime64BestEffort(r.as_of, 3, 'UTC')"),
        ("tick_offset", "r.tick_offset"),
        ("cases", "r.cases"),
        ("lines", "r.lines"),
        ("mass_mg", "r.mass_mg"),
    ),
)
