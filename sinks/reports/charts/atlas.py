"""Draws the cases and routes of a briefing on the map of the live page, in grey. Pure."""

from __future__ import annotations

from markupsafe import Markup

from mekong.sinks.console.map.drawing import Drawn
from mekong.sinks.console.map.drawing import draw as place
from mekong.sinks.console.map.outlines import VIEWS, outline
from mekong.sinks.console.values import Route, Seized
from mekong.sinks.reports.charts.drawing import circle, path, svg
from mekong.sinks.reports.shape import Rows
from mekong.sinks.reports.words import Words

MOST_ROUTES = 40
_MOST = 0.7
"""The near view is drawn when it has this share of the cases."""


def draw(places: Rows, routes: Rows, words: Words) -> tuple[Markup, Drawn] | None:
    """The map with the cases, on the view that fits them, and what is on it; None without cases."""
    seized = [Seized(row["country"], row["lat"], row["lon"], row["place"], row["commodity_group"], row["cases"]) for row in places]
    ways = [Route(row["origin"], row["destination"], row["cases"]) for row in routes if row["origin"] and row["destination"]]
    ways = [one for one in ways if one.origin != one.destination][:MOST_ROUTES]
    if not seized:
        return None
    near, world = (place(seized, ways, outline(view)) for view in VIEWS)
    view, drawn = (VIEWS[0], near) if near.inside >= _MOST * world.inside else (VIEWS[1], world)
    lines = outline(view)
    parts = [path(lines.land, "land"), path(lines.borders, "border")]
    parts += [f'<path class="arc" d="{arc.path}" stroke-width="{arc.width}"/>' for arc in drawn.arcs]
    parts += [circle(dot.x, dot.y, dot.radius, "seized", words.number(dot.cases)) for dot in drawn.dots]
    return svg(lines.width, lines.height, parts, words.texts["chart_map"]), drawn
