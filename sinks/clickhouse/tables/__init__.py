"""Lists the tables that are filled from topics. A new one needs its shape (``schemas/tables``), its file here and a line here."""

from __future__ import annotations

from mekong.sinks.clickhouse.table import Table
from mekong.sinks.clickhouse.tables import alerts, answers, buckets, counts, decisions, deliveries, journal, notifications, receipts

TABLES: tuple[Table, ...] = (
    journal.TABLE,
    receipts.TABLE,
    counts.TABLE,
    buckets.TABLE,
    alerts.TABLE,
    notifications.TABLE,
    deliveries.TABLE,
    answers.TABLE,
    decisions.TABLE,
)
