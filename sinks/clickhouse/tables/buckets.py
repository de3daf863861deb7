"""Fills ``buckets`` from ``buckets.v1``: days and months that a tick has closed, with every later revision."""

from __future__ import annotations

from mekong.schemas.counts import CLOSED
from mekong.schemas.tables import counting
from mekong.schemas.topics import BUCKETS
from mekong.sinks.clickhouse.table import Table, one_of

TABLE = Table(
    counting.BUCKETS,
    topic=BUCKETS,
    sound=f"r.agency != '' AND {one_of('bucket', CLOSED)}",
)
