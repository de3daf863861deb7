"""Builds the statements about dead letters: which of them are open, and how their records are inserted into their table. Pure.

A dead letter is part of the position of its source, so it is never deleted. The table ``redriven`` has what became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mekong.schemas.tables import keeping
from mekong.sinks.base import Source
from mekong.sinks.clickhouse.table import DEAD_LETTERS, PLACE, Table, columns, is_sound, parts, quoted, values

REDRIVEN = keeping.REDRIVEN.name
STORED, REFUSED_AGAIN = "stored", "refused again"
_AT = "(_topic, _partition, _offset)"


class LetterPosition(NamedTuple):
    """The place of one dead letter in Kafka."""

    topic: str
    partition: int
    offset: int


def in_table(table: Table) -> str:
    """Condition: a dead letter of this table whose record was inserted into it later."""
    return f"{_AT} IN (SELECT _topic, _partition, _offset FROM {REDRIVEN} WHERE target = {quoted(table.name)} AND outcome = '{STORED}')"  # noqa: S608


def waiting(table: Table) -> str:
    """Query: the places of the dead letters whose records are not in the table, in order."""
    return f"SELECT DISTINCT {', '.join(PLACE[:3])} FROM {DEAD_LETTERS} WHERE {_of(table)} AND NOT {in_table(table)} ORDER BY {_AT}"  # noqa: S608


def sources_of_dead(table: Table) -> str:
    """Query: topics and partitions with dead letters that no person has had redriven."""
    return f"SELECT DISTINCT _topic, _partition FROM {DEAD_LETTERS} WHERE {_unseen(table)}"  # noqa: S608


def latest_records(table: Table, sources: Sequence[Source], number: int) -> str:
    """Query: whether each of the latest records of these sources was refused, the newest first."""
    newest_first = f"ORDER BY _topic DESC, _partition DESC, _offset DESC LIMIT {number}"
    read = " UNION ALL ".join(
        f"SELECT * FROM (SELECT _timestamp, _offset, {refused} AS refused FROM {name} WHERE _topic = {quoted(topic)}"  # noqa: S608
        f" AND _partition = {partition} AND {wanted} {newest_first})"
        for topic, partition in sources
        for name, refused, wanted in ((table.name, 0, "1"), (DEAD_LETTERS, 1, _unseen(table)))
    )
    return f"SELECT refused FROM ({read}) ORDER BY _timestamp DESC, _offset DESC LIMIT {number}"  # noqa: S608


def bring_in(table: Table, places: Sequence[LetterPosition]) -> str:
    """The statement that puts the records of these dead letters into the table: those that it does not hold, so never twice.

    It runs under the query id of the table's inserts, so none is between the comparison and the append.
    """
    return f"""INSERT INTO {table.name} ({columns(table)})
SELECT {", ".join(PLACE)},
  {values(table)}
FROM (SELECT *, {parts(table)} FROM
  (SELECT DISTINCT ON ({", ".join(PLACE[:3])}) {", ".join(PLACE)} FROM {DEAD_LETTERS} WHERE {_of(table)} AND {_among(places)}
    AND {_AT} NOT IN (SELECT _topic, _partition, _offset FROM {table.name} WHERE {_among(places)})))
WHERE {is_sound(table)}"""  # noqa: S608


def mark(table: Table, places: Sequence[LetterPosition], outcome: str, error: str = "") -> str:
    """The statement that writes down what became of these dead letters."""
    rows = ", ".join(
        f"({quoted(place.topic)}, {place.partition}, {place.offset}, {quoted(table.name)}, {quoted(outcome)}, {quoted(error)})"
        for place in places
    )
    return f"INSERT INTO {REDRIVEN} (_topic, _partition, _offset, target, outcome, error) VALUES {rows}"  # noqa: S608


def _of(table: Table) -> str:
    return f"target = {quoted(table.name)}"


def _unseen(table: Table) -> str:
    return f"{_of(table)} AND {_AT} NOT IN (SELECT _topic, _partition, _offset FROM {REDRIVEN} WHERE {_of(table)})"  # noqa: S608


def _among(places: Sequence[LetterPosition]) -> str:
    return f"{_AT} IN ({', '.join(f'({quoted(place.topic)}, {place.partition}, {place.offset})' for place in places)})"
