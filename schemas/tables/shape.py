"""Defines how a table of ClickHouse is declared: its columns, the fields they are read from, and what is made from them. Pure.

A column is one line: name, type and comment. The line also has the field of the record and the views, where they are not the usual ones.
These lines make everything else: the type by which ClickHouse reads a record's JSON, the expressions of the insert, the columns of
the views, the migrations, the columns that `mekong verify` reads again, and docs/tables.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

WORD = "LowCardinality(String)"
"""A text of few different values: a code, a name of a place."""
WORDS = "Array(LowCardinality(String))"
TIME = "DateTime64(3, 'UTC')"
TIME_OR_NULL = "Nullable(DateTime64(3, 'UTC'))"

ROOT = "r"
"""The name of the complete record in an expression."""
_TIME = "parseDateTime64BestEffort({}, 3, 'UTC')"
_CONVERSIONS = {
    TIME: _TIME,
    TIME_OR_NULL: f"if({{0}} = '', NULL, {_TIME.format('{0}')})",
    "Date": "toDate({})",
    "Nullable(Date)": "if({0} = '', NULL, toDate({0}))",
}
"""Types that are texts in JSON, and how each is made of its text."""
_QUOTED = re.compile(r"'[^']*'")
_FIELD = re.compile(r"\b([a-z]\w*)((?:\.[a-z_]\w*)+)")


class Column(NamedTuple):
    """One column of a table."""

    name: str
    type: str
    """ClickHouse's name of it."""
    comment: str
    read: str = ""
    """The field that fills the column, such as ``content.place`` or ``warnings[].code`` (of each). Empty: the field of the same name."""
    views: tuple[str, ...] = ()
    """Views that show it."""
    sql: str = ""
    """Expression that fills it where that is not one field."""
    needs: tuple[str, ...] = ()
    """Fields that ``sql`` reads and whose JSON is not a plain text, each with its type: ``items[].alert_id UUID``."""
    default: str = ""
    """Expression of a value that no insert gives."""
    packed: bool = False
    """A long text, packed harder than the rest."""


class Computed(NamedTuple):
    """One column that only views have."""

    name: str
    sql: str
    comment: str
    views: tuple[str, ...] = ()


class Index(NamedTuple):
    """A skip index: by it ClickHouse passes over blocks of rows without a value. It is in the part of its rows, so it is never behind."""

    name: str
    column: str
    type: str = "bloom_filter(0.001)"


class Part(NamedTuple):
    """A piece of a record that is read on its own: a type of many fields is resolved again for each column that names it."""

    name: str
    path: tuple[str, ...]
    """Keys from the record to it."""
    many: bool = False
    """It is a list of records."""
    along: str = ""
    """The name of the list whose length the column has: one element for each element of that list."""


