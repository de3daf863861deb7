"""``mekong up``, ``down``, ``status``, ``reset``: start, stop, show and delete a stack on this machine."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mekong.deploy.health import Seen
    from mekong.deploy.local.home import Home

MANY_RESTARTS = 3
"""A process with this many restarts that has not run for a minute since the last one keeps ending."""

_TOGETHER = "\N{NO-BREAK SPACE}"

_CLOCK = (
    "off: time is that of the data, for a replay; share, notify and the notifier do not run, so nobody receives alerts. "
    "Default: as at the last start; at the first start on."
)


@click.command()
@click.option("--detach", "-d", is_flag=True, help="Return when it is up, and leave it running.")
@click.option("--kafka-port", type=click.IntRange(1, 65_535), help="Kafka's port. Default: the last one, or a free one.")
@click.option("--clickhouse-port", type=click.IntRange(1, 65_535), help="ClickHouse's port. Default: the last one, or a free one.")
@click.option("--clock", type=click.Choice(["on", "off"]), help=_CLOCK)
def up(detach: bool, kafka_port: int | None, clickhouse_port: int | None, clock: str | None) -> None:
    """Start a stack: Kafka, ClickHouse, the workers and sinks, and `mekong web`, on this machine.

    State and logs are kept under MEKONG_HOME (.mekong). It runs until Ctrl-C, or with --detach until `mekong down`.
    Whatever ends by itself is started again.

    \b
    Example:
      mekong up --detach
      MEKONG_HOME=/tmp/try mekong up --clock off
    """
    from mekong.deploy.local import stack
    from mekong.deploy.local.detached import up_detached
    from mekong.deploy.local.home import Home
    from mekong.schemas.settings import settings

    home = Home(settings().home)
    if detach:
        given = {"--kafka-port": kafka_port, "--clickhouse-port": clickhouse_port, "--clock": clock}
        up_detached(home, [f"{name}={value}" for name, value in given.items() if value], click.echo)
        click.echo(f"{'live page':12} {home.stack().get('web', {}).get('console', '')}")
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
    from mekong.deploy.local import stack
    from mekong.deploy.local.home import Home
    from mekong.schemas.settings import settings

    home = Home(settings().home)
    click.echo("stopped" if stack.down(home) else f"no stack runs in {home.folder}")


@click.command()
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print it as JSON, with kafka.bootstrap, clickhouse.analyst_url with its password, and web.console with the key of the live page.",
)
def status(as_json: bool) -> None:
    """Show the processes of a local stack, how each stage does, and whether all is healthy. Exit code 0 when it is, else 1.

    It looks twice, some seconds apart: a stage that has something to read and does not move is stuck. The last line is `healthy`, or names
    what is not and which command to run. Where MEKONG_KAFKA_BOOTSTRAP is set it looks at that deployment's stages alone.

    ClickHouse's address is that of the user `analyst`, who can only read. Its password is in the JSON only, for a client of your own
    (docs/analysts.md); our own commands find it without help. The JSON has the administrator's address too, as clickhouse.url.

    \b
    Example:
      mekong status
      mekong status --json
    """
    from mekong.deploy.local import stack
    from mekong.deploy.local.home import Home
    from mekong.schemas.settings import settings

    given = settings()
    home = Home(given.home)
    found: dict[str, Any] = {"up": True, "processes": []} if given.kafka_bootstrap else stack.status(home)
    if not given.kafka_bootstrap and found["supervisor"] is None:
        click.echo(json.dumps(found) if as_json else f"no stack runs in {found['home']}; `mekong up` starts one")
        sys.exit(1)
    from mekong.deploy.health import look

    health = look(given)
    trouble = [*_troubles(found["processes"]), *health.trouble]
    if as_json:
        told = {"healthy": not trouble, "trouble": trouble, "stages": [one.as_json() for one in health.stages]}
        click.echo(json.dumps({**found, **told}))
    else:
        if not given.kafka_bootstrap:
            _show_stack(home, found)
        _show_health(health.stages, trouble)
    if trouble or not found["up"]:
        sys.exit(1)


def _troubles(processes: list[dict[str, Any]]) -> list[str]:
    """What is wrong with the processes of a local stack."""
    found = []
    for one in processes:
        why = f" ({one['why']})" if one["why"] else ""
        if one["state"] != "up":
            found.append(f"{one['name']} is {one['state']}{why}: see the end of {one['name']}.log")
        elif one["restarts"] >= MANY_RESTARTS and _lately(one["since"]):
            found.append(f"{one['name']} was started again {one['restarts']} times{why}: see the end of {one['name']}.log")
    return found


def _lately(since: str) -> bool:
    from mekong.deploy.local.supervisor import SETTLED_S

    return (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() < SETTLED_S


def _show_stack(home: Home, found: dict[str, Any]) -> None:
    from mekong.deploy.cli.tables import show
    from mekong.deploy.local.clickhouse import without_password

    kafka, clickhouse = found["kafka"], found["clickhouse"]
    click.echo(f"{'Kafka':12} {kafka['bootstrap'] if kafka else 'not up yet'}")
    click.echo(f"{'ClickHouse':12} {without_password(clickhouse['analyst_url']) if clickhouse else 'not up yet'}")
    if clickhouse:
        click.echo(f"{'':12} for reading only; native port {clickhouse['native_port']}; the password: `mekong status --json`")
    click.echo(f"{'web':12} {found['web']['url'] if found['web'] else 'not up yet'}")
    click.echo(f"{'live page':12} {(found['web'] or {}).get('console') or 'not up yet'}")
    click.echo(f"{'clock':12} {found['clock'] or ''}")
    click.echo(f"{'logs':12} {home.logs}")
    if ports := [f"{one['name']}{_TOGETHER}{one['metrics'].rpartition(':')[2]}" for one in found["processes"] if one.get("metrics")]:
        click.echo(_hung("metrics", f"127.0.0.1, ports {', '.join(ports)}"))
    columns = ["name", "state", "pid", "restarts", "since", "why"]
    processes = [{**one, "since": _second(one["since"])} for one in found["processes"]]
    rows = [["" if one[column] is None else str(one[column]) for column in columns] for one in processes]
    show([*columns[:-1], "trouble"], rows)


def _hung(name: str, text: str) -> str:
    """A named line that goes on below its text where it is too long."""
    return textwrap.fill(text, 80, initial_indent=f"{name:12} ", subsequent_indent=" " * 13).replace(_TOGETHER, " ")


def _show_health(stages: Sequence[Seen], trouble: list[str]) -> None:
    from mekong.deploy.cli.tables import show
    from mekong.deploy.cli.terminal import say

    now = datetime.now(UTC)
    show(["stage", "state", "waiting", "last wrote"], [stage.as_row(now) for stage in stages], frozenset({"waiting"}))
    if not trouble:
        click.echo("healthy")
    for sentence in trouble:
        say(f"NOT healthy: {sentence}")


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Delete the stack's state: every topic, every table, the logs, its secret. It must not run.

    \b
    Example:
      mekong down && mekong reset --yes
    """
    from mekong.deploy.local.home import OURS, Home
    from mekong.schemas.errors import Refused
    from mekong.schemas.settings import settings

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
