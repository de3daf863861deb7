"""Finds how far each table of ClickHouse has read its topics. The rows of a table are its position."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kafka import TopicPartition

from mekong.deploy.health.offsets import Offsets
from mekong.schemas.settings import Settings
from mekong.sinks.base import Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.letters import waiting
from mekong.sinks.clickhouse.table import highest
from mekong.sinks.clickhouse.tables import TABLES

At = tuple[dict[TopicPartition, int], dict[TopicPartition, int]]
"""The end of each partition, and the offset after the last row of each."""


def places(settings: Settings, topics: Iterable[str], kafka: Offsets) -> dict[str, At]:
    """The ends and the position of each table. Raises Retriable, Refused or Fatal when ClickHouse does not answer."""
    database, found = Database(settings.clickhouse()), {}
    names = sorted(topics)
    try:
        for table in TABLES:
            ends = kafka.ends(topic for topic in names if re.fullmatch(table.pattern, topic))
            stored: dict[TopicPartition, int] = {}
            if ends:
                rows = database.query(highest(table.name, {Source(tp.topic, tp.partition): 0 for tp in ends})).rows
                stored = {TopicPartition(str(topic), int(number)): int(offset) + 1 for topic, number, offset in rows}
            found[table.name] = (ends, stored)
    finally:
        database.close()
    return found


def dead_letters(settings: Settings) -> int:
    """How many records are dead letters and are not in their table. Raises as ``places``."""
    database = Database(settings.clickhouse())
    try:
        return sum(int(database.value(f"SELECT count() FROM ({waiting(table)})")) for table in TABLES)  # noqa: S608 - our own query
    finally:
        database.close()
