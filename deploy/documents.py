"""Writes the parts of the documentation that repeat the code: ``python -m mekong.deploy.documents``. A test fails on drift.

- ``docs/commands.md``: the help of every command
- in README.md and the pages of ``docs``, between the marks ``<!-- name -->`` and ``<!-- end of name -->``: each of ``PARTS``
- ``docs/python-reference.md``: the Python API
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import click
from pydantic import BaseModel

from mekong.deploy import reference
from mekong.deploy.cli import SECTIONS, mekong
from mekong.deploy.cli.setup import rows_of_topics
from mekong.deploy.dials import rules as alert_rules
from mekong.producers.formats import FORMATS
from mekong.producers.sheets.fields import FIELDS, OF_A_LINE
from mekong.producers.sheets.layout import Layout, shipped, shipped_layout
from mekong.schemas.alerts import Kind
from mekong.schemas.channels import CHANNELS, name_of
from mekong.schemas.counts import Window
from mekong.schemas.messages import MESSAGE_TYPES
from mekong.schemas.metrics import METRICS
from mekong.schemas.tables import SHAPES, VIEWS
from mekong.sinks.exports import EXPORTS
from mekong.sinks.exports.shape import SheetExport
from mekong.sinks.exports.where import FUNCTIONS
from mekong.streams.core.spikes.kinds import DETECTORS
from mekong.streams.core.spikes.rules import DEFAULT

DOCS = Path(__file__).resolve().parents[1] / "docs"
COMMANDS = DOCS / "commands.md"
PAGES = (DOCS.parent / "README.md", *sorted(DOCS.glob("*.md")))
WIDTH = 120


def main() -> None:
    """Write all of it."""
    COMMANDS.write_text(commands(), encoding="utf-8")
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if MARK.search(text):
            page.write_text(with_parts(text), encoding="utf-8")
    reference.PAGE.write_text(reference.page(), encoding="utf-8")


def commands() -> str:
    """Every command with its help, in the order of ``mekong --help``."""
    parts = [
        "# Commands\n\nWhat `mekong COMMAND --help` says. This page is written by `python -m mekong.deploy.documents`.\n",
        *(f"## {title}\n\n" + "\n".join(_section(names)) for title, names in SECTIONS.items()),
    ]
    return "\n".join(parts)


def with_parts(text: str) -> str:
    """Write the text between the marks of a page from the code."""
    return MARK.sub(lambda found: f"{found[1]}{PARTS[found[2]]()}{found[4]}", text)


def topics() -> str:
    """The table of topics."""
    return _table(["topic", "record", "key", "partitions", "kept", "purpose"], map(_cells, rows_of_topics()))


def formats() -> str:
    """The table of formats."""
    rows = ([f"`{one.name}`", one.purpose, "a whole sheet: an edition" if one.sheet else "a run of messages"] for one in FORMATS)
    return _table(["format", "what it reads", "a file is"], rows)


def layouts() -> str:
    """The table of the layouts that come with the exchange."""
    rows = ([f"`{name}`", one.title, str(len(one.columns)), _identity(one)] for name in shipped() if (one := shipped_layout(name)))
    return _table(["layout", "what it reads", "columns that are sent", "a case is known by"], rows)


def _identity(layout: Layout) -> str:
    identity = layout.case.identity
    return "its number" if identity is None else "all of its row" if identity == "content" else ", ".join(identity)


def exports() -> str:
    """The table of the formats of exports."""
    rows = ([f"`{one.name}`", one.purpose, f"`{one.suffix}`", _official(one)] for one in EXPORTS)
    return _table(["format", "what is in it", "file", "official columns"], rows)


def _official(one: object) -> str:
    return str(len(one.headings)) if isinstance(one, SheetExport) else ""


def fields_of_a_sheet() -> str:
    """The table of the fields that a column can be."""
    rows = ([f"`{name}`", "goods" if name in OF_A_LINE else "case", one.codes and f"`{one.codes}`"] for name, one in FIELDS.items())
    return _table(["field", "is of the", "code list"], rows)


def windows() -> str:
    """The table of windows."""
    return _table(["window", "counts cases known to the", "spans"], ([f"`{window}`", *_spans(window)] for window in Window))


def _spans(window: Window) -> tuple[str, str]:
    if window.minutes:
        return "time", f"the {window.minutes:,} minutes up to the tick"
    if window.days:
        return "day or better", f"the tick's local day and the {window.days - 1} before it"
    return {
        Window.DAY: ("day or better", "one local day"),
        Window.MONTH: ("month or better", "one calendar month"),
        Window.PHASE: ("month or better", "one phase of an operation, to date"),
    }[window]


def tables() -> str:
    """Every view and table with its columns."""
    parts = []
    for view in VIEWS:
        rows = [[f"`{view.name_of(column)}`", view.comment_of(column)] for column in view.shown]
        parts.append(f"\n## `{view.name}`\n\n{view.comment}.\n{_table(['column', 'what it is'], rows)}")
    for shape in SHAPES:
        rows = [[f"`{column.name}`", f"`{column.type}`", column.comment] for column in shape.stored]
        parts.append(f"\n## `{shape.name}`\n\n{shape.comment}.\n{_table(['column', 'type', 'what it is'], rows)}")
    return "".join(parts)


def channels() -> str:
    """The table of channels."""
    rows = (
        [
            f"`{name_of(one)}`",
            " ".join(f"`{option.flag}`" for option in one.options) or f"`--{name_of(one)}`",
            one.purpose,
            _yes(one.retries),
        ]
        for one in CHANNELS
    )
    return _table(["channel", "options of `subscribe add`", "the notifier", "tries again, up to 24 hours"], rows)


def metrics() -> str:
    """The table of metrics."""
    rows = ([f"`{one.name}`", one.kind.value, one.unit, ", ".join(f"`{label}`" for label in one.labels), one.help] for one in METRICS)
    return _table(["metric", "kind", "unit", "labels", "what it is"], rows)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def kinds() -> str:
    """The table of kinds of alert."""
    return _table(
        ["kind", "what it says"], ([f"`{one.kind}`", one.purpose] for one in sorted(DETECTORS, key=lambda one: [*Kind].index(one.kind)))
    )


def rules() -> str:
    """The table of what a file of rules may set."""
    sections = ((name, type(section)) for name, section in DEFAULT if isinstance(section, BaseModel))
    rows = ([f"`[{name}]` {key}", default, meaning] for name, section in sections for key, _, default, meaning in reference.fields(section))
    return _table(["key", "default", "meaning"], rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "topics": topics,
    "formats": formats,
    "layouts": layouts,
    "exports": exports,
    "functions of a condition": lambda: ", ".join(f"`{name}`" for name in sorted(FUNCTIONS)),
    "fields of a sheet": fields_of_a_sheet,
    "windows": windows,
    "tables": tables,
    "names of windows": lambda: ", ".join(f"`{window}`" for window in Window),
    "names of rolling windows": lambda: ", ".join(f"`{window}`" for window in Window if window.minutes or window.days),
    "names of message types": lambda: ", ".join(MESSAGE_TYPES),
    "channels": channels,
    "metrics": metrics,
    "alert rules": lambda: _table(["alert", "severity", "after", "what it says"], alert_rules.rows()),
    "kinds of alert": kinds,
    "rules": rules,
    "number of kinds": lambda: str(len(Kind)),
    "names of exports": lambda: ", ".join(f"`{one.name}`" for one in EXPORTS),
    "names of formats": lambda: ", ".join(f"`{one.name}`" for one in FORMATS),
}
"""The function that writes the text between two marks, by the name of the mark."""
MARK = re.compile(rf"(<!-- ({'|'.join(PARTS)}) -->)(.*?)(<!-- end of \2 -->)", re.DOTALL)


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and all its subcommands, each with the context for its help."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from walk(below, click.Context(below, context, name, max_content_width=WIDTH, terminal_width=WIDTH))


def every_command() -> Iterator[tuple[click.Command, click.Context]]:
    """Every command of ``mekong``, without ``mekong`` itself."""
    root = click.Context(mekong, info_name="mekong", max_content_width=WIDTH, terminal_width=WIDTH)
    found = walk(mekong, root)
    next(found)
    return found


def _section(names: tuple[str, ...]) -> Iterator[str]:
    for command, context in every_command():
        path = context.command_path
        if path.split()[1] in names:
            yield f"### `{path}`\n\n```\n{command.get_help(context)}\n```\n"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table that begins on a line of its own."""
    lines = ["", f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(_escaped(row))} |" for row in rows), ""]
    return "\n".join(lines)


def _escaped(row: list[str]) -> list[str]:
    return [cell.replace("|", "or") for cell in row]


def _cells(row: dict[str, object]) -> list[str]:
    topic, record, key, *rest = (str(value) for value in row.values())
    return [f"`{topic}`", record, f"`{key}`", *rest]


if __name__ == "__main__":
    main()
