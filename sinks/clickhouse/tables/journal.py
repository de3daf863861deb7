"""Fills ``journal`` from ``journal.v1``: a row for each version, tick and agency profile."""

from __future__ import annotations

from mekong.schemas.tables import journal
from mekong.schemas.topics import JOURNAL
from mekong.sinks.clickhouse.table import Table

TABLE = Table(
    journal.JOURNAL,
    topic=JOURNAL,
    sound="r.kind IN ('version', 'tick', 'agency', 'source', 'time') AND r.agency != '' AND (r.kind != 'version' OR r.version > 0)",
)
