"""Defines ``Table`` and the one INSERT that fills a table. Pure.

    INSERT INTO journal (_topic, …, kind, …)
    WITH (SELECT …) AS found, [… 4711, -1 …] AS after, … AS stored
    SELECT topics[_source], …, r.kind, …                      typed columns: read from the JSON by ClickHouse
    FROM (SELECT …, JSONExtract(_value, 'Tuple(…)') AS r, JSONExtract(_value, 'content', 'Tuple(…)') AS content, … FROM input('…'))
    WHERE stored[_source] >= after[_source] AND _offset > stored[_source]        compare and append
    FORMAT Native

``stored`` is, for each source, the highest offset from ``after`` on that the table or its dead letters have. So the block adds the
records that are missing after ``after``, and adds them once, no matter who sends the block and how late. It adds nothing when the
record before it is missing. The sorting key is (_topic, _partition, _offset), so the condition reads one or two granules of a source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mekong.schemas.messages import AGENCY_PATTERN
from mekong.schemas.tables import keeping
from mekong.schemas.tables.shape import PLACE as PLACE_COLUMNS
from mekong.schemas.tables.shape import Part, Shape
from mekong.schemas.topics import Topic
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.native import STRUCTURE

DEAD_LETTERS = keeping.DEAD_LETTERS.name
PLACE = tuple(column.name for column in PLACE_COLUMNS)
_PLACE_VALUES = "topics[_source], partitions[_source], _offset, fromUnixTimestamp64Milli(_timestamp, 'UTC'), _value"
_APPEND = "stored[_source] >= after[_source] AND _offset > stored[_source]"


@dataclass(frozen=True)
class Table:
    """One target table: its shape, its source, and what its records are known by."""

    shape: Shape
    topic: Topic
    sound: str
    """Condition on ``r`` that every record of the topic fulfils. A record that does not goes to the dead letters."""

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.shape.name

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Column and the expression that fills it, from ``r`` (the record) and its parts."""
        return self.shape.expressions

    @property
    def parts(self) -> tuple[Part, ...]:
        """The pieces of a record that are read on their own."""
        return self.shape.parts

    @property
    def pattern(self) -> str:
        """Regular expression of the topics this table is filled from."""
        if not self.topic.per_agency:
            return re.escape(self.topic.name)
        before, _, _ = self.topic.name.partition("{agency}")
        return rf"{re.escape(before)}{AGENCY_PATTERN[1:-1]}\.v\d+"


def insert(table: Table, batches: Sequence[Batch]) -> str:
    """The statement that appends the block of ``batches``, each batch after its own place."""
    return f"""INSERT INTO {table.name} ({columns(table)})
{_compare(table.name, batches)}
SELECT {_PLACE_VALUES},
  {values(table)}
FROM (SELECT *, {parts(table)} FROM input({quoted(STRUCTURE)}))
WHERE {_APPEND} AND {is_sound(table)}
FORMAT Native"""  # noqa: S608 - our own statement, texts are quoted


def columns(table: Table) -> str:
    """The columns that an insert fills: the place and the record first."""
    return ", ".join((*PLACE, *(f"`{name}`" for name, _ in table.columns)))


def values(table: Table) -> str:
    """The expressions of the typed columns, from the parts of a record."""
    return ",\n  ".join(expression for _, expression in table.columns)


def parts(table: Table) -> str:
    """The parts of a record, read from ``_value``."""
    paths = {part.name: part.path for part in table.parts}
    return ", ".join(
        f"JSONExtract({', '.join(['_value', *map(quoted, (*paths.get(name, ()), kind))])}) AS {name}"
        for name, kind in table.shape.json_types.items()
    )


def is_sound(table: Table) -> str:
    """A condition that is true, or ends the statement with the code of refused rows."""
    return f"throwIf(NOT ({table.sound}), 'not a record of {table.topic.name}') = 0"


def insert_dead(table: Table, batches: Sequence[Batch], code: int, error: str) -> str:
    """The statement that appends refused records to the dead letters instead."""
    return f"""INSERT INTO {DEAD_LETTERS} ({", ".join(PLACE)}, target, code, error)
{_compare(table.name, batches)}
SELECT {_PLACE_VALUES}, {quoted(table.name)}, {code}, {quoted(error)}
FROM input({quoted(STRUCTURE)})
WHERE {_APPEND}
FORMAT Native"""  # noqa: S608 - our own statement, texts are quoted


def highest(name: str, starts: Mapping[Source, int]) -> str:
    """Query: the highest offset stored of each source that has any from its start on, as (topic, partition, offset)."""
    where = " OR ".join(
        f"(_topic = {quoted(topic)} AND _partition = {partition} AND _offset >= {max(start, 0)})"
        for (topic, partition), start in starts.items()
    )
    return f"""SELECT t, p, max(at) AS o FROM (
  SELECT _topic AS t, _partition AS p, toInt64(_offset) AS at FROM {name} WHERE {where}
  UNION ALL SELECT _topic, _partition, toInt64(_offset) FROM {DEAD_LETTERS} WHERE target = {quoted(name)} AND ({where})
) GROUP BY t, p"""  # noqa: S608


def one_of(field: str, values: Iterable[str]) -> str:
    """Condition: the field of the record is one of a closed set."""
    return f"r.{field} IN ({', '.join(map(quoted, values))})"


def quoted(text: str) -> str:
    """A ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _compare(name: str, batches: Sequence[Batch]) -> str:
    """What the condition needs: arrays with one element a batch."""
    asked = highest(name, {batch.source: batch.after for batch in batches})
    topics = ", ".join(quoted(batch.source.topic) for batch in batches)
    partitions = ", ".join(str(batch.source.partition) for batch in batches)
    after = ", ".join(f"toInt64({batch.after})" for batch in batches)
    return f"""WITH
  [{topics}] AS topics, [{partitions}] AS partitions, [{after}] AS after,
  (SELECT arrayMap((topic, partition) -> arrayMax(arrayPushBack(arrayMap(f -> if(f.1 = topic AND f.2 = partition, f.3, toInt64(-1)), found),
      toInt64(-1))), topics, partitions)
    FROM (SELECT groupArray((t, p, o)) AS found FROM ({asked}))) AS stored"""  # noqa: S608
