"""Writes batches of records into one table, exactly once: ClickHouse holds the position.

Exactly-once depends on three things and nothing else (docs/decisions/0004-clickhouse-holds-the-position.md):

1. one block is one part: ClickHouse stores all of it or nothing;
2. the statement is a compare-and-append (sinks/clickhouse/table.py): it adds only what is missing after its own place;
3. all inserts into a table have the same query id, so the server runs one of them at a time, no matter who sent them.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from mekong.schemas import measured, metrics
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.log_ids import ids_of
from mekong.sinks.base import NOTHING, Batch, Source
from mekong.sinks.clickhouse.client import Database, RowsRefused
from mekong.sinks.clickhouse.letters import latest_records, sources_of_dead
from mekong.sinks.clickhouse.native import block
from mekong.sinks.clickhouse.table import Table, highest, insert, insert_dead

log = logging.getLogger(__name__)

_ASK_EVERY_S = 0.05
_ALONE_WITHIN_S = 45
_WHAT_NOW = "See the table dead_letters, then the latest deploy; when it is fixed, run `mekong sink redrive`"


class DlqLimit:
    """Decides when refused rows mean a bad deploy: there are too many in a row, or too large a share of the latest rows.

    It is asked before a row becomes a dead letter. Its memory is in the store: dead letters of earlier processes count, until a person
    has redriven them.
    """

    def __init__(self, in_a_row: int = 100, share: float = 0.05, of_latest: int = 2_000) -> None:
        self._in_a_row = in_a_row
        self._share = share
        self.of_latest = of_latest
        self._begin()

    def _begin(self) -> None:
        self._latest: deque[tuple[int, int]] = deque()
        self._rows = self._refused = self._run = 0

    def recall(self, past: Iterable[bool]) -> None:
        """Begin with what the store holds: whether each of the latest records was refused, the oldest first."""
        self._begin()
        for refused in past:
            self._run = self._run + 1 if refused else 0
            self._count(1, int(refused))

    def stored(self, rows: int) -> None:
        """Count rows that went in."""
        self._run = 0
        self._count(rows, 0)

    def refused(self) -> None:
        """Count a row that is to become a dead letter. Raises Fatal when there are too many: then it does not become one."""
        self._run += 1
        self._count(1, 1)
        if self._run >= self._in_a_row:
            raise Fatal(f"{self._run} records in a row were refused by ClickHouse. {_WHAT_NOW}")
        if self._rows >= self.of_latest and self._refused > self._share * self._rows:
            raise Fatal(f"{self._refused} of the latest {self._rows} records were refused by ClickHouse. {_WHAT_NOW}")

    def _count(self, rows: int, refused: int) -> None:
        self._latest.append((rows, refused))
        self._rows += rows
        self._refused += refused
        while self._rows - self._latest[0][0] >= self.of_latest:
            old_rows, old_refused = self._latest.popleft()
            self._rows -= old_rows
            self._refused -= old_refused


class ClickHouseSink:
    """One table's rows from its topics, exactly once."""

    def __init__(self, database: Database, table: Table, limit: DlqLimit | None = None) -> None:
        self._database = database
        self._table = table
        self._limit = limit or DlqLimit()
        self._recalled = False
        self._sources: set[Source] = set()
        self._query_id = query_id(database, table)

    def positions(self, sources: Iterable[Source]) -> dict[Source, int]:
        """Offset of the last record stored of each source, or NOTHING, once no insert of this table runs any more."""
        self._wait_until_alone()
        stored = dict.fromkeys(sources, NOTHING)
        self._sources.update(stored)
        if stored:
            found = self._database.value(f"SELECT groupArray((t, p, o)) FROM ({highest(self._table.name, stored)})")  # noqa: S608
            stored |= {Source(str(topic), int(partition)): int(offset) for topic, partition, offset in found}
        return stored

    def write(self, batches: Sequence[Batch]) -> None:
        """Return when every record is a row, or a dead letter. Raises Retriable when that is not known, Fatal."""
        try:
            self._append(batches, insert(self._table, batches))
        except RowsRefused as refusal:
            self._isolate(batches, refusal)
        else:
            self._limit.stored(_size(batches))
            measured.count(metrics.STORED, _size(batches), table=self._table.name)

    def _isolate(self, batches: Sequence[Batch], refusal: RowsRefused) -> None:
        """Divide refused batches into halves until each refused record is alone. Sound records are inserted in order."""
        if len(batches) > 1:
            middle = len(batches) // 2
            self.write(batches[:middle])
            self.write(batches[middle:])
        elif _size(batches) > 1:
            for half in batches[0].split(_size(batches) // 2):
                self.write([half])
        else:
            log.error("%s/%s offset %s was refused: %s", *batches[0].source, batches[0].last, refusal, extra=self._ids(batches[0]))
            self._ask_limit(batches[0].source)
            self._append(batches, insert_dead(self._table, batches, refusal.code, str(refusal)[:1_000]))
            measured.count(metrics.DEAD, table=self._table.name)

    def _ids(self, batch: Batch) -> dict[str, Any]:
        place = {"table": self._table.name, "topic": batch.source.topic, "partition": batch.source.partition, "offset": batch.last}
        return {**place, **ids_of(batch.values[-1])}

    def _ask_limit(self, source: Source) -> None:
        """Whether one more may be put aside, by what the store holds. Raises Fatal when not."""
        if not self._recalled:
            put_aside = self._database.query(sources_of_dead(self._table)).rows
            asked = {source, *self._sources, *(Source(str(topic), int(partition)) for topic, partition in put_aside)}
            latest = self._database.query(latest_records(self._table, sorted(asked), self._limit.of_latest)).rows
            self._limit.recall(bool(refused) for (refused,) in reversed(latest))
            self._recalled = True
        self._limit.refused()

    def _append(self, batches: Sequence[Batch], statement: str) -> None:
        began = time.perf_counter()
        if self._database.insert(statement, block(batches), self._query_id) != _size(batches):
            raise Retriable(f"{self._table.name} was not where this sink left it", retry_after_s=0)
        measured.observe(metrics.INSERT, time.perf_counter() - began, table=self._table.name)
        measured.put(metrics.LAST_COMMIT, time.time(), stage=f"sink-{self._table.name}")

    def _wait_until_alone(self) -> None:
        """Wait for an insert that still runs. If it arrives even later, it adds nothing.

        It is not killed. The server itself ends an insert whose sender stopped inside a block, after 30 seconds, and a KILL QUERY takes
        as long (measured).
        """
        give_up = time.monotonic() + _ALONE_WITHIN_S
        running = "SELECT count() FROM system.processes WHERE query_id = {query_id:String}"
        while self._database.value(running, query_id=self._query_id):
            if time.monotonic() > give_up:
                raise Retriable(f"an earlier insert into {self._table.name} does not end")
            time.sleep(_ASK_EVERY_S)


def query_id(database: Database, table: Table) -> str:
    """The query id of every insert into a table. With the same id, the server runs one of them at a time."""
    return f"sink-{database.name}-{table.name}"


def _size(batches: Sequence[Batch]) -> int:
    return sum(len(batch.offsets) for batch in batches)
