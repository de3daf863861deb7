"""``mekong sql`` and ``mekong verify``: ask ClickHouse anything, and ask whether all is as promised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from deploy.verify.report import Report

_NULL = "ᴺᵁᴸᴸ"
T = TypeVar("T")


@click.command()
@click.argument("statement")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True, help="How to print the rows."
)
def sql(statement: str, form: str) -> None:
    """Ask ClickHouse: one SELECT, its rows. Nothing can be changed with it.

    Rows that are wider than the terminal are shown with a line for each field.

    Begin with the views seizures, seizure_lines, rejections, agencies and current_counts; `DESCRIBE seizures` explains the columns.

    \b
    Example:
      mekong sql "SELECT agency, count(), sum(mass_kg) FROM seizures GROUP BY agency"
      mekong sql "SELECT * FROM seizures_as_of(known_at = '2026-09-15 00:00:00') LIMIT 3" --format json
    """
    from schemas.settings import settings
    from sinks.clickhouse.client import Database

    database = Database(settings().clickhouse())
    formats = {"table": "JSONCompactStringsEachRowWithNames", "json": "JSONEachRow", "csv": "CSVWithNames"}
    answer = database.text(statement.strip().rstrip(";"), formats[form]).decode(errors="replace")
    database.close()
    if form == "json":
        click.echo(json.dumps(_lines(answer, dict), ensure_ascii=False))
    elif form == "csv":
        click.echo(answer, nl=False)
    else:
        _print_rows(answer)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to wait for what is on its way."
)
def verify(as_json: bool, wait_s: float) -> int:
    """Check that nothing is lost and nothing twice, from the messages to the counts.

    Reads every topic up to ends fixed at the start and holds ClickHouse against it; may run while the exchange does.
    Exit code 1 when there is any difference.

    \b
    Example:
      mekong verify
      mekong verify --json --wait 120
    """
    from rich.console import Console

    from deploy.verify import verify as run
    from schemas.settings import settings

    with Console(stderr=True).status("reading the topics") as status:
        report = run(settings(), wait_s, status.update)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        print_report(report)
    return 0 if report.holds else 1


def _lines(answer: str, kind: type[T]) -> list[T]:
    """The JSON value of each line; a statement with a FORMAT of its own gives something else."""
    try:
        found = [json.loads(line) for line in answer.splitlines()]
    except ValueError:
        found = [None]
    if not all(isinstance(one, kind) for one in found):
        raise click.UsageError("say how to print the rows with --format, not in the statement")
    return found


def _print_rows(answer: str) -> None:
    from deploy.cli.tables import show_rows

    lines = _lines(answer, list)
    if not lines:
        click.echo("done")
        return
    columns, *rows = lines
    show_rows(columns, [["" if cell == _NULL else cell for cell in row] for row in rows])
    click.echo(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}")


def print_report(report: Report) -> None:
    """Print every check, with examples of what differs."""
    from deploy.cli.tables import show
    from deploy.cli.terminal import say

    figures = ("expected", "found", "missing", "doubled", "foreign", "different", "dead")
    rows = [
        ["holds" if check.holds else "DIFFERS", check.name, *(f"{getattr(check, figure):,}" for figure in figures)]
        for check in report.checks
    ]
    show(["", "check", *figures], rows, frozenset(figures))
    for check in report.checks:
        for example in check.examples:
            say(f"{check.name}: {example}")
    for part in report.pending:
        click.echo(f"still on its way: {part}")
    click.echo(f"{'everything is as promised' if report.holds else 'NOT as promised'} ({report.seconds:.1f} s)")
