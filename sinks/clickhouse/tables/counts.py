"""Fills ``counts`` from ``counts.v1``: every rolling count; the view ``current_counts`` has the newest of each."""

from __future__ import annotations

from mekong.schemas.counts import Window
from mekong.schemas.tables import counting
from mekong.schemas.topics import COUNTS
from mekong.sinks.clickhouse.table import Table, one_of

TABLE = Table(
    counting.COUNTS,
    topic=COUNTS,
    sound=f"r.agency != '' AND {one_of('window', Window)}",
)
