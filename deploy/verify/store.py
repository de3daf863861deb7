"""ClickHouse in, what it holds of each partition out. Counted raw, without FINAL: a doubled row must show."""

from __future__ import annotations

import time
from array import array
from collections.abc import Collection, Mapping
from typing import NamedTuple

from schemas.errors import Retriable
from sinks.base import NOTHING, Source
from sinks.clickhouse.client import Database
from sinks.clickhouse.table import DEAD_LETTERS, Table, highest, quoted

_ASK_EVERY_S = 0.5


class Stored(NamedTuple):
    """What a table holds of one partition."""

    offsets: array[int]
    """Ascending, doubles included."""
    checksum: int
    """Of the records as they were on the topic; the same as that of ``log.Records``."""


def stored(database: Database, table: Table, ends: Mapping[Source, int]) -> dict[Source, Stored]:
    """What the table holds of each source before its end."""
    return _stored(database, table.name, ends, "1")


def dead(database: Database, table: Table, ends: Mapping[Source, int]) -> dict[Source, Stored]:
    """What the dead letters hold instead."""
    return _stored(database, DEAD_LETTERS, ends, f"target = {quoted(table.name)}")


def others(database: Database, table: Table, known: Collection[Source]) -> dict[Source, int]:
    """How many rows the table and its dead letters hold of sources that are not among ``known``."""
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
    """The offsets of the messages that receipts are for, by topic, ascending."""
    rows = database.query("SELECT source_topic, arraySort(groupArray(source_offset)) FROM receipts GROUP BY source_topic").rows
    return {str(topic): array("Q", offsets) for topic, offsets in rows}


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
