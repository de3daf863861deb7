"""``mekong layout``: proposes a layout for a sheet, and shows what a layout makes of it. Nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mekong.deploy.cli.format_options import encoding_option
from mekong.deploy.cli.terminal import say

if TYPE_CHECKING:
    from mekong.producers.sheets.cases import Case
    from mekong.producers.sheets.cells import Row
    from mekong.producers.sheets.table import Table

_file = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@click.group()
def layout() -> None:
    """Which column of a sheet is which field: propose a layout, test it. Nothing is sent.

    All about layouts: docs/sheets.md.

    \b
    Example:
      mekong layout guess seizures.xlsx > my.toml
      mekong layout test my.toml seizures.xlsx
      mekong send seizures.xlsx --layout my.toml --agency VN-CUSTOMS
    """


@layout.command("guess")
@_file
@encoding_option
def guess_command(file: Path, encoding: str) -> None:
    """Propose a layout for a sheet, with the confidence of each column, and ask for what cannot be known.

    The layout is printed; what was not clear is a comment with ? in it, and a line on the error stream says how many there are.

    \b
    Example:
      mekong layout guess seizures.xlsx > my.toml
    """
    from mekong.producers.sheets.book import sheets_of
    from mekong.producers.sheets.guess import guess
    from mekong.producers.sheets.proposed import layout_text, questions
    from mekong.producers.sheets.refused import Unreadable
    from mekong.schemas.errors import Refused

    try:
        found = max(map(guess, sheets_of(file.read_bytes(), encoding)), key=lambda one: sum(bool(each.field) for each in one.proposals))
    except Unreadable as exc:
        raise Refused(f"{file}: {exc.detail}") from exc
    click.echo(layout_text(found), nl=False)
    sure = sum(one.sure for one in found.proposals)
    click.echo(f"{sure} of {len(found.proposals)} columns are sure; {questions(found)} questions, marked with ?", err=True)


@layout.command("test")
@click.argument("layout_name", metavar="LAYOUT")
@_file
@click.option("--agency", default="VN-CUSTOMS", show_default=True, help="The sender, when no column names it.")
@click.option("--rows", "count", type=click.IntRange(1, 1_000), default=5, show_default=True, help="How many cases to show.")
@encoding_option
@click.pass_context
def test_command(ctx: click.Context, layout_name: str, file: Path, agency: str, count: int, encoding: str) -> None:
    """Show the first messages that a layout makes of a sheet, beside their rows. Exit code 1 when one of them has a fault.

    LAYOUT is a file, or the name of a layout of the exchange.

    \b
    Example:
      mekong layout test my.toml seizures.xlsx
      mekong layout test aitr report.xlsx --rows 20
    """
    from mekong.producers.sheets.cases import Cases
    from mekong.producers.sheets.layout import layout_named
    from mekong.producers.sheets.refused import Unreadable
    from mekong.producers.sheets.side_by_side import rows_of
    from mekong.producers.sheets.table import open_table
    from mekong.schemas.errors import Refused

    try:
        table = open_table(file.read_bytes(), layout_named(layout_name), encoding)
        sender = None if table.template and ctx.get_parameter_source("agency") is ParameterSource.DEFAULT else agency
        found = list(islice(Cases(table, sender), count))
    except Unreadable as exc:
        raise Refused(f"{file}: {exc.detail}") from exc
    rows = rows_of(found, table)
    for case in found:
        for line in lines_of(case, table, rows):
            say(line)
    for note in table.notes():
        say(f"note: {note}")
    ctx.exit(1 if any(case.faults for case in found) else 0)


def lines_of(case: Case, table: Table, found: Mapping[int, Row]) -> Iterator[str]:
    """A case: each field with its value beside its cell, or what is wrong and where."""
    from mekong.producers.sheets.side_by_side import side_by_side

    rows = ", ".join(map(str, case.rows[:5])) + (", ..." if len(case.rows) > 5 else "")  # noqa: PLR2004 - five rows
    yield f"row {rows}: case {case.case_no or '(no number)'}"
    for fault in case.faults:
        yield f"  {fault.cell or 'row'} {fault.field}: {fault.detail} ({fault.reason})"
    for path, value, cell, heading, written in side_by_side(case, table, found):
        beside = f"{cell} {heading}: {written}" if cell else ""
        yield f"  {path:<28} {json.dumps(value, ensure_ascii=False):<32} {beside}".rstrip()
    yield ""
