"""``mekong worker|sink|clock``: run a process of a deployment in the foreground until it must end. Also ``mekong rebuild``."""

from __future__ import annotations

import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from threading import Event
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mekong.schemas.settings import Settings

WORKERS = ("intake", "watch", "network", "share", "notify")
"""The agents' names (streams/agents), here so that help imports no framework."""


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
    from mekong.deploy.cli.log import begin_log
    from mekong.deploy.monitor import monitor
    from mekong.deploy.start import look
    from mekong.schemas.settings import settings
    from mekong.sinks.clickhouse.process import run
    from mekong.sinks.clickhouse.tables import TABLES

    known = {table.name: table for table in TABLES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}; there are {', '.join(known)}", param_hint="--table")
    found = settings()
    begin_log(found, "sink")
    monitor(found, "sink")
    look(found, "sink")
    run(found, told_to_stop(), [known[name] for name in names] or TABLES)


@sink.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures of each table as JSON.")
def redrive(as_json: bool) -> int:
    """Insert dead letters (records that ClickHouse refused) into their tables again, once the reason is fixed.

    Each record comes in exactly once, at its own place; the sink may run meanwhile. The dead letters stay, marked in the table
    `redriven`: they hold the position. What is refused again is said, and may be redriven again. Exit code 1 when there is any.

    \b
    Example:
      mekong sink redrive
    """
    import json

    from mekong.deploy.cli.terminal import say
    from mekong.schemas.settings import settings
    from mekong.sinks.clickhouse.client import Database
    from mekong.sinks.clickhouse.redrive import redrive as bring_in
    from mekong.sinks.clickhouse.tables import TABLES

    database = Database(settings().clickhouse())
    found = [bring_in(database, table) for table in TABLES]
    database.close()
    taken = [one for one in found if one.stored or one.refused]
    if as_json:
        click.echo(json.dumps([one._asdict() for one in taken]))
    for one in [] if as_json else taken:
        say(f"{one.table}: {one.stored:,} brought in, {one.refused:,} refused again" + (f" ({one.why})" if one.why else ""))
    if not taken and not as_json:
        click.echo("nothing to do: no dead letters")
    return 1 if any(one.refused for one in found) else 0


@click.command()
@click.argument("name", type=click.Choice(WORKERS))
def worker(name: str) -> None:
    """Run a worker: `intake` checks messages and writes them to the journal, `watch` counts them and raises each agency's alerts.

    `network` raises the alerts of all members together, and runs once.
    `share` passes on to each member what it may see, `notify` decides what each subscription is sent.

    Start as many as you like on a real cluster: each gets some of the lanes, and a lane is never in two.

    \b
    Example:
      mekong worker intake
      mekong worker notify
    """
    from mekong.deploy.cli.log import begin_log
    from mekong.deploy.monitor import monitor
    from mekong.deploy.start import look
    from mekong.schemas.settings import settings
    from mekong.streams.agents import AGENTS
    from mekong.streams.app import run

    found = settings()
    begin_log(found, name)
    monitor(found, name)
    look(found, name)
    sys.exit(run(AGENTS[name](found), found))


@click.command()
@click.argument("name", type=click.Choice(WORKERS))
@click.option("--json", "as_json", is_flag=True, help="Keys of state by lane, as JSON.")
def rebuild(name: str, as_json: bool) -> None:
    """Rebuild a worker's lost state from what it read. A local stack holds its worker meanwhile; elsewhere stop all of them first.

    Needed when a worker reports that its state was lost. No message is processed twice and nothing is published twice. The positions
    are read from what was written together with the state, and those of `network` from the newest alert. `share` and `notify` publish
    what arrived after the group's last commit and was not published yet. When Kafka has deleted that commit (7 days after the last
    worker ended), they publish nothing about what arrived before the rebuild.

    \b
    Example:
      mekong rebuild intake
    """
    import json

    from mekong.deploy.cli.log import begin_log
    from mekong.schemas.settings import settings
    from mekong.streams.agents import AGENTS
    from mekong.streams.rebuild import rebuild as rebuild_lanes

    found = settings()
    begin_log(found, f"rebuild {name}")
    with held(found, name):
        keys = rebuild_lanes(AGENTS[name](found), found)
    click.echo(json.dumps(keys) if as_json else f"{name}: {sum(keys.values()):,} keys in {len(keys)} lanes")


def held(given: Settings, name: str) -> AbstractContextManager[None]:
    """Within it a local stack has stopped the process ``name``; elsewhere nothing is done."""
    from mekong.deploy.local.home import Home

    home = Home(given.home)
    is_local = not given.kafka_bootstrap and home.supervisor() is not None
    return home.holding(name) if is_local else nullcontext()


@click.command()
def clock() -> None:
    """Write a tick a minute into every agency's topic, so that days close and rolling counts move on.

    \b
    Example:
      mekong clock
    """
    from mekong.deploy.cli.log import begin_log
    from mekong.deploy.monitor import monitor
    from mekong.deploy.start import look
    from mekong.producers.clock import run
    from mekong.schemas.settings import settings

    found = settings()
    begin_log(found, "clock")
    monitor(found, "clock")
    look(found, "clock")
    run(found, stop=told_to_stop())


def told_to_stop() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
