"""Fills ``deliveries`` from ``deliveries.v1``: every attempt to bring a notification to its subscriber."""

from __future__ import annotations

from mekong.schemas.tables import notices
from mekong.schemas.topics import DELIVERIES
from mekong.sinks.clickhouse.table import Table

TABLE = Table(
    notices.DELIVERIES,
    topic=DELIVERIES,
    sound="r.subscription != '' AND r.state IN ('sent', 'retrying', 'parked')",
)
