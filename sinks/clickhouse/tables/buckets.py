"""``buckets.v1`` -> ``buckets``: days and months that a tick has closed, with every later revision."""

from __future__ import annotations

from schemas.topics import BUCKETS
from sinks.clickhouse.table import Table

TABLE = Table(
    name="buckets",
    topic=BUCKETS,
    shape="Tuple(agency String, commodity_group String, bucket String, start String, revision UInt32, closed_at String,"
    " tick_offset UInt64, cases Int64, lines Int64, mass_mg Int64)",
    sound="r.agency != '' AND r.bucket IN ('day', 'month')",
    columns=(
        ("agency", "r.agency"),
        ("commodity_group", "r.commodity_group"),
        ("bucket", "r.bucket"),
        ("start", "toDate(r.start)"),
        ("revision", "r.revision"),
        ("closed_at", "parseDateTime64BestEffort(r.closed_at, 3, 'UTC')"),
        ("tick_offset", "r.tick_offset"),
        ("cases", "r.cases"),
        ("lines", "r.lines"),
        ("mass_mg", "r.mass_mg"),
    ),
)
