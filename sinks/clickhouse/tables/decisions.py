"""Fills ``decisions`` from ``decisions.v1``: what people decided about two cases."""

from __future__ import annotations

from mekong.schemas.decisions import Verdict
from mekong.schemas.tables import deciding
from mekong.schemas.topics import DECISIONS
from mekong.sinks.clickhouse.table import Table, one_of

TABLE = Table(
    deciding.DECISIONS,
    topic=DECISIONS,
    sound=f"r.officer != '' AND {one_of('verdict', Verdict)}",
)
