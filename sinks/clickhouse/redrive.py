"""``mekong sink redrive``: inserts the records of dead letters into the tables they were meant for, each exactly once.

The dead letters stay, because they are part of the position. The command may be killed at any moment and run again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from mekong.schemas.errors import Retriable
from mekong.sinks.clickhouse.client import Database, RowsRefused
from mekong.sinks.clickhouse.letters import REFUSED_AGAIN, STORED, LetterPosition, bring_in, mark, waiting
from mekong.sinks.clickhouse.sink import query_id
from mekong.sinks.clickhouse.table import Table

_AT_ONCE = 500
_WITHIN_S = 60.0
_AGAIN_S = 0.2


class Redriven(NamedTuple):
    """What became of the dead letters of one table."""

    table: str
    stored: int = 0
    refused: int = 0
    why: str = ""
    """The error of the first record that was refused again."""


def redrive(database: Database, table: Table, within_s: float = _WITHIN_S) -> Redriven:
    """Insert all records that wait. A sink may run at the same time.

    Raises Retriable when ClickHouse does not answer in time, Fatal, Refused.
    """
    places = [LetterPosition(str(topic), int(partition), int(offset)) for topic, partition, offset in database.query(waiting(table)).rows]
    found = Redriven(table.name)
    for first in range(0, len(places), _AT_ONCE):
        found = _bring_in(database, table, places[first : first + _AT_ONCE], found, within_s)
    return found


def _bring_in(database: Database, table: Table, places: Sequence[LetterPosition], found: Redriven, within_s: float) -> Redriven:
    """Divide refused records into halves until each refused record is alone."""
    try:
        _insert(database, table, places, within_s)
    except RowsRefused as refusal:
        if len(places) == 1:
            database.command(mark(table, places, REFUSED_AGAIN, str(refusal)[:1_000]))
            return found._replace(refused=found.refused + 1, why=found.why or str(refusal))
        middle = len(places) // 2
        found = _bring_in(database, table, places[:middle], found, within_s)
        return _bring_in(database, table, places[middle:], found, within_s)
    database.command(mark(table, places, STORED))
    return found._replace(stored=found.stored + len(places))


def _insert(database: Database, table: Table, places: Sequence[LetterPosition], within_s: float) -> None:
    """Wait for an insert of the sink that still runs. An insert with an unknown outcome is repeated: it adds no row twice."""
    give_up = time.monotonic() + within_s
    while True:
        try:
            database.insert(bring_in(table, places), None, query_id(database, table))
        except Retriable:
            if time.monotonic() > give_up:
                raise
            time.sleep(_AGAIN_S)
        else:
            return
