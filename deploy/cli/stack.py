"""``mekong up``, ``down``, ``status``, ``reset``: a stack on this machine."""

from __future__ import annotations

import json
import sys

import click

_CLOCK = (
    "off: time is that of the data, for a replay; share, notify and the notifier do not run, so nobody is told of alerts. "
    "Else as before; at first on."
)


@click.command()
@click.option("--detach", "-d", is_flag=True, help="Return when it is up, and leave it running.")
@click.option("--kafka-port", type=click.IntRange(1, 65_535), help="Kafka's port. Else the last one, or a free one.")
@click.option("--clickhouse-port", type=click.IntRange(1, 65_535), help="ClickHouse's port. Else the last one, or a free one.")
@click.option("--clock", type=click.Choice(["on", "off"]), help=_CLOCK)
def up(detach: bool, kafka_port: int | None, clickhouse_port: int | None, clock: str | None) -> None:
    """Start a stack: Kafka, ClickHouse, the workers and sinks, on this machine.

    State and logs are kept under MEKONG_HOME (.mekong). It runs until Ctrl-C, or with --detach until `mekong down`.
    Whatever ends by itself is started again.

    \b
    Example:
      mekong up --detach
      MEKONG_HOME=/tmp/try mekong up --clock off
    """
    from deploy.local import stack
    from deploy.local.detached import up_detached
    from deploy.local.home import Home
    from schemas.settings import settings

    home = Home(settings().home)
    if detach:
        given = {"--kafka-port": kafka_port, "--clickhouse-port": clickhouse_port, "--clock": clock}
        up_detached(home, [f"{name}={value}" for name, value in given.items() if value], click.echo)
        click.echo("It runs in the background: `mekong status` shows it, `mekong down` stops it.")
        return
    stack.up(home, stack.Wanted(kafka_port or 0, clickhouse_port or 0, clock or ""), _say)


@click.command()
def down() -> None:
    """Stop the stack in order, and wait until it has stopped. Its state stays.

    \b
    Example:
      mekong down
    """
    from deploy.local import stack
    from deploy.local.home import Home
    from schemas.settings import settings

    home = Home(settings().home)
    click.echo("stopped" if stack.down(home) else f"no stack runs in {home.folder}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, with kafka.bootstrap, and clickhouse.url with its password.")
def status(as_json: bool) -> None:
    """Show the stack's addresses and every process. Exit code 0 when all are up, else 1.

    ClickHouse's password is in the JSON only, for a client of your own; every command of ours finds it by itself.

    \b
    Example:
      mekong status
      mekong status --json
    """
    from deploy.local import stack
    from deploy.local.home import Home
    from schemas.settings import settings

    found = stack.status(Home(settings().home))
    if as_json:
        click.echo(json.dumps(found))
    elif found["supervisor"] is None:
        click.echo(f"no stack runs in {found['home']}; `mekong up` starts one")
    else:
        from deploy.cli.tables import show
        from deploy.local.clickhouse import without_password

        kafka, clickhouse = found["kafka"], found["clickhouse"]
        click.echo(f"{'Kafka':12} {kafka['bootstrap'] if kafka else 'not up yet'}")
        click.echo(f"{'ClickHouse':12} {without_password(clickhouse['url']) if clickhouse else 'not up yet'}")
        click.echo(f"{'clock':12} {found['clock'] or ''}")
        click.echo(f"{'logs':12} {Home(settings().home).logs}")
        columns = ["name", "state", "pid", "restarts", "since", "why"]
        processes = [{**one, "since": _second(one["since"])} for one in found["processes"]]
        rows = [["" if one[column] is None else str(one[column]) for column in columns] for one in processes]
        show([*columns[:-1], "trouble"], rows)
    if not found["up"]:
        sys.exit(1)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Delete the stack's state: every topic, every table, the logs, its secret. It must not run.

    \b
    Example:
      mekong down && mekong reset --yes
    """
    from deploy.local.home import OURS, Home
    from schemas.errors import Refused
    from schemas.settings import settings

    home = Home(settings().home)
    if home.supervisor() is not None:
        raise Refused(f"A stack runs in {home.folder}: stop it first with `mekong down`.")
    if not any((home.folder / name).exists() for name in OURS):
        click.echo(f"no stack has anything in {home.folder}")
        return
    if not yes:
        click.confirm(f"Delete all that this stack has in {home.folder}?", abort=True)
    home.forget(*OURS)
    click.echo(f"the state in {home.folder} is deleted")


def _second(at: str | None) -> str:
    """A moment as it is written down, ``2026-05-03T08:02:12.345Z``, for people: to the second, UTC."""
    return (at or "")[:19].replace("T", " ")


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()
