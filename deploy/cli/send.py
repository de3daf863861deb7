"""``mekong send`` and ``replay``: send an agency's files to the exchange, each message once, and show the receipts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mekong.deploy.cli.address import settings_here, url_option
from mekong.deploy.cli.format_options import Which, format_option, language_option
from mekong.schemas.batches import HISTORY

if TYPE_CHECKING:
    from mekong.producers.files import SendOptions
    from mekong.producers.ledger import Summary
    from mekong.producers.missing import Choice
    from mekong.producers.parsed import Format
    from mekong.schemas.languages import Language
    from mekong.schemas.settings import Settings


agency_option = click.option("--agency", help="The sender: everything goes to its topic. Without it each message names its agency.")
register_option = click.option("--register", is_flag=True, help="Add the agencies that the file names. Only in a local stack.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the account as JSON.")
_report = click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the account with every rejection to this file."
)
wait_option = click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to wait for the next receipt."
)


class AnInstant(click.ParamType):
    """An instant with its offset from UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The text of the command line as an instant."""
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(f"{value!r} is not a time with its offset from UTC, such as 2026-11-01T08:00Z", param, ctx)
        return found


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@format_option
@agency_option
@register_option
@click.option(
    "--history",
    is_flag=True,
    help=f"Old cases: the batch is named {HISTORY}..., so that they raise no alerts; a case of the last week does.",
)
@click.option("--batch", default="", help="What to call this sending in the exchange's records; the file's name when not given.")
@click.option("--yes", is_flag=True, help="Send it also when something looks damaged, or would undo a newer edition; it is still shown.")
@click.option(
    "--edition", type=AnInstant(), help="When this sheet was made, as 2026-11-01T08:00Z, when an older one is first sent from here."
)
@click.option("--series", default="", help="The name of the file whose later edition this is, when this one has another name.")
@click.option(
    "--complete",
    type=click.Choice(["month", "file"]),
    help="Withdraw the cases of the previous edition that this one no longer has: of the months that are in it, or all.",
)
@url_option
@click.option("--withdraws", type=click.IntRange(min=0), help="With --complete: how many cases it withdraws, when it asks for that number.")
@wait_option
@_report
@click.option(
    "--marked", type=click.Path(dir_okay=False, path_type=Path), help="Of a sheet: write it to this .xlsx, with a receipt at each row."
)
@language_option
@_json
@click.pass_context
def send(
    ctx: click.Context,
    file: Path,
    which: Which,
    agency: str | None,
    register: bool,
    history: bool,
    batch: str,
    yes: bool,
    edition: datetime | None,
    series: str,
    complete: Literal["month", "file"] | None,
    withdraws: int | None,
    wait_s: float,
    report: Path | None,
    marked: Path | None,
    language: Language | None,
    as_json: bool,
) -> None:
    """Send a file, or - for standard input, and wait for every receipt.

    Exit code 1 when anything was rejected or is stale (the exchange has something newer). When it is interrupted, the same command
    goes on where it stopped. Sending a corrected file again is safe: what was accepted before is answered with "duplicate".

    A file is read through first. What looks damaged (a rounded case number, a total row) is asked before anything is sent; without a
    terminal the answer is --yes, else exit code 2.

    A file of a format for sheets is an edition: its time is that of its first sending, also when it is sent again, so an old sheet
    undoes nothing. The ledger of editions is in MEKONG_HOME.

    \b
    Example:
      mekong send seizures.xlsx --agency VN-CUSTOMS
      mekong send seizures.jsonl --format json --agency VN-CUSTOMS
      mekong send drugs.csv --format cbp --register --report account.json
      mekong send drugs.csv --format cbp --complete file --withdraws 3
      MEKONG_TOKEN=... mekong send seizures.jsonl --format json --url https://exchange.example.org
    """
    from mekong.deploy.cli import account
    from mekong.deploy.cli.marked import Marks
    from mekong.deploy.cli.questions import asking
    from mekong.producers.files import SendOptions, name_of

    where = settings_here()
    format_ = which.of(file, agency)
    marks = Marks(file, which, agency, marked, language)
    how = SendOptions(
        format_,
        choice=_choice(series, edition, complete, withdraws),
        ask=asking(str(file), yes=yes),
        agency=agency,
        batch=(HISTORY if history else "") + (batch or format_.called(name_of(file))),
        register=registering(where, format_) if register else None,
        answered=marks.received,
        wait_s=wait_s,
    )
    summary = marks.write(_sent(where, file, how))
    ctx.exit(account.say(summary, str(file), as_json=as_json, report=report))


def _choice(series: str, edition: datetime | None, complete: Literal["month", "file"] | None, withdraws: int | None) -> Choice:
    from mekong.producers.missing import Choice

    if withdraws is not None and complete is None:
        raise click.UsageError("--withdraws goes with --complete")
    return Choice(series, None if edition is None else round(edition.timestamp() * 1000), complete or "", withdraws)


def _sent(settings: Settings, file: Path, how: SendOptions) -> Summary:
    """Send a file with a bar that shows how far it is."""
    from mekong.deploy.cli import account
    from mekong.producers.files import STDIN, send_file
    from mekong.schemas.errors import Retriable

    try:
        with account.bar(how, None if file == STDIN else file.stat().st_size) as shown:
            return send_file(settings, file, shown)
    except Retriable as exc:
        raise Retriable(f"{exc} The same command again goes on where this one stopped.") from exc


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "format_names", required=True, multiple=True, help="What the files are; once, or once for each file.")
@agency_option
@register_option
@wait_option
@_report
@_json
@click.pass_context
def replay(
    ctx: click.Context,
    files: tuple[Path, ...],
    format_names: tuple[str, ...],
    agency: str | None,
    register: bool,
    wait_s: float,
    report: Path | None,
    as_json: bool,
) -> None:
    """Send files sorted by event time, with the clock's ticks from the data's own time.

    So the counts pass through the past as they would have then. Only into a stack whose clock is off (`mekong up --clock off`).

    \b
    Example:
      mekong replay drugs.csv frogs.csv --format cbp --format lemis --register
    """
    from mekong.deploy.cli import account
    from mekong.deploy.start import look
    from mekong.producers.files import SendOptions, format_named, replay_files
    from mekong.schemas.settings import settings

    if len(format_names) not in (1, len(files)):
        raise click.UsageError("give --format once, or once for each file, in their order")
    where = settings()
    look(where, "replay")
    formats = [format_named(name) for name in format_names] * (len(files) if len(format_names) == 1 else 1)
    how = SendOptions(formats[0], agency=agency, register=registering(where, *formats) if register else None, wait_s=wait_s)
    with account.bar(how, sum(file.stat().st_size for file in files)) as shown:
        summary = replay_files(where, list(zip(files, formats, strict=True)), shown, lambda: places(where))
    ctx.exit(account.say(summary, ", ".join(map(str, files)), as_json=as_json, report=report))


def places(settings: Settings) -> Mapping[str, str]:
    """Agency -> when its day ends, of the agencies of this deployment."""
    from mekong.deploy.registry import list_agencies

    return {profile.agency: profile.place for profile in list_agencies(settings)}


def registering(settings: Settings, *formats: Format) -> Callable[[Collection[str]], None]:
    """The function that adds agencies to a local stack. Raises Refused when the stack is somebody else's.

    An agency that neither the format nor the code list knows is left out. The receipts of its messages then report that it is not
    registered.
    """
    from mekong.deploy.registry import add_agencies, list_agencies, profile_of
    from mekong.schemas.errors import Refused

    if settings.kafka_bootstrap or not settings.stack:
        raise Refused("--register is for a local stack (`mekong up`); elsewhere the operator adds agencies with `mekong agency add`.")

    def register(agencies: Collection[str]) -> None:
        here = {profile.agency for profile in list_agencies(settings)}
        profiles = []
        for agency in sorted(set(agencies) - here):
            profile = next((found for format_ in formats if (found := format_.profile(agency))), None)
            try:
                profiles.append(profile or profile_of(agency))
            except Refused:
                continue
        add_agencies(settings, profiles)

    return register
