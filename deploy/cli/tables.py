"""Shows rows as a plain table on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mekong.deploy.cli.terminal import harmless

PIPED_WIDTH = 200
"""Columns from which on rows are shown one below the other without a terminal."""
_NO_LIMIT = 1_000_000


def show(columns: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[str] = frozenset()) -> None:
    """Print the table. The columns named in ``right`` are aligned to the right.

    Cells are shown as they are, never as markup or control. On a terminal long cells continue in the next line; elsewhere a line is as
    long as it must be.
    """
    console, table = Console(), _table(columns, rows, right)
    if not console.is_terminal:
        console.width = _width(console, table)
    console.print(table)


def show_rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print the table; when it is wider than the terminal, a line for each field, row after row."""
    console, table = Console(), _table(columns, rows)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    if _width(console, table) <= console.width:
        console.print(table)
        return
    longest = max(map(len, columns))
    for number, row in enumerate(rows, 1):
        click.echo(f"row {number:,} of {len(rows):,}")
        for column, cell in zip(columns, row, strict=True):
            click.echo(f"  {column + ':':<{longest + 1}} {harmless(cell)}".rstrip())
        click.echo("")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[str] = frozenset()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if column in right else "left", overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text(harmless(cell, keep="\n\t")) for cell in row))
    return table


def _width(console: Console, table: Table) -> int:
    """How wide it is with no cell cut."""
    return console.measure(table, options=console.options.update(max_width=_NO_LIMIT)).maximum
