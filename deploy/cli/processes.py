"""``mekong worker|sink|clock``: the processes of a deployment, each in the foreground until it is told to stop; ``mekong rebuild``."""

from __future__ import annotations

import logging
import signal
import sys
from threading import Event

import click

from deploy.cli.terminal import log_lines

WORKERS = ("intake", "watch", "network", "share", "notify")
"""The agents' names (streams/agents), here so that help imports no framework."""
REBUILT = ("intake", "watch", "network")
"""Those whose lost state is made again from the journal."""


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


@click.command()
@click.argument("name", type=click.Choice(WORKERS))
def worker(name: str) -> None:
    """Run a worker: `intake` takes messages into the journal, `watch` counts them and raises each agency's alerts.

    `network` raises the alerts of all members together, and runs once.
    `share` passes on to each member what it may see, `notify` decides what each subscription is sent.

    Start as many as you like on a real cluster: each takes some of the lanes, and a lane is never in two.

    \b
    Example:
      mekong worker intake
      mekong worker notify
    """
    from schemas.settings import settings
    from streams.agents import AGENTS
    from streams.app import run

    found = settings()
    sys.exit(run(AGENTS[name](found), found))


@click.command()
@click.argument("name", type=click.Choice(REBUILT))
@click.option("--json", "as_json", is_flag=True, help="Keys of state by lane, as JSON.")
def rebuild(name: str, as_json: bool) -> None:
    """Rebuild a worker's lost state from the journal. A local stack holds its worker meanwhile; elsewhere stop all of them first.

    Needed when a worker says that its state topic was lost. No message is taken twice and nothing is told twice: the
    positions are read off what was written together with the state; of `network` off the newest alert.

    \b
    Example:
      mekong rebuild intake
    """
    import json
    from contextlib import nullcontext

    from deploy.local.home import Home
    from schemas.settings import settings
    from streams.agents import AGENTS
    from streams.rebuild import rebuild as rebuild_lanes

    log_to_stderr()
    found = settings()
    home = Home(found.home)
    is_local = not found.kafka_bootstrap and home.supervisor() is not None
    with home.holding(name) if is_local else nullcontext():
        keys = rebuild_lanes(AGENTS[name](found), found)
    click.echo(json.dumps(keys) if as_json else f"{name}: {sum(keys.values()):,} keys in {len(keys)} lanes")


@click.command()
def clock() -> None:
    """Write a tick a minute into every agency's topic, so that days close and rolling counts move on.

    \b
    Example:
      mekong clock
    """
    from producers.clock import run
    from schemas.settings import settings

    log_to_stderr()
    run(settings(), stop=told_to_stop())


def log_to_stderr() -> None:
    """A process of a deployment tells what it does on its standard error, a line for each event."""
    log_lines("%(asctime)s %(levelname)s %(name)s: %(message)s", logging.INFO)
    logging.getLogger("kafka").setLevel(logging.WARNING)


def told_to_stop() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
