"""Finds what ClickHouse has of each partition. It counts raw rows, without FINAL, so that a repeated row is found."""

from __future__ import annotations

import time
from array import array
from collections.abc import Collection, Mapping
from typing import NamedTuple

from mekong.schemas.errors import Retriable
from mekong.sinks.base import NOTHING, Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.letters import in_table
from mekong.sinks.clickhouse.table import DEAD_LETTERS, Table, highest, quoted

_ASK_EVERY_S = 0.5


class Stored(NamedTuple):
    """What a table holds of one partition."""

    offsets: array[int]
    """Ascending, doubles included."""
    checksum: int
    """The checksum of the records as they were on the topic. It is the same as that of ``log.Records``."""


def stored(database: Database, table: Table, ends: Mapping[Source, int]) -> dict[Source, Stored]:
    """What the table holds of each source before its end."""
    return _stored(database, table.name, ends, "1")


def dead(database: Database, table: Table, ends: Mapping[Source, int]) -> dict[Source, Stored]:
    """The records that only the dead letters have: those that were not inserted into the table later."""
    return _stored(database, DEAD_LETTERS, ends, f"target = {quoted(table.name)} AND NOT {in_table(table)}")


def others(database: Database, table: Table, known: Collection[Source]) -> dict[Source, int]:
    """How many rows the table and its dead letters have of sources that are not in ``known``."""
    rows = database.query(
        f"""SELECT _topic, _partition, sum(held) FROM (
          SELECT _topic, _partition, count() AS held FROM {table.name} GROUP BY _topic, _partition
          UNION ALL
          SELECT _topic, _partition, count() FROM {DEAD_LETTERS} WHERE target = {quoted(table.name)} GROUP BY _topic, _partition
        ) GROUP BY _topic, _partition""",  # noqa: S608 - our own statement
    ).rows
    held = {Source(str(topic), int(partition)): int(rows) for topic, partition, rows in rows}
    return {source: held[source] for source in sorted(held.keys() - set(known))}


def answered(database: Database) -> dict[str, array[int]]:
    """The offsets of the messages that have a receipt, by topic, ascending."""
    rows = database.query("SELECT source_topic, arraySort(groupArray(source_offset)) FROM receipts GROUP BY source_topic").rows
    return {str(topic): array("Q", offsets) for topic, offsets in rows}


def skipped(database: Database) -> dict[str, list[int]]:
    """The offsets at which the reading of topics was ordered to continue (`mekong skip`), by topic, ascending."""
    source, order = "JSONExtractString(_value, 'kind') = 'source'", "JSONExtractString(_value, 'order', 'action') = 'skip'"
    topic, to = "JSONExtractString(_value, 'order', 'topic')", "JSONExtractUInt(_value, 'order', 'to')"
    rows = database.query(f"SELECT {topic}, arraySort(groupArray({to})) FROM journal WHERE {source} AND {order} GROUP BY 1").rows  # noqa: S608
    return {str(topic): [int(offset) for offset in offsets] for topic, offsets in rows}


def wait_for(database: Database, table: Table, last: Mapping[Source, int], deadline: float) -> list[str]:
    """Wait until the table holds the last record of each source; what it does not."""
    if not last:
        return []
    while True:
        try:
            rows = database.query(highest(table.name, dict.fromkeys(last, 0))).rows
        except Retriable:
            rows = []
        reached = {Source(str(topic), int(partition)): int(offset) for topic, partition, offset in rows}
        behind = sorted(source for source in last if reached.get(source, NOTHING) < last[source])
        if not behind or time.monotonic() > deadline:
            return [f"table {table.name} has not got {source.topic}/{source.partition} to its end" for source in behind]
        time.sleep(_ASK_EVERY_S)


def _stored(database: Database, name: str, ends: Mapping[Source, int], condition: str) -> dict[Source, Stored]:
    if not ends:
        return {}
    inside = " OR ".join(
        f"(_topic = {quoted(source.topic)} AND _partition = {source.partition} AND _offset < {end})" for source, end in ends.items()
    )
    rows = database.query(
        "SELECT _topic, _partition, arraySort(groupArray(_offset)), sum(CRC32(_value) * (_offset + 1))"  # noqa: S608 - our own statement
        f" FROM {name} WHERE {condition} AND ({inside}) GROUP BY _topic, _partition",
    ).rows
    return {Source(str(topic), int(partition)): Stored(array("Q", offsets), int(checksum)) for topic, partition, offsets, checksum in rows}
