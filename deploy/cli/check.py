"""``mekong check``: says what the exchange would answer to a file. Nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mekong.deploy.cli.format_options import Which, format_option, language_option
from mekong.deploy.cli.send import agency_option
from mekong.deploy.cli.terminal import say

if TYPE_CHECKING:
    from mekong.schemas.languages import Language


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@format_option
@agency_option
@click.option(
    "--marked", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the marked sheet. Default: FILE-checked.xlsx."
)
@language_option
@click.pass_context
def check(ctx: click.Context, file: Path, which: Which, agency: str | None, marked: Path | None, language: Language | None) -> None:
    """Say what would become of a file, without sending it.

    A sheet comes back with the cells coloured that must be corrected, a comment on each, and a column of reasons. Correct it and send it:
    the columns that this command adds are not read. A sheet of up to 5,000 rows (.xlsx) is your own sheet, marked. From a larger one, or
    from .xls, .ods and .csv, you get a new sheet with the rows to look at.

    It needs no connection. With one, it also asks what `send` would ask about earlier editions, and whether the agency is registered.
    It cannot say which case will be a duplicate or a correction.

    Exit code 1 when something would be rejected, or asked about, or no rows are filled in.

    \b
    Example:
      mekong check sheet.xlsx
      mekong check seizures.csv --layout my.toml --agency VN-CUSTOMS --marked look.xlsx
    """
    import time

    from mekong.deploy.check.messages import check_messages
    from mekong.producers.files import Chunks
    from mekong.producers.formats import sheet
    from mekong.producers.sheets.summary import summary
    from mekong.schemas.errors import Refused

    format_ = which.of(file, agency)
    if format_.name == sheet.NAME:
        ctx.exit(_check_sheet(file, which, agency, marked, language))
    if marked is not None or language is not None:
        raise Refused(f"--marked and --language are for sheets: a file of the format {format_.name} has no cells.")
    found = check_messages(format_.parse(Chunks(file)), agency, time.time_ns() // 1_000_000)
    for line in summary(str(file), "", found.counts, found.findings, ()):
        say(line)
    ctx.exit(1 if found.counts["rejected"] or found.counts["question"] else 0)


def _check_sheet(file: Path, which: Which, agency: str | None, out: Path | None, language: Language | None) -> int:
    """Print the summary, and write the marked sheet when there is something to mark or ``out`` is given. Returns the exit code."""
    import time

    from mekong.deploy.check.exchange import ask
    from mekong.deploy.check.trial import Trial
    from mekong.deploy.cli.marked import opened
    from mekong.producers.sheets.checking import check_sheet
    from mekong.producers.sheets.refused import Unreadable
    from mekong.producers.sheets.summary import summary
    from mekong.schemas.settings import settings

    try:
        sheet = opened(file, which, agency, out, language)
        more = ask(settings(), file, which.of(file, agency), agency)
        found = check_sheet(sheet.table, sheet.agency, more.judged_by(Trial(time.time_ns() // 1_000_000, each_case_once=True).judge))
    except Unreadable as exc:
        say(f"{file}: nothing of it can be sent: {exc.detail}")
        return 1
    found = found._replace(findings=(*more.findings, *found.findings), notes=(*found.notes, *more.notes))
    about = (file.name, sheet.table.layout.name, found.counts, found.findings, found.notes)
    for line in summary(*about):
        say(line)
    if found.findings or out is not None:
        say(sheet.write(found, summary(*about, sheet.language), out))
    return 0 if found.good and not more.findings else 1
