"""Fills ``receipts`` from ``receipts.<agency>.v1`` of every agency: what became of each message."""

from __future__ import annotations

from mekong.schemas.tables import receipts
from mekong.schemas.topics import RECEIPTS
from mekong.sinks.clickhouse.table import Table

TABLE = Table(
    receipts.RECEIPTS,
    topic=RECEIPTS,
    sound="r.source_topic != '' AND r.agency != '' AND r.outcome != ''",
)
