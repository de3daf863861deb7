"""ClickHouse in, what it holds of a partition out. Counted raw, without FINAL: a doubled row must show."""

from __future__ import annotations

import sys
import time
from array import array

from schemas.errors import Retriable
from sinks.base import NOTHING, Source
from sinks.clickhouse.client import Database
from sinks.clickhouse.table import DEAD_LETTERS, Table, highest, quoted

_ASK_EVERY_S = 0.5


def offsets(database: Database, name: str, source: Source, end: int, target: str = "") -> array[int]:
    """The offsets stored of a source before ``end``, ascending, doubles included."""
    where = f"_topic = {quoted(source.topic)} AND _partition = {source.partition} AND _offset < {end}"
    if target:
        where += f" AND target = {quoted(target)}"
    return column(database, f"SELECT _offset FROM {name} WHERE {where} ORDER BY _offset")  # noqa: S608 - our own statement


def dead(database: Database, table: Table, source: Source, end: int) -> array[int]:
    """The offsets of a source that are dead letters of a table instead."""
    return offsets(database, DEAD_LETTERS, source, end, table.name)


def crc(database: Database, name: str, source: Source, end: int) -> int:
    """Sum of the CRC-32 of the records stored of a source before ``end``."""
    where = f"_topic = {quoted(source.topic)} AND _partition = {source.partition} AND _offset < {end}"
    return int(database.value(f"SELECT sum(toUInt64(CRC32(_value))) FROM {name} WHERE {where}"))  # noqa: S608


def column(database: Database, sql: str) -> array[int]:
    """A query's one column of UInt64."""
    numbers = array("Q", database.text(sql, "RowBinary"))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def wait_for(database: Database, table: Table, last: dict[Source, int], deadline: float) -> list[str]:
    """Wait until the table holds the last record of each source; what it does not."""
    if not last:
        return []
    while True:
        try:
            rows = database.query(highest(table.name, dict.fromkeys(last, 0))).rows
        except Retriable:
            rows = []
        stored = {Source(str(topic), int(partition)): int(offset) for topic, partition, offset in rows}
        behind = sorted(
            f"table {table.name} has not got {source.topic}/{source.partition} to its end"
            for source in last
            if stored.get(source, NOTHING) < last[source]
        )
        if not behind or time.monotonic() > deadline:
            return behind
        time.sleep(_ASK_EVERY_S)
