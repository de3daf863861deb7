"""What a table is made of, and the one INSERT that fills it. Pure.

    INSERT INTO journal (_topic, …, kind, …)
    WITH (SELECT …) AS found, [… 4711, -1 …] AS after, … AS stored
    SELECT topics[_source], …, r.kind, …                      typed columns: read from the JSON by ClickHouse
    FROM (SELECT …, JSONExtract(_value, 'Tuple(…)') AS r, JSONExtract(_value, 'content', 'Tuple(…)') AS content, … FROM input('…'))
    WHERE stored[_source] >= after[_source] AND _offset > stored[_source]        compare and append
    FORMAT Native

``stored`` is, for each source, the highest offset that the table or its dead letters hold from ``after`` on. The block therefore
adds what is missing behind ``after``, once, whoever sends it and however late; and nothing at all when what should stand before
it is not there. The sorting key is (_topic, _partition, _offset), so the condition reads a granule or two for each source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.messages import AGENCY_PATTERN
from schemas.topics import Topic
from sinks.base import Batch, Source
from sinks.clickhouse.native import STRUCTURE

DEAD_LETTERS = "dead_letters"
_PLACE = ("_topic", "_partition", "_offset", "_timestamp", "_value")
_PLACE_VALUES = "topics[_source], partitions[_source], _offset, fromUnixTimestamp64Milli(_timestamp, 'UTC'), _value"
_APPEND = "stored[_source] >= after[_source] AND _offset > stored[_source]"


class Part(NamedTuple):
    """A piece of a record that is read on its own: a type of many fields is resolved again for each column that names it."""

    name: str
    path: tuple[str, ...]
    """Keys from the record to it."""
    shape: str
    """Its ClickHouse type."""


@dataclass(frozen=True)
class Table:
    """One target table: its source, the shape of a record, and an expression for each typed column."""

    name: str
    topic: Topic
    shape: str
    """The ClickHouse type that ``JSONExtract`` reads a record as; a field that is absent gets the type's default."""
    sound: str
    """Condition on ``r`` that every record of the topic fulfils; one that does not goes to the dead letters."""
    columns: tuple[tuple[str, str], ...]
    """Column and the expression that fills it, from ``r`` (the record) and its parts."""
    parts: tuple[Part, ...] = ()

    @property
    def pattern(self) -> str:
        """Regular expression of the topics this table is filled from."""
        if not self.topic.per_agency:
            return re.escape(self.topic.name)
        before, _, _ = self.topic.name.partition("{agency}")
        return rf"{re.escape(before)}{AGENCY_PATTERN[1:-1]}\.v\d+"


def insert(table: Table, batches: Sequence[Batch]) -> str:
    """The statement that appends the block of ``batches``, each behind its own place."""
    names = ", ".join((*_PLACE, *(f"`{name}`" for name, _ in table.columns)))
    values = ",\n  ".join(expression for _, expression in table.columns)
    read = (Part("r", (), table.shape), *table.parts)
    parts = ", ".join(f"JSONExtract({', '.join(['_value', *map(quoted, (*part.path, part.shape))])}) AS {part.name}" for part in read)
    return f"""INSERT INTO {table.name} ({names})
{_compare(table.name, batches)}
SELECT {_PLACE_VALUES},
  {values}
FROM (SELECT *, {parts} FROM input({quoted(STRUCTURE)}))
WHERE {_APPEND} AND throwIf(NOT ({table.sound}), 'not a record of {table.topic.name}') = 0
FORMAT Native"""  # noqa: S608 - our own statement, texts are quoted


def insert_dead(table: Table, batches: Sequence[Batch], code: int, error: str) -> str:
    """The statement that appends refused records to the dead letters instead."""
    return f"""INSERT INTO {DEAD_LETTERS} ({", ".join(_PLACE)}, target, code, error)
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
