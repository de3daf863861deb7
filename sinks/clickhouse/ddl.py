"""Writes the statements that create the declared tables and views. Each statement may be run twice. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from mekong.schemas.errors import Refused
from mekong.schemas.tables.shape import PLACE, TIME, Column, Computed, Index, Shape
from mekong.schemas.tables.view import View

_WIDTH = 110
_RECORDS = """ENGINE = ReplacingMergeTree
ORDER BY (_topic, _partition, _offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1"""


def create_table(shape: Shape) -> str:
    """A table with its columns and comments."""
    columns = shape.stored if shape.ending else (*PLACE, *shape.stored)
    body = ",\n".join((*(f"  {_column(column)}" for column in columns), *(f"  INDEX {_index(index)}" for index in shape.indexes)))
    return f"CREATE TABLE IF NOT EXISTS {shape.name}\n(\n{body}\n)\n{shape.ending or _RECORDS}\nCOMMENT {literal(shape.comment)}"


def add_columns(shape: Shape, names: Iterable[str]) -> list[str]:
    """The commands of an ALTER that add columns; a row that was stored without one reads it from its record."""
    added = [column for column in shape.stored if column.name in set(names)]
    return [f"ADD COLUMN IF NOT EXISTS {_column(_added(shape, column))}" for column in added]


def add_indexes(shape: Shape, indexes: Iterable[Index]) -> list[str]:
    """The statements that add skip indexes, and then write them for the rows that are stored.

    ClickHouse does the latter in the background. In one statement with the former it would answer only when all is written.
    """
    wanted = list(indexes)
    added = alter(shape.name, (f"ADD INDEX IF NOT EXISTS {_index(index)}" for index in wanted))
    return [added, alter(shape.name, (f"MATERIALIZE INDEX IF EXISTS {index.name}" for index in wanted))] if wanted else []


def create_view(view: View) -> str:
    """A view; the comments on its columns are ``comment_columns``."""
    columns = [_shown(view, column) for column in view.shown]
    unfolded = [f"{name_in_sql(column.name)} AS {view.name_of(column)}" for column in view.shown if view.is_unfolded(column)]
    query = view.sql.replace("{columns}", _wrapped(columns)).replace("{unfolded}", _wrapped(unfolded))
    return f"CREATE OR REPLACE VIEW {view.name} AS\n{query}\nCOMMENT {literal(view.comment)}"


def comment_columns(comments: Iterable[tuple[str, str]]) -> list[str]:
    """The commands of an ALTER that put a comment on each column."""
    return [f"COMMENT COLUMN {name_in_sql(name)} {literal(comment)}" for name, comment in comments]


def comments_of(view: View) -> list[tuple[str, str]]:
    """Column and comment of a view, in order. None for a view with parameters."""
    return [] if view.takes_parameters else [(view.name_of(column), view.comment_of(column)) for column in view.shown]


def alter(name: str, commands: Iterable[str]) -> str:
    """One ALTER of a table or view."""
    return f"ALTER TABLE {name}\n  " + ",\n  ".join(commands)


def literal(text: str) -> str:
    """A text as the migrations write it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def name_in_sql(name: str) -> str:
    """The name of a column as SQL needs it. The name of a list's column has a dot, so it gets quotes."""
    return f"`{name}`" if "." in name else name


def _column(column: Column) -> str:
    default = f" DEFAULT {column.default}" if column.default else ""
    codec = " CODEC(ZSTD(1))" if column.packed else ""
    return f"{name_in_sql(column.name)} {column.type}{default} COMMENT {literal(column.comment)}{codec}"


def _index(index: Index) -> str:
    return f"{index.name} {index.column} TYPE {index.type} GRANULARITY 1"


def _added(shape: Shape, column: Column) -> Column:
    if shape.ending or column.default:
        return column
    if column.type in {TIME, "Date"}:
        raise Refused(f"{shape.name}.{column.name} is new: older records do not have it, so its type must be Nullable({column.type})")
    return column._replace(default=shape.from_record(column))


def _shown(view: View, column: Column | Computed) -> str:
    name = view.name_of(column)
    if isinstance(column, Computed) and column.sql != name:
        return f"{column.sql} AS {name}"
    return name_in_sql(name)


def _wrapped(columns: Iterable[str]) -> str:
    lines = [""]
    for column in columns:
        if lines[-1] and len(lines[-1]) + len(column) > _WIDTH:
            lines.append("")
        lines[-1] += f"{column}, "
    return "\n  ".join(line.rstrip() for line in lines).removesuffix(",")
