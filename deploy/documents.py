"""The code in, the parts of the documentation that repeat it out. ``python -m deploy.documents`` writes them; a test fails on drift.

- ``docs/commands.md``: the help of every command
- ``docs/architecture.md``, between its marks: the table of topics
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from deploy.cli import SECTIONS, mekong
from deploy.cli.setup import rows_of_topics

DOCS = Path(__file__).parents[1] / "docs"
COMMANDS = DOCS / "commands.md"
ARCHITECTURE = DOCS / "architecture.md"
TOPICS_MARK = re.compile(r"(?<=<!-- topics -->\n).*?(?=<!-- end of topics -->)", re.DOTALL)
WIDTH = 120


def main() -> None:
    """Write both."""
    COMMANDS.write_text(commands(), encoding="utf-8")
    text = ARCHITECTURE.read_text(encoding="utf-8")
    ARCHITECTURE.write_text(with_topics(text), encoding="utf-8")


def commands() -> str:
    """Every command with its help, in the order of ``mekong --help``."""
    parts = [
        "# Commands\n\nWhat `mekong COMMAND --help` says. This page is written by `python -m deploy.documents`.\n",
        *(f"## {title}\n\n" + "\n".join(_section(names)) for title, names in SECTIONS.items()),
    ]
    return "\n".join(parts)


def with_topics(text: str) -> str:
    """A page with its table of topics as ``schemas/topics.py`` says."""
    return TOPICS_MARK.sub(lambda _: topics(), text)


def topics() -> str:
    """The table of topics."""
    head = "| topic | record | key | partitions | kept | purpose |\n|---|---|---|---|---|---|\n"
    return head + "".join("| " + " | ".join(cell.replace("|", "or") for cell in _cells(row)) + " |\n" for row in rows_of_topics())


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and those below it, each with the context its help is made in."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from walk(below, click.Context(below, context, name, max_content_width=WIDTH, terminal_width=WIDTH))


def every_command() -> Iterator[tuple[click.Command, click.Context]]:
    """Every command of ``mekong``, itself not."""
    root = click.Context(mekong, info_name="mekong", max_content_width=WIDTH, terminal_width=WIDTH)
    found = walk(mekong, root)
    next(found)
    return found


def _section(names: tuple[str, ...]) -> Iterator[str]:
    for command, context in every_command():
        path = context.command_path
        if path.split()[1] in names:
            yield f"### `{path}`\n\n```\n{command.get_help(context)}\n```\n"


def _cells(row: dict[str, object]) -> list[str]:
    topic, record, key, *rest = (str(value) for value in row.values())
    return [f"`{topic}`", record, f"`{key}`", *rest]


if __name__ == "__main__":
    main()
