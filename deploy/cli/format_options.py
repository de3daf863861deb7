"""The options that say what a file is: ``--format`` and, for sheets, ``--layout`` and ``--encoding``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import click

from mekong.schemas.languages import LANGUAGES

if TYPE_CHECKING:
    from mekong.producers.parsed import Format

SHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv")
language_option = click.option(
    "--language", type=click.Choice(LANGUAGES), help="Of the marks in a sheet. Default: the template's, or English."
)
F = TypeVar("F", bound=Callable[..., Any])
_layout = click.option("--layout", default="", help="Of a sheet: a layout of the exchange, or your own .toml. Default: the one that fits.")
encoding_option = click.option(
    "--encoding", default="", help="Of a sheet in CSV: utf-8, gbk, shift-jis, tis-620, windows-1258. Default: detected."
)


def format_help() -> str:
    """The help of ``--format``, by the names of the modules alone, so that it is quick. A test holds the registry to them."""
    names = sorted(path.stem for path in Path(str(files("mekong.producers"))).glob("formats/[a-z]*.py"))
    *others, last = (name for name in names if not name.endswith("_codes"))
    return f"What the file is: {', '.join(others)} or {last}."


class Which(NamedTuple):
    """What the user said about the format of files."""

    name: str
    layout: str
    encoding: str

    def of(self, file: Path | None, agency: str | None) -> Format:
        """The format. Raises Refused, or UsageError when neither the options nor the file's name say it."""
        from mekong.producers.files import format_named
        from mekong.producers.formats import sheet
        from mekong.producers.sheets.layout import layout_named

        is_sheet = self.layout or (file is not None and file.suffix.lower() in SHEETS)
        name = self.name or (sheet.NAME if is_sheet else "")
        if not name:
            raise click.UsageError(f"say with --format what the file is. {format_help()}")
        if name == sheet.NAME:
            return sheet.sheet_format(layout_named(self.layout) if self.layout else None, agency, self.encoding)
        if self.layout or self.encoding:
            raise click.UsageError("--layout and --encoding are of --format sheet")
        return format_named(name)


def format_option(function: F) -> F:
    """``--format`` and the options of the format ``sheet``, as one parameter ``which``."""
    more = "" if function.__name__ == "watch" else " Default: sheet, for .xlsx, .xls, .ods and .csv."

    @wraps(function)
    def command(*args: Any, format_name: str, layout: str, encoding: str, **options: Any) -> Any:
        return function(*args, which=Which(format_name, layout, encoding), **options)

    for option in (encoding_option, _layout, click.option("--format", "format_name", default="", help=format_help() + more)):
        command = option(command)
    return cast("F", command)
