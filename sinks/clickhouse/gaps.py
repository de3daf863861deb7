"""Compares two databases and finds what one lacks: the declared tables and views, and those that all migrations together create.

``mekong migrate --new`` writes the statements that close the gaps. A contract test reports the sentences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mekong.schemas.errors import Refused
from mekong.schemas.tables import SHAPES, VIEWS
from mekong.schemas.tables.shape import Shape
from mekong.schemas.tables.view import View
from mekong.sinks.clickhouse import ddl
from mekong.sinks.clickhouse.client import Database


class Look(NamedTuple):
    """One table or view, as ClickHouse itself describes it."""

    comment: str
    query: str
    """The query of a view, as ClickHouse stores it."""
    columns: dict[str, tuple[str, str]]
    """Name, type and comment of each column. ClickHouse reports no columns for a view with parameters."""
    indexes: frozenset[str] = frozenset()
    """The names of the skip indexes of a table."""


class Gaps(NamedTuple):
    """What a migration must create or change, and the changes for which no migration is written."""

    sentences: list[str]
    statements: list[str]
    refused: list[str]


def look(database: Database) -> dict[str, Look]:
    """Every table and view of a database."""
    columns: dict[str, dict[str, tuple[str, str]]] = {}
    asked = "SELECT table, name, type, comment FROM system.columns WHERE database = {name:String} ORDER BY table, position"
    for table, name, kind, comment in database.query(asked, name=database.name).rows:
        columns.setdefault(table, {})[name] = (kind, comment)
    asked = "SELECT name, comment, as_select FROM system.tables WHERE database = {name:String}"
    rows = database.query(asked, name=database.name).rows
    asked = "SELECT table, groupArray(name) FROM system.data_skipping_indices WHERE database = {name:String} GROUP BY table"
    indexes = {table: frozenset(names) for table, names in database.query(asked, name=database.name).rows}
    return {
        name: Look(comment, query.replace(f"{database.name}.", ""), columns.get(name, {}), indexes.get(name, frozenset()))
        for name, comment, query in rows
    }


def make(database: Database, shapes: Sequence[Shape] = SHAPES, views: Sequence[View] = VIEWS) -> None:
    """Everything that is declared, in an empty database."""
    for shape in shapes:
        database.command(ddl.create_table(shape))
    for view in views:
        for statement in _view(view):
            database.command(statement)


def gaps(declared: Mapping[str, Look], made: Mapping[str, Look], shapes: Sequence[Shape] = SHAPES, views: Sequence[View] = VIEWS) -> Gaps:
    """What ``made`` lacks of ``declared``, both as ``look`` found them."""
    found = Gaps([], [], [f"{name}: migrations make it, and it is not declared" for name in sorted(made.keys() - declared.keys())])
    for shape in shapes:
        _compare_table(found, shape, declared[shape.name], made.get(shape.name))
    for view in views:
        _compare_view(found, view, declared[view.name], made.get(view.name))
    return found


def _compare_table(found: Gaps, shape: Shape, declared: Look, made: Look | None) -> None:
    if made is None:
        found.sentences.append(f"table {shape.name}: no migration makes it")
        found.statements.append(ddl.create_table(shape))
        return
    missing = [name for name in declared.columns if name not in made.columns]
    found.sentences.extend(f"column {shape.name}.{name}: no migration makes it" for name in missing)
    found.refused.extend(
        f"column {shape.name}.{name}: migrations make it, and it is not declared" for name in made.columns if name not in declared.columns
    )
    for name in declared.columns.keys() & made.columns.keys():
        if declared.columns[name][0] != made.columns[name][0]:
            found.refused.append(f"column {shape.name}.{name}: declared as {declared.columns[name][0]}, made as {made.columns[name][0]}")
    other = _other_comments(declared, made)
    found.sentences.extend(f"column {shape.name}.{name}: its comment is another" for name, _ in other)
    commands = [*ddl.add_columns(shape, missing), *ddl.comment_columns(other)]
    if declared.comment != made.comment:
        found.sentences.append(f"table {shape.name}: its comment is another")
        commands.append(f"MODIFY COMMENT {ddl.literal(shape.comment)}")
    if commands:
        found.statements.append(ddl.alter(shape.name, commands))
    _compare_indexes(found, shape, declared, made)


def _compare_indexes(found: Gaps, shape: Shape, declared: Look, made: Look) -> None:
    absent = [index for index in shape.indexes if index.name not in made.indexes]
    more = sorted(made.indexes - declared.indexes)
    found.sentences.extend(f"index {shape.name}.{index.name}: no migration makes it" for index in absent)
    found.refused.extend(f"index {shape.name}.{name}: migrations make it, and it is not declared" for name in more)
    found.statements.extend(ddl.add_indexes(shape, absent))


def _compare_view(found: Gaps, view: View, declared: Look, made: Look | None) -> None:
    if made is None:
        found.sentences.append(f"view {view.name}: no migration makes it")
    elif missing := [name for name in declared.columns if name not in made.columns]:
        found.sentences.extend(f"view {view.name}: column {name} is missing" for name in missing)
    elif declared._replace(columns={}) != made._replace(columns={}) or _types(declared) != _types(made):
        found.sentences.append(f"view {view.name}: it is declared otherwise than migrations make it")
    else:
        if other := _other_comments(declared, made):
            found.sentences.extend(f"view {view.name}: the comment of column {name} is another" for name, _ in other)
            found.statements.append(ddl.alter(view.name, ddl.comment_columns(other)))
        return
    found.statements.extend(_view(view))


def _view(view: View) -> list[str]:
    """The statements that create a view again."""
    comments = ddl.comment_columns(ddl.comments_of(view))
    return [ddl.create_view(view), *([ddl.alter(view.name, comments)] if comments else [])]


def _other_comments(declared: Look, made: Look) -> list[tuple[str, str]]:
    """Columns that both have, and the comments that are declared, where they differ."""
    both = [name for name in declared.columns if name in made.columns]
    return [(name, declared.columns[name][1]) for name in both if declared.columns[name][1] != made.columns[name][1]]


def _types(one: Look) -> list[tuple[str, str]]:
    return [(name, kind) for name, (kind, _) in one.columns.items()]


def must_be_written(found: Gaps) -> list[str]:
    """The statements of a new migration. Raises Refused when there are none, or when a person must decide."""
    if found.refused:
        raise Refused("; ".join(found.refused) + ". A column keeps its type and stays: declare it as it is")
    if not found.statements:
        raise Refused("all migrations together make what schemas/tables declares: there is nothing to write")
    return found.statements
