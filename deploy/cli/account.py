"""Shows a bar while ``send``, ``replay`` and ``watch`` run, and the account when they are done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mekong.deploy.cli import terminal
from mekong.deploy.cli.tables import show

if TYPE_CHECKING:
    from mekong.producers.files import SendOptions
    from mekong.producers.ledger import Summary
    from mekong.producers.sending import Progress as Step

SHOWN = 20
NOTICES_SHOWN = 5


@contextmanager
def bar(how: SendOptions, total_bytes: int | None) -> Iterator[SendOptions]:
    """Give ``how`` a progress bar on the error stream. The bar is shown only when that stream is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[sent]:,} sent, {task.fields[answered]:,} receipts, {task.fields[refused]:,} rejected"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("reading", total=total_bytes, sent=0, answered=0, refused=0)

        def step(step: Step) -> None:
            state = "sending" if step.answered < step.sent or not step.sent else "receipts"
            progress.update(task, description=state, sent=step.sent, answered=step.answered, refused=step.refused)

        yield how._replace(progress=step, on_bytes=lambda size: progress.advance(task, size))


def say(summary: Summary, name: str, *, as_json: bool, report: Path | None) -> int:
    """Print the account and return the exit code: 1 when a message was rejected, is stale or has no receipt."""
    from mekong.producers import report as reports

    if report is not None:
        report.write_text(json.dumps(reports.as_json(summary, name), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if as_json:
        shown = reports.as_json(summary, name)
        elsewhere = {} if report is None else {"rejections": str(report), "stale_messages": str(report), "notices": str(report)}
        terminal.say_json(json.dumps(shown | elsewhere, ensure_ascii=False))
    else:
        for line in reports.as_lines(summary, name):
            terminal.say(line)
        _show_rejections(summary, report)
        _show_stale(summary, report)
        _show_notices(summary, report)
    sys.stdout.flush()
    return 0 if summary.good else 1


def _show_rejections(summary: Summary, report: Path | None) -> None:
    from mekong.producers.report import rejections

    if not summary.refusals:
        return
    click.echo("")
    show(["where", "case", "reason", "field", "why"], rejections(summary.refusals[:SHOWN]))
    left = len(summary.refusals) - SHOWN
    if left > 0:
        click.echo(f"and {left:,} more" + (f": {report}" if report else "; --report FILE writes all of them"))
    elif report:
        click.echo(f"the whole account: {report}")


def _show_stale(summary: Summary, report: Path | None) -> None:
    from mekong.producers.report import notices

    if not summary.stale:
        return
    click.echo("")
    rows = [(where, case, what) for where, case, _, _, what in notices(summary.stale[:SHOWN])]
    show(["where", "case", "stale: what to do"], rows)
    left = len(summary.stale) - SHOWN
    if left > 0:
        click.echo(f"and {left:,} more" + (f": {report}" if report else "; --report FILE writes all of them"))


def _show_notices(summary: Summary, report: Path | None) -> None:
    from mekong.producers.report import notices

    if not summary.remarks:
        return
    click.echo("")
    show(["where", "case", "notice", "field", "what"], notices(summary.remarks[:NOTICES_SHOWN]))
    if len(summary.remarks) > NOTICES_SHOWN:
        click.echo(f"and more notices: {report}" if report else "and more notices; --report FILE writes them")
