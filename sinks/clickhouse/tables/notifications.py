"""Fills ``notifications`` from ``notifications.v1``: every notification that was decided, its receiver and its reason."""

from __future__ import annotations

from mekong.schemas.tables import notices
from mekong.schemas.topics import NOTIFICATIONS
from mekong.sinks.clickhouse.table import Table

TABLE = Table(
    notices.NOTIFICATIONS,
    topic=NOTIFICATIONS,
    sound="r.subscription != '' AND r.reason != ''",
)
