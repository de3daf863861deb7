"""Fills ``alerts`` from ``alerts.v1``: every state of every alert that the statistics raised."""

from __future__ import annotations

from mekong.schemas.tables import notices
from mekong.schemas.topics import ALERTS
from mekong.sinks.clickhouse.table import Table

TABLE = Table(
    notices.ALERTS,
    topic=ALERTS,
    sound="r.series != '' AND r.kind != '' AND r.state IN ('open', 'escalated', 'cleared')",
)
