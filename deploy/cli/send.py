"""``mekong send``, ``replay`` and ``watch``: an agency's files into the exchange, each message once, with its receipt."""

from __future__ import annotations

import json
import logging
import signal
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from deploy.cli.terminal import log_lines, say
from schemas.batches import HISTORY

if TYPE_CHECKING:
    from producers.ledger import Summary
    from producers.parsed import Format
    from schemas.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_agency = click.option("--agency", help="The sender: everything goes to its topic. Without it each message names its agency.")
_register = click.option("--register", is_flag=True, help="Add the agencies that the file names. Only in a local stack.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the account as JSON.")
_report = click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the account with every rejection to this file."
)
_wait = click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to wait for the next receipt."
)


def _format(function: F) -> F:
    return click.option("--format", "format_name", required=True, help="What the file is: json, cbp or lemis.")(function)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@_format
@_agency
@_register
@click.option("--history", is_flag=True, help=f"Old cases: the batch is named {HISTORY}..., so that nobody takes them for news.")
@click.option("--batch", default="", help="What to call this sending in the exchange's records; the file's name when not given.")
@_wait
@_report
@_json
@click.pass_context
def send(
    ctx: click.Context,
    file: Path,
    format_name: str,
    agency: str | None,
    register: bool,
    history: bool,
    batch: str,
    wait_s: float,
    report: Path | None,
    as_json: bool,
) -> None:
    """Send a file, or - for standard input, and wait for every receipt.

    Exit code 1 when anything was rejected. When it is interrupted, the same command goes on where it stopped. Sending a mended file
    again is safe: what was taken before is answered with "duplicate".

    \b
    Example:
      mekong send seizures.jsonl --format json --agency VN-CUSTOMS
      mekong send drugs.csv --format cbp --register --report account.json
    """
    from deploy.cli import account
    from producers.files import STDIN, How, format_named, name_of, send_file
    from schemas.errors import Retriable
    from schemas.settings import settings

    where = settings()
    format_ = format_named(format_name)
    how = How(
        format_,
        agency=agency,
        batch=(HISTORY if history else "") + (batch or name_of(file)),
        register=registering(where, format_) if register else None,
        wait_s=wait_s,
    )
    try:
        with account.bar(how, None if file == STDIN else file.stat().st_size) as shown:
            summary = send_file(where, file, shown)
    except Retriable as exc:
        raise Retriable(f"{exc} The same command again goes on where this one stopped.") from exc
    ctx.exit(account.say(summary, str(file), as_json=as_json, report=report))


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "format_names", required=True, multiple=True, help="What the files are; once, or once for each file.")
@_agency
@_register
@_wait
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
    from deploy.cli import account
    from producers.files import How, format_named, replay_files
    from schemas.settings import settings

    if len(format_names) not in (1, len(files)):
        raise click.UsageError("give --format once, or once for each file, in their order")
    where = settings()
    formats = [format_named(name) for name in format_names] * (len(files) if len(format_names) == 1 else 1)
    how = How(formats[0], agency=agency, register=registering(where, *formats) if register else None, wait_s=wait_s)
    with account.bar(how, sum(file.stat().st_size for file in files)) as shown:
        summary = replay_files(where, list(zip(files, formats, strict=True)), shown, lambda: utc_offsets(where))
    ctx.exit(account.say(summary, ", ".join(map(str, files)), as_json=as_json, report=report))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_format
@_agency
@_register
@click.option(
    "--settle", "settle_s", type=click.FloatRange(min=0), default=2.0, show_default=True, help="Seconds that a complete file stands still."
)
@click.option("--once", is_flag=True, help="Take the files that are there, and end; exit code 1 when one failed.")
@_wait
@click.option("--json", "as_json", is_flag=True, help="Print the account of each file as JSON, one a line.")
@click.pass_context
def watch(
    ctx: click.Context,
    folder: Path,
    format_name: str,
    agency: str | None,
    register: bool,
    settle_s: float,
    once: bool,
    wait_s: float,
    as_json: bool,
) -> None:
    """Send every file that is put into a folder, and move it to done/ or failed/ with a report beside it.

    A file is taken when it has stood still, and moved when every receipt is in. Names such as x.tmp, x.part and .x are passed over.

    \b
    Example:
      mekong watch /srv/outgoing --format json --agency VN-CUSTOMS
      mekong watch outbox --format json --once --json
    """
    from producers import folder as folders
    from producers import report as reports
    from producers.files import How, format_named, name_of
    from schemas.settings import settings

    log_lines("%(asctime)s %(message)s", logging.WARNING)
    logging.getLogger("kafka.net").setLevel(logging.ERROR)  # it warns of each pause of a busy machine; of an outage we tell ourselves
    where = settings()
    format_ = format_named(format_name)
    how = How(format_, agency=agency, register=registering(where, format_) if register else None, wait_s=wait_s)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    click.echo(f"watching {folder} for {format_name} files; Ctrl-C ends it", err=True)

    def on_file(path: Path, summary: Summary) -> None:
        if as_json:
            click.echo(json.dumps(reports.as_json(summary, name_of(path)), ensure_ascii=False))
        else:
            for line in reports.as_lines(summary, name_of(path)):
                say(line)

    failed = folders.watch(where, folder, how, settle_s=settle_s, stop=stop, on_file=on_file, once=once)
    ctx.exit(1 if failed and once else 0)


def utc_offsets(settings: Settings) -> Mapping[str, str]:
    """Agency -> when its day ends, of the agencies of this deployment."""
    from deploy.registry import list_agencies

    return {profile.agency: profile.utc_offset for profile in list_agencies(settings)}


def registering(settings: Settings, *formats: Format) -> Callable[[Collection[str]], None]:
    """What adds agencies to a local stack. Raises Refused when it is another's.

    One that neither the format nor the code list knows is left out: its messages will say that it is not registered.
    """
    from deploy.registry import add_agencies, list_agencies, profile_of
    from schemas.errors import Refused

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
