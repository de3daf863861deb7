"""``mekong sink``: the processes of a deployment, each in the foreground until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
from threading import Event

import click


@click.group()
def sink() -> None:
    """Fill a store from the topics, exactly once.

    \b
    Example:
      mekong sink clickhouse
    """


@sink.command()
@click.option("--table", "names", multiple=True, help="Only this table; may be given again. Default: all.")
def clickhouse(names: tuple[str, ...]) -> None:
    """Fill ClickHouse's tables from their topics.

    ClickHouse itself holds the position: this process may be killed, stopped or run twice at any moment.

    \b
    Example:
      mekong sink clickhouse
      mekong sink clickhouse --table journal --table receipts
    """
    from schemas.settings import settings
    from sinks.clickhouse.process import run
    from sinks.clickhouse.tables import TABLES

    known = {table.name: table for table in TABLES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}; there are {', '.join(known)}", param_hint="--table")
    log_to_stderr()
    run(settings(), told_to_stop(), [known[name] for name in names] or TABLES)


def log_to_stderr() -> None:
    """A process of a deployment tells what it does on its standard error, a line for each event."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("kafka").setLevel(logging.WARNING)


def told_to_stop() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
