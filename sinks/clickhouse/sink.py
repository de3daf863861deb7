"""Exactly once: ClickHouse holds the position. Batches of records in, rows of one table out.

Three things make it so, and nothing else is relied on (docs/decisions/0004-clickhouse-holds-the-position.md):

1. one block is one part: it is in whole or not at all;
2. the statement is a compare-and-append (sinks/clickhouse/table.py): it adds what is missing behind its own place;
3. all inserts into a table have one query id, so the server runs one of them at a time, whoever sent them.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence

from schemas.errors import Fatal, Retriable
from sinks.base import NOTHING, Batch, Source
from sinks.clickhouse.client import Database, RowsRefused
from sinks.clickhouse.native import block
from sinks.clickhouse.table import Table, highest, insert, insert_dead

log = logging.getLogger(__name__)

_ASK_EVERY_S = 0.05
_ALONE_WITHIN_S = 45


class DlqLimit:
    """When refused rows are no longer odd records but a bad deploy: too many in a row, or too large a share of the latest."""

    def __init__(self, in_a_row: int = 100, share: float = 0.05, of_latest: int = 2_000) -> None:
        self._in_a_row = in_a_row
        self._share = share
        self._latest: deque[tuple[int, int]] = deque()
        self._of_latest = of_latest
        self._rows = self._refused = self._run = 0

    def stored(self, rows: int) -> None:
        """Count rows that went in."""
        self._run = 0
        self._count(rows, 0)

    def refused(self) -> None:
        """Count a row that did not. Raises Fatal when that is one too many."""
        self._run += 1
        self._count(1, 1)
        if self._run >= self._in_a_row:
            raise Fatal(f"{self._run} records in a row were refused by ClickHouse: see the table dead_letters, then the latest deploy")
        if self._rows >= self._of_latest and self._refused > self._share * self._rows:
            raise Fatal(f"{self._refused} of the latest {self._rows} records were refused by ClickHouse: see the table dead_letters")

    def _count(self, rows: int, refused: int) -> None:
        self._latest.append((rows, refused))
        self._rows += rows
        self._refused += refused
        while self._rows - self._latest[0][0] >= self._of_latest:
            old_rows, old_refused = self._latest.popleft()
            self._rows -= old_rows
            self._refused -= old_refused


class ClickHouseSink:
    """One table's rows from its topics, exactly once."""

    def __init__(self, database: Database, table: Table, limit: DlqLimit | None = None) -> None:
        self._database = database
        self._table = table
        self._limit = limit or DlqLimit()
        self._query_id = f"sink-{database.name}-{table.name}"

    def positions(self, sources: Iterable[Source]) -> dict[Source, int]:
        """Offset of the last record stored of each source, or NOTHING, once no insert of this table runs any more."""
        self._wait_until_alone()
        stored = dict.fromkeys(sources, NOTHING)
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

    def _isolate(self, batches: Sequence[Batch], refusal: RowsRefused) -> None:
        """Halve refused batches until the refused records stand alone; what is sound goes in, in order."""
        if len(batches) > 1:
            middle = len(batches) // 2
            self.write(batches[:middle])
            self.write(batches[middle:])
        elif _size(batches) > 1:
            for half in batches[0].split(_size(batches) // 2):
                self.write([half])
        else:
            log.error("%s/%s offset %s was refused: %s", *batches[0].source, batches[0].last, refusal)
            self._append(batches, insert_dead(self._table, batches, refusal.code, str(refusal)[:1_000]))
            self._limit.refused()

    def _append(self, batches: Sequence[Batch], statement: str) -> None:
        if self._database.insert(statement, block(batches), self._query_id) != _size(batches):
            raise Retriable(f"{self._table.name} was not where this sink left it", retry_after_s=0)

    def _wait_until_alone(self) -> None:
        """Wait for an insert that still runs; what comes even later adds nothing.

        It is not killed: the server itself ends one whose sender stopped inside a block, after 30 seconds, and a KILL QUERY
        waits for as long (measured).
        """
        give_up = time.monotonic() + _ALONE_WITHIN_S
        running = "SELECT count() FROM system.processes WHERE query_id = {query_id:String}"
        while self._database.value(running, query_id=self._query_id):
            if time.monotonic() > give_up:
                raise Retriable(f"an earlier insert into {self._table.name} does not end")
            time.sleep(_ASK_EVERY_S)


def _size(batches: Sequence[Batch]) -> int:
    return sum(len(batch.offsets) for batch in batches)
