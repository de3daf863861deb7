"""Fills ``answers`` from ``answers.v1``: what subscribers did about their notifications."""

from __future__ import annotations

from mekong.schemas.tables import notices
from mekong.schemas.topics import ANSWERS
from mekong.sinks.clickhouse.table import Table

TABLE = Table(
    notices.ANSWERS,
    topic=ANSWERS,
    sound="r.subscription != '' AND r.kind != ''",
)
