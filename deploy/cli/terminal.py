"""A text with words of others in, a text that a terminal shows and does not obey out."""

from __future__ import annotations

import logging
import re

import click

_STEERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters, and what breaks a line or turns its direction."""


def harmless(text: str, keep: str = "") -> str:
    r"""The text with escapes such as ``\x1b`` for all that would steer a terminal, but for the characters in ``keep``."""
    return _STEERS.sub(lambda found: found[0] if found[0] in keep else ascii(found[0])[1:-1], text)


def say(line: str) -> None:
    """Print one line that holds words of a member, a subscriber or a receiver."""
    click.echo(harmless(line))


def log_lines(form: str, level: int) -> None:
    """Log to standard error, a line for each event; they name files and say words of others."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(form))
    logging.basicConfig(handlers=[handler], level=level)


class _Lines(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return harmless(super().formatMessage(record))