@dataclass(frozen=True)
class Shape:
    """One table."""

    name: str
    comment: str
    columns: tuple[Column | Computed, ...]
    """The columns, in the order in which the views show them. A table has another order: that in which columns were added."""
    parts: tuple[Part, ...] = ()
    left_out: tuple[str, ...] = ()
    """Fields of its record that have no column, with all below them: they are in ``_value`` only."""
    indexes: tuple[Index, ...] = ()
    ending: str = ""
    """What its CREATE TABLE ends with. Empty: its rows are records of a topic, with the columns of their place, and sorted by it."""

    @cached_property
    def stored(self) -> tuple[Column, ...]:
        """The columns that the table itself has, without those of the place."""
        return tuple(column for column in self.columns if isinstance(column, Column))

    @cached_property
    def expressions(self) -> tuple[tuple[str, str], ...]:
        """Column and the expression that fills it, from ``r`` (the record) and its parts."""
        return tuple((column.name, self.expression(column)) for column in self.stored)

    @cached_property
    def json_types(self) -> dict[str, str]:
        """The ClickHouse type by which the JSON of the record (``r``) and of each part is read."""
        trees: dict[str, dict[str, Any]] = {name: {} for name in self._parts}
        for column in self.stored:
            for part, path, kind in self._declared(column):
                _grow(trees[part], path, kind)
        for column in self.stored:
            for part, path in self._mentioned(column):
                _grow(trees[part], path, "String")
        return {name: f"Array({_tuple(tree)})" if self._parts[name].many else _tuple(tree) for name, tree in trees.items() if tree}

    def expression(self, column: Column) -> str:
        """What fills a column."""
        if column.sql:
            return column.sql
        part, path = self._split(column.read or column.name)
        field = f"{part}.{'.'.join(path)}".replace("[]", "")
        if self._parts[part].along:
            return f"arrayResize({field}, length({self._parts[part].along}))"
        return _CONVERSIONS.get(column.type, "{}").format(field)

    @cached_property
    def reads(self) -> frozenset[str]:
        """Every field of the record that a column reads, as ``content.place``."""
        found = [(part, path) for column in self.stored for part, path, _ in self._declared(column)]
        found += [field for column in self.stored for field in self._mentioned(column)]
        return frozenset(".".join((*self._parts[part].path, *path)).replace("[]", "") for part, path in found)

    def from_record(self, column: Column) -> str:
        """What fills a column, from ``_value`` alone: for rows that an insert stored which did not know the column."""
        narrow = replace(self, columns=(column,)).json_types

        def read(found: re.Match[str]) -> str:
            path = "".join(f", '{key}'" for key in self._parts[found[0]].path)
            kind = narrow.get(found[0], "")
            if "Array(Tuple" in kind:
                kind = self.json_types[found[0]]  # JSONExtract leaves out an element that has no field of the type
            return f"JSONExtract(_value{path}, '{kind}')" if kind else f"JSONExtractArrayRaw(_value{path})"

        pieces = re.split(f"({_QUOTED.pattern})", self.expression(column))
        names = re.compile(rf"(?<![\w.])({'|'.join(self._parts)})(?=[.,)])")
        return "".join(piece if piece.startswith("'") else names.sub(read, piece) for piece in pieces)

    def shown_in(self, view: str) -> Iterator[Column | Computed]:
        """The columns that a view shows, in order."""
        return (column for column in self.columns if view in column.views)

    @cached_property
    def _parts(self) -> dict[str, Part]:
        return {part.name: part for part in (Part(ROOT, ()), *self.parts)}

    def _split(self, path: str) -> tuple[str, list[str]]:
        first, *rest = path.split(".")
        return (first, rest) if first in self._parts and rest else (ROOT, [first, *rest])

    def _declared(self, column: Column) -> Iterator[tuple[str, list[str], str]]:
        """Each field whose type a column declares: part, path in it, type of its JSON."""
        if not column.sql:
            part, path = self._split(column.read or column.name)
            lists = self._parts[part].many + sum(step.endswith("[]") for step in path)
            yield part, path, "String" if column.type in _CONVERSIONS else _element(_plain(column.type), lists)
        for need in column.needs:
            field, _, kind = need.partition(" ")
            yield *self._split(field), kind

    def _mentioned(self, column: Column) -> Iterator[tuple[str, list[str]]]:
        """The fields in a column's own expression: part and path in it."""
        for part, rest in _FIELD.findall(_QUOTED.sub("''", column.sql)):
            if part in self._parts:
                yield part, rest.removeprefix(".").split(".")


PLACE = (
    Column("_topic", WORD, "Kafka topic the row came from"),
    Column("_partition", "UInt16", "Partition of that topic"),
    Column(
        "_offset",
        "UInt64",
        "Offset in that partition. Topic, partition and offset are the row's identity, and the highest one is the sink's position",
    ),
    Column("_timestamp", TIME, "Kafka's timestamp of the record"),
    Column("_value", "String", "The record as it is on the topic (JSON), for what has no column of its own", packed=True),
)
"""The columns of the place, which every table of records begins with."""


def _plain(kind: str) -> str:
    """A column's type as JSON has it."""
    return re.sub(r"LowCardinality\((\w+)\)", r"\1", kind)


def _element(kind: str, lists: int) -> str:
    """The type of the elements of so many lists in each other."""
    for _ in range(lists):
        found = re.fullmatch(r"Array\((.*)\)", kind)
        if found is None:
            raise ValueError(f"{kind}: a field of each element of a list fills an Array(…)")
        kind = found[1]
    return kind


def _grow(tree: dict[str, Any], path: Sequence[str], kind: str) -> None:
    """Add a field, unless its type is known already."""
    first, *rest = path
    if f"{first}[]" in tree:
        return
    if rest:
        _grow(tree.setdefault(first, {}), rest, kind)
    else:
        tree.setdefault(first, kind)


def _tuple(tree: dict[str, Any]) -> str:
    return f"Tuple({', '.join(_named(name, below) for name, below in tree.items())})"


def _named(name: str, below: str | dict[str, Any]) -> str:
    kind = below if isinstance(below, str) else _tuple(below)
    return f"{name.removesuffix('[]')} {f'Array({kind})' if name.endswith('[]') else kind}"
