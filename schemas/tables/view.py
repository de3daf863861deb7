"""Defines how a view of ClickHouse is declared: a query, and the columns that it shows. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from mekong.schemas.tables.shape import Column, Computed, Shape


@dataclass(frozen=True)
class View:
    """One view."""

    name: str
    comment: str
    sql: str
    """The query. ``{columns}`` is replaced by the columns, and ``{unfolded}`` by the lists of which each element becomes a row."""
    of: Shape | None = None
    """The table whose columns declare which of them the view shows."""
    columns: tuple[Computed, ...] = ()
    """The columns of a view without such a table."""
    unfolds: str = ""
    """Name of the lists of which each element becomes a row, such as ``lines``: ``lines.unit`` is shown as ``unit``."""
    comments: tuple[tuple[str, str], ...] = ()
    """Column and comment, where the table's own is not right here."""

    @cached_property
    def shown(self) -> tuple[Column | Computed, ...]:
        """Its columns, in order."""
        return self.columns if self.of is None else tuple(self.of.shown_in(self.name))

    @property
    def takes_parameters(self) -> bool:
        """Whether the view has parameters. Such a view cannot have comments on its columns."""
        return re.search(r"\{\w+:", self.sql) is not None

    def is_unfolded(self, column: Column | Computed) -> bool:
        """Whether it makes rows of a column."""
        return bool(self.unfolds) and column.name.startswith(f"{self.unfolds}.")

    def name_of(self, column: Column | Computed) -> str:
        """What a column is called here."""
        return column.name.removeprefix(f"{self.unfolds}.") if self.unfolds else column.name

    def comment_of(self, column: Column | Computed) -> str:
        """The comment of a column in this view."""
        prefix = f"{self.unfolds.capitalize()}: "
        text = column.comment
        if self.unfolds and text.startswith(prefix):
            text = text[len(prefix)].upper() + text[len(prefix) + 1 :]
        return dict(self.comments).get(self.name_of(column), text)
