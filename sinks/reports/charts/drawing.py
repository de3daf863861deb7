"""Writes the elements of an SVG. Pure. Every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

FONT = 11
"""Height of a text."""


def svg(width: float, height: float, parts: Iterable[str], title: str, kind: str = "wide") -> Markup:
    """A drawing that fits the width of the page; a ``narrow`` one takes two thirds of it."""
    inside = "".join(parts)
    head = f'<svg class="chart {kind}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">'
    return Markup(f"{head}{inside}</svg>")  # noqa: S704 - each part is made here, its texts escaped


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """A text; ``kind``: its class, such as ``end``."""
    shown = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{shown}>{escape(words)}</text>'


def path(d: str, kind: str, move: str = "") -> str:
    """A path of a class."""
    moved = f' transform="{move}"' if move else ""
    return f'<path class="{kind}" d="{d}"{moved}/>'


def circle(x: float, y: float, radius: float, kind: str, title: str = "") -> str:
    """A circle of a class; a title is shown where the pointer rests."""
    return f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{radius:g}"><title>{escape(title)}</title></circle>'


def short(words: str, most: int) -> str:
    """A text that fits."""
    return words if len(words) <= most else f"{words[: most - 1]}…"
