"""A column whose values are a closed set says in its comment which values: all of them, or where they are declared.

So the comment has every value; or ``code list units``; or, for a set that grows by one line, ``declared in schemas/counts.py``. A comment
that is changed needs a migration: ``mekong migrate --new NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from mekong.schemas.codes import LISTS, Code
from mekong.schemas.export import records_of
from mekong.schemas.journal import Version
from mekong.schemas.tables.shape import Column
from mekong.schemas.topics import INCOMING
from mekong.sinks.clickhouse.table import Table
from mekong.sinks.clickhouse.tables import TABLES

ROOT = Path(__file__).parents[2]
COLUMNS = [pytest.param(table, column, id=f"{table.name}-{column.name}") for table in TABLES for column in table.shape.stored]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_the_comment_of_a_column_names_its_set_or_where_it_is_declared(table: Table, column: Column):
    text = column.comment
    if where := re.search(r"declared in (schemas/\w+\.py)", text):
        text = (ROOT / where[1]).read_text(encoding="utf-8")
    for name, values in sets_of(table, column):
        missing = sorted(value for value in values if not re.search(rf"\b{re.escape(value)}\b", text))
        said = f"column {table.name}.{column.name}: its comment does not have "
        assert f"code list {name}" in text if name else not missing, said + (f"'code list {name}'" if name else ", ".join(missing))


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_code_list_that_a_comment_names_is_one(table: Table, column: Column):
    assert set(re.findall(r"code list (\w+)", column.comment)) <= set(LISTS)


def test_every_kind_of_set_is_found():
    found = {(table.name, column.name): sets_of(table, column) for table in TABLES for column in table.shape.stored}
    assert found["journal", "kind"] == [("", {"version", "tick", "agency", "source", "time"})], "constants of several records"
    assert found["journal", "detection_methods"] == [("detection", set())], "a code list, of each element"
    assert found["journal", "route.role"] == [("", {"origin", "via", "departure", "destination"})], "a Literal in a list of records"
    assert ("", {"day", "month"}) in found["buckets", "bucket"], "a Literal"
    assert any("24h" in values for _, values in found["counts", "window"]), "an Enum"
    assert found["journal", "place"] == [("places", set())]
    assert found["journal", "batch"] == []


def sets_of(table: Table, column: Column) -> list[tuple[str, set[str]]]:
    """The sets of the field that fills a column: the name of the code list, or the values. Not of a column with an expression."""
    if column.sql:
        return []
    parts = {part.name: part.path for part in table.parts}
    first, *rest = (column.read or column.name).replace("[]", "").split(".")
    path = [*parts[first], *rest] if first in parts and rest else [first, *rest]
    found = [one for record in records_of(table.topic) for field in fields(record, path) for one in sets(field)]
    lists = sorted({name for name, _ in found if name})
    values = set[str]().union(*(values for _, values in found))
    return [(name, set()) for name in lists] + ([("", values)] if len(values) > 1 else [])  # one value: a constant of a record


def fields(kind: Any, path: list[str]) -> Iterator[Any]:
    """What a record type says of the field at a path."""
    if not path:
        yield kind
    elif kind is Version and path[0] == "content":
        for message in records_of(INCOMING):
            yield from fields(message, path[1:])
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        if field := kind.model_fields.get(path[0]):
            yield from fields(Annotated[field.annotation, None, *field.metadata], path[1:])
    else:
        for part in get_args(kind):
            yield from fields(part, path)


def sets(kind: Any) -> Iterator[tuple[str, set[str]]]:
    """The closed sets that a type has."""
    if isinstance(kind, Code):
        yield kind.name, set()
    elif isinstance(kind, type) and issubclass(kind, Enum):
        yield "", {str(one.value) for one in kind}
    elif get_origin(kind) is Literal:
        yield "", {str(one) for one in get_args(kind)}
    else:
        for part in get_args(kind):
            yield from sets(part)
