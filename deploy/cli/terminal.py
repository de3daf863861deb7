"""Prints texts of other people in such a way that a terminal shows them and does not obey them."""

from __future__ import annotations

import logging
import re

import click

_STEERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters, and what breaks a line or turns its direction."""


def harmless(text: str, keep: str = "") -> str:
    r"""The text with an escape such as ``\x1b`` for each character that would control a terminal, except the characters in ``keep``."""
    return _STEERS.sub(lambda found: found[0] if found[0] in keep else ascii(found[0])[1:-1], text)


def say_json(text: str) -> None:
    """Print JSON that has texts of other people. Control characters are only inside its strings, so the escaped JSON means the same."""
    click.echo(_STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def say(line: str) -> None:
    """Print one line that has a text of a member, a subscriber or a receiver."""
    click.echo(harmless(line))


def log_lines(form: str, level: int) -> None:
    """Log to standard error, one line for each event. The lines have names of files and texts of other people, so they are escaped."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(form))
    logging.basicConfig(handlers=[handler], level=level)


class _Lines(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return harmless(super().formatMessage(record))
