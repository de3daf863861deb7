"""The tables that are filled from topics, one file each. A new one is its file, a line here and a migration."""

from __future__ import annotations

from sinks.clickhouse.table import Table
from sinks.clickhouse.tables import alerts, answers, buckets, counts, deliveries, journal, notifications, receipts

TABLES: tuple[Table, ...] = (
    journal.TABLE,
    receipts.TABLE,
    counts.TABLE,
    buckets.TABLE,
    alerts.TABLE,
    notifications.TABLE,
    deliveries.TABLE,
    answers.TABLE,
)
