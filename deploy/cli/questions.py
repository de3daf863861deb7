"""Asks a person at a terminal yes or no about a file. When standard input is not a terminal, nobody is asked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mekong.deploy.cli.terminal import harmless

if TYPE_CHECKING:
    from mekong.producers.questions import Ask, Question


def asking(name: str, *, yes: bool) -> Ask:
    """Shows what was found in the file ``name`` on standard error; with ``yes`` that is all, else it asks where there is a terminal."""

    def ask(questions: Sequence[Question]) -> bool:
        click.echo(harmless(f"Before anything of {name} is sent:"), err=True)
        for question in questions:
            for line in question.lines():
                click.echo(harmless(f"  {line}"), err=True)
        return yes or (_at_a_terminal() and click.confirm("Send it anyway?", err=True))

    return ask


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()
