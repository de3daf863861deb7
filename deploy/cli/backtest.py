"""``mekong backtest``: shows what would have been alerted under other rules, before they are used."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mekong.deploy.cli.format_options import format_help
from mekong.deploy.cli.terminal import say_json

if TYPE_CHECKING:
    from mekong.deploy.backtest.report import Report
    from mekong.deploy.backtest.run import BacktestOptions

_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "first", type=_DAY, required=True, help="First day. What came before is learnt from, and not counted.")
@click.option("--to", "last", type=_DAY, required=True, help="Last day.")
@click.option("--rules", "rules_file", type=_FILE, help="Rules to try (TOML, as MEKONG_RULES names). Default: the rules in force.")
@click.option("--file", "file", type=_FILE, help="Replay this file, as `mekong replay` does, and not the journal. Needs no stack.")
@click.option("--format", "format_name", help=format_help())
@click.option("--truth", type=_FILE, help="What `mekong simulate --truth` wrote: shows what was found of it, and when.")
@click.option("--budget", type=click.IntRange(0, 1_000), help="Notifications at once in a week, to a subscriber to everything. Default: 2.")
@click.option(
    "--strongest", "most", type=click.IntRange(0, 100), default=10, show_default=True, help="For how many alerts to show what happened."
)
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write figures and strongest into this Markdown page, too.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def backtest(
    first: datetime,
    last: datetime,
    rules_file: Path | None,
    file: Path | None,
    format_name: str | None,
    truth: Path | None,
    budget: int | None,
    most: int,
    page: Path | None,
    as_json: bool,
) -> None:
    """Replay the past under other rules, and show what would have been alerted against what was.

    Reads the journal, or a file by its own time, through the detectors that the workers use. Shows alerts by agency and kind, those
    in only one of the two, verdicts of subscribers on them, how soon they came, and how much a subscriber to everything would have
    had to read. A file is compared with the rules in force. Nothing is written anywhere, and nobody is notified.

    \b
    Example:
      mekong backtest --from 2026-05-01 --to 2026-09-30 --rules stricter.toml
      mekong backtest --from 2019-10-01 --to 2022-09-30 --file drugs.csv --format cbp
      mekong backtest --from 2023-08-01 --to 2024-01-31 --file phase-v.jsonl --format json --truth planted.jsonl
    """
    from mekong.deploy.backtest.planted import read_truth
    from mekong.deploy.backtest.run import BacktestOptions
    from mekong.schemas.settings import settings
    from mekong.streams.rules import rules_of

    _check(first, last, file, format_name)
    in_force = rules_of(settings())
    rules = rules_of(settings().model_copy(update={"rules": rules_file})) if rules_file else in_force
    asked = BacktestOptions(first.date(), last.date(), rules, in_force, read_truth(truth) if truth else (), most, budget)
    report = _of_file(file, format_name, asked) if file and format_name else _of_deployment(asked)
    if page is not None:
        _write(page, report)
    _show(report, as_json=as_json)


def _check(first: datetime, last: datetime, file: Path | None, format_name: str | None) -> None:
    """Raises what click shows for options that do not go together."""
    if last < first:
        raise click.BadParameter("lies before --from", param_hint="--to")
    if (file is None) != (format_name is None):
        raise click.UsageError("--file and --format go together")


def _of_file(file: Path, format_name: str, asked: BacktestOptions) -> Report:
    from rich.console import Console

    from mekong.deploy.backtest.run import of_file
    from mekong.producers.files import format_named
    from mekong.schemas.errors import Refused
    from mekong.schemas.settings import settings

    try:
        secret = settings().deployment_secret()
    except Refused:
        secret = b"backtest"  # no deployment: references to cases of one cannot be checked
    with Console(stderr=True).status(f"replaying {file.name}"):
        return of_file(file, format_named(format_name), secret, asked)


def _of_deployment(asked: BacktestOptions) -> Report:
    from rich.console import Console

    from mekong.deploy.backtest.run import of_deployment
    from mekong.schemas.settings import settings

    with Console(stderr=True).status("replaying the journal"):
        return of_deployment(settings(), asked)


def _write(page: Path, report: Report) -> None:
    from mekong.deploy.backtest.page import with_report

    arguments = [part for place, part in enumerate(sys.argv[1:], 1) if "--page" not in {part, sys.argv[place - 1]}]
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    page.write_text(with_report(before, report, shlex.join(["mekong", *arguments])), encoding="utf-8")


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        say_json(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        from mekong.deploy.cli.backtest_tables import print_report

        print_report(report)
    sys.stdout.flush()
