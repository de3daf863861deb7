"""Draws what an alert observed against what was expected: inline SVG, as wide as its place on the page. Pure.

Positions along the axis are in per cent of the width, so that texts keep their size on a narrow screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import floor, log10
from typing import Any

from mekong.schemas.languages import Language
from mekong.schemas.written import number
from mekong.sinks.delivery.markup import Markup, element, together
from mekong.sinks.delivery.words import say

_LEFT, _WIDTH = 2.0, 96.0
_ROOM = 1.08
"""The axis is longer than the largest value by this factor."""
_MOST_TICKS = 5
_MIDDLE = (5.0, 95.0)
"""A centred word fits between these places."""


def picture(alert: Mapping[str, Any], language: Language) -> Markup | None:
    """The figure; None for an alert that expects no number."""
    observed, expected = alert.get("observed"), alert.get("expected")
    if observed is None or expected is None:
        return None
    ends = [float(alert[name]["high"]) + 0.5 for name in ("interval_50", "interval_90") if alert.get(name)]
    top = max(float(observed), float(expected), 1.0, *ends) * _ROOM
    words = ", ".join(text for _, text in _legend(alert, language))
    drawing = element(
        "svg",
        element("title", f"{say('picture', language)}: {words}"),
        *(_band(alert.get(f"interval_{share}"), f"band{share}", top) for share in (90, 50)),
        *_axis(top, language),
        element("line", x1=_at(expected, top), x2=_at(expected, top), y1=30, y2=62, class_="expected"),
        element("circle", cx=_at(observed, top), cy=46, r=8, class_="observed"),
        element("text", number(float(observed), language), x=_at(observed, top), y=22, class_="value", text_anchor=_anchor(observed, top)),
        role="img",
        width="100%",
        height=96,
    )
    shown = [element("li", element("span", class_=f"key {name}"), text) for name, text in _legend(alert, language)]
    return element("figure", drawing, element("figcaption", element("ul", *shown, class_="legend")))


def _legend(alert: Mapping[str, Any], language: Language) -> Iterator[tuple[str, str]]:
    yield "observed", f"{say('observed', language)}: {number(float(alert['observed']), language)}"
    yield "expected", f"{say('expected', language)}: {number(float(alert['expected']), language)}"
    for share, sentence in ((50, "half"), (90, "most")):
        if interval := alert.get(f"interval_{share}"):
            yield f"band{share}", say(sentence, language, low=interval["low"], high=interval["high"])


def _band(interval: Mapping[str, Any] | None, name: str, top: float) -> Markup | None:
    """Counts are whole: an interval of 0 to 1 is drawn from the start to halfway to 2."""
    if interval is None:
        return None
    low, high = max(0.0, float(interval["low"]) - 0.5), float(interval["high"]) + 0.5
    return element("rect", x=_at(low, top), width=f"{_WIDTH * (high - low) / top:.2f}%", y=35, height=22, rx=3, class_=name)


def _axis(top: float, language: Language) -> Iterator[Markup]:
    yield element("line", x1=_at(0, top), x2=f"{_LEFT + _WIDTH:.2f}%", y1=66, y2=66, class_="axis")
    step = _step(top)
    for place in range(int(top // step) + 1):
        x = _at(place * step, top)
        yield together(
            element("line", x1=x, x2=x, y1=66, y2=71, class_="axis"),
            element("text", number(place * step, language), x=x, y=88, class_="tick", text_anchor="middle"),
        )


def _step(top: float) -> int:
    """1, 2 or 5 times a power of ten: the least that gives few ticks."""
    power: int = 10 ** max(0, floor(log10(top / _MOST_TICKS)))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if top / step <= _MOST_TICKS)


def _at(value: float, top: float) -> str:
    return f"{_place(value, top):.2f}%"


def _place(value: float, top: float) -> float:
    return _LEFT + _WIDTH * float(value) / top


def _anchor(value: float, top: float) -> str:
    place = _place(value, top)
    return "start" if place < _MIDDLE[0] else "end" if place > _MIDDLE[1] else "middle"
