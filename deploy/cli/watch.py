"""``mekong watch``: sends every file that is put into a folder to the exchange, in order, each message once."""

from __future__ import annotations

import json
import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mekong.deploy.cli.address import settings_here, url_option
from mekong.deploy.cli.format_options import Which, format_option
from mekong.deploy.cli.send import agency_option, register_option, registering, wait_option
from mekong.deploy.cli.terminal import log_lines, say, say_json

if TYPE_CHECKING:
    from mekong.producers.ledger import Summary


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@format_option
@agency_option
@register_option
@click.option(
    "--settle",
    "settle_s",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    help="Seconds without a change before a closed file is sent.",
)
@click.option("--once", is_flag=True, help="Take the files that are there, and end; exit code 1 when one failed or is held.")
@url_option
@wait_option
@click.option("--json", "as_json", is_flag=True, help="Print the account of each file as JSON, one a line.")
@click.pass_context
def watch(
    ctx: click.Context,
    folder: Path,
    which: Which,
    agency: str | None,
    register: bool,
    settle_s: float,
    once: bool,
    wait_s: float,
    as_json: bool,
) -> None:
    """Send every file that is put into a folder, and move it to done/, failed/ or held/ with a report beside it.

    A file is sent when its writer has closed it (or moved it in) and it has not changed for some seconds. When nobody saw that it was
    closed, five times as many seconds must pass. Empty files and names such as x.tmp, x.part and .x wait. Files are sent in the order in
    which they were written: while one waits for the exchange, the files after it wait too. A file is moved when all its receipts have
    arrived.

    failed/ has files with something rejected or stale. held/ has files of which nothing was sent, because they look damaged or would
    undo a newer edition: look at the report, then send them with `mekong send --yes`. A file in done/ or failed/ that is written to
    again is sent again. Nothing is ever withdrawn.

    \b
    Example:
      mekong watch /srv/outgoing --format json --agency VN-CUSTOMS
      mekong watch outbox --format json --once --json
    """
    from mekong.producers import folder as folders
    from mekong.producers.files import SendOptions

    log_lines("%(asctime)s %(message)s", logging.WARNING)
    logging.getLogger("kafka.net").setLevel(logging.ERROR)  # it warns of each pause of a busy machine; an outage is reported here
    where = settings_here()
    format_ = which.of(None, agency)
    how = SendOptions(format_, agency=agency, register=registering(where, format_) if register else None, wait_s=wait_s)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    click.echo(f"watching {folder} for {format_.name} files; Ctrl-C ends it", err=True)
    on_file = _say_as_json if as_json else _say_in_lines
    failed = folders.watch(where, folder, how, settle_s=settle_s, stop=stop, on_file=on_file, once=once)
    ctx.exit(1 if failed and once else 0)


def _say_as_json(path: Path, summary: Summary) -> None:
    from mekong.producers import report
    from mekong.producers.files import name_of

    say_json(json.dumps(report.as_json(summary, name_of(path)), ensure_ascii=False))


def _say_in_lines(path: Path, summary: Summary) -> None:
    from mekong.producers import report
    from mekong.producers.files import name_of

    for line in report.as_lines(summary, name_of(path)):
        say(line)
