"""Draws the most frequent routes as bars: origin, destination, cases. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from mekong.sinks.reports.charts.drawing import path, short, svg, text
from mekong.sinks.reports.shape import Rows
from mekong.sinks.reports.words import Words

MOST_ROUTES = 15
_LABEL, _BAR, _STEP, _LETTERS = 250, 400, 18, 19


def draw(rows: Rows, words: Words) -> Markup | None:
    """The chart of the routes with both ends known; None without one."""
    known = [row for row in rows if row["origin"] and row["destination"]][:MOST_ROUTES]
    if not known:
        return None
    parts = [part for place, row in enumerate(known) for part in _route(place, dict(row), known[0]["cases"], words)]
    return svg(_LABEL + _BAR + 60, _STEP * len(known) + 6, parts, words.texts["chart_flows"], kind="narrow")


def _route(place: int, row: dict[str, object], most: int, words: Words) -> Iterator[str]:
    ends = [short(words.label("countries", str(row[end])), _LETTERS) for end in ("origin", "destination")]
    cases, y = int(str(row["cases"])), place * _STEP + 4
    yield text(_LABEL - 8, y + 10, " → ".join(ends), "end")
    yield path(f"M{_LABEL} {y}h{max(1, round(cases / most * _BAR))}v12h-{max(1, round(cases / most * _BAR))}z", "bar")
    yield text(_LABEL + max(1, round(cases / most * _BAR)) + 6, y + 10, words.number(cases))
