"""Writes a briefing as one HTML page: no script, nothing from elsewhere, A4 when it is printed. Pure."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mekong.sinks.console.words import plain
from mekong.sinks.reports.briefing import Briefing
from mekong.sinks.reports.charts import atlas, days, flows, matrix
from mekong.sinks.reports.shape import Rows
from mekong.sinks.reports.words import Words

_FOLDER = Path(__file__).parent / "templates"
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, finalize=plain, trim_blocks=True, lstrip_blocks=True
)


def page(briefing: Briefing) -> str:
    """The page."""
    style = Markup((_FOLDER / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - a file of our own
    given: dict[str, Any] = {"briefing": briefing, "t": briefing.words.texts, "say": briefing.words.say}
    return _PAGES.get_template("report.html").render(
        given | {"style": style, "each_page": _css(briefing.line), "charts": charts(briefing) if briefing.kind.has_charts else []}
    )


def _css(text: str) -> Markup:
    """A text for a style sheet: letters and digits of ASCII, everything else by its number. So it cannot end the style sheet."""
    signs = (sign if sign.isascii() and sign.isalnum() else f"\\{ord(sign):06x}" for sign in plain(text))
    return Markup('"' + "".join(signs) + '"')  # noqa: S704 - no sign of HTML is left


def charts(briefing: Briefing) -> list[tuple[str, Markup, str]]:
    """Title, drawing and note of each chart that has something to show."""
    words, rows = briefing.words, {name: table.rows for name, table in briefing.tables.items()}
    drawn = {
        "days": days.draw(rows["days"], words),
        "flows": flows.draw(rows["routes"], words),
        "members": _matrix("members", rows["member_groups"], ("agency", ""), ("commodity_group", "commodity_groups"), words),
        "concealment": _matrix("concealment", rows["concealment"], ("concealment", "concealment"), ("transport_mode", "transport"), words),
    }
    found = [(words.texts[f"chart_{name}"], one, words.texts[f"note_{name}"]) for name, one in drawn.items() if one]
    placed = atlas.draw(rows["places"], rows["routes"], words)
    if placed:
        drawing, on_it = placed
        note = words.say("note_map", inside=on_it.inside, outside=on_it.outside, nowhere=on_it.nowhere)
        found.append((words.texts["chart_map"], drawing, note))
    return found


def _matrix(name: str, rows: Rows, down: tuple[str, str], across: tuple[str, str], words: Words) -> Markup | None:
    """Two columns against each other, each with its code list; empty: the code itself."""
    labels = tuple(partial(words.label, codes) if codes else str for _, codes in (down, across))
    return matrix.draw(rows, (down[0], across[0]), (labels[0], labels[1]), words.texts[f"chart_{name}"], words)
