"""``mekong``: one file a command group, imported only when its command runs, so that help is quick."""

from __future__ import annotations

import sys
from importlib import import_module

import click

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
    # sending, and what comes back
    "send": "deploy.cli.send",
    "replay": "deploy.cli.send",
    "watch": "deploy.cli.send",
    "receipts": "deploy.cli.receipts",
    # asking
    "sql": "deploy.cli.ask",
    "verify": "deploy.cli.ask",
}
"""Command -> the module that has it, under its own name. Help lists them in this order."""


class Commands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[name]), name)
        return command
