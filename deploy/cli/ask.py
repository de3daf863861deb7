"""``mekong sql`` and ``mekong verify``: ask ClickHouse anything, and check that the deployment keeps its promises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

import click

from mekong.deploy.cli.csv_lines import NULL, csv_lines
from mekong.deploy.cli.terminal import say_json

if TYPE_CHECKING:
    from mekong.deploy.verify.report import Report

T = TypeVar("T")


@click.command()
@click.argument("statement")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True, help="How to print the rows."
)
def sql(statement: str, form: str) -> None:
    """Ask ClickHouse: one SELECT, its rows. Nothing can be changed with it.

    Rows that are wider than the terminal are shown with a line for each field. In CSV a text that a spreadsheet would run as a
    formula has a ' in front.

    Begin with the views seizures, seizure_lines, rejections, agencies and current_counts; `DESCRIBE seizures` explains the columns.
    One case: case_by_id and case_by_number. What was known on a day: seizures_as_of. Ten questions with results: docs/analysts.md.

    \b
    Example:
      mekong sql "SELECT agency, count(), sum(mass_kg) FROM seizures GROUP BY agency"
      mekong sql "SELECT * FROM seizures_as_of(known_at = '2026-09-15T00:00:00.000Z') LIMIT 3" --format json
    """
    from mekong.schemas.settings import settings
    from mekong.sinks.clickhouse.client import Database

    database = Database(settings().clickhouse_to_read())
    formats = {
        "table": "JSONCompactStringsEachRowWithNames",
        "json": "JSONEachRow",
        "csv": "JSONCompactStringsEachRowWithNamesAndTypes",
    }
    answer = database.text(statement.strip().rstrip(";"), formats[form]).decode(errors="replace")
    database.close()
    if form == "json":
        say_json(json.dumps(_lines(answer, dict), ensure_ascii=False))
    elif form == "csv":
        for line in csv_lines(_lines(answer, list)):
            click.echo(line)
    else:
        _print_rows(answer)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to wait for what is on its way."
)
def verify(as_json: bool, wait_s: float) -> int:
    """Check that nothing is lost and nothing twice, from the messages to the counts and to what each member got.

    Reads every topic up to ends fixed at the start and compares ClickHouse with it; may run while the exchange does.
    Exit code 1 when there is any difference, a stage has not come to the end, or a record is set aside. It names what it cannot prove.

    \b
    Example:
      mekong verify
      mekong verify --json --wait 120
    """
    from rich.console import Console

    from mekong.deploy.verify import verify as run
    from mekong.schemas.settings import settings

    with Console(stderr=True).status("reading the topics") as status:
        report = run(settings(), wait_s, status.update)
    if as_json:
        say_json(json.dumps(report.as_json(), ensure_ascii=False))
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
    from mekong.deploy.cli.tables import show_rows

    lines = _lines(answer, list)
    if not lines:
        click.echo("done")
        return
    columns, *rows = lines
    show_rows(columns, [["" if cell == NULL else cell for cell in row] for row in rows])
    click.echo(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}")


def print_report(report: Report) -> None:
    """Print every check, with examples of what differs."""
    from mekong.deploy.cli.tables import show
    from mekong.deploy.cli.terminal import say

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
    for note in report.notes:
        say(note)
    if report.not_proved:
        click.echo("This does not prove:")
    for sentence in report.not_proved:
        say(f"- {sentence}")
    click.echo(f"{'everything is as promised' if report.holds else 'NOT as promised'} ({report.seconds:.1f} s)")
