"""Writes the live page and its changing parts as HTML, in one language. Pure. Every text of a record is escaped and stays text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mekong.schemas.codes import code_list
from mekong.schemas.languages import NAMES, Language
from mekong.schemas.said import said, told
from mekong.schemas.sheet_words import RESULTS
from mekong.schemas.vocabulary import TIERS, label
from mekong.schemas.written import day, number
from mekong.sinks.console import sparkline, words
from mekong.sinks.console.board import INSIDE, Shown
from mekong.sinks.console.case import field_label, value_label
from mekong.sinks.console.map.drawing import Drawn, draw
from mekong.sinks.console.map.outlines import VIEWS, outline
from mekong.sinks.console.values import FIRST_WINDOW, WINDOWS, Counted, Part, Places

HOME = "/console"
TAGS = {"accepted": "good", "corrected": "good", "withdrawn": "look", "duplicate": "", "stale": "look", "rejected": "bad"}
"""Outcome -> how its tag looks."""
TIER_TAGS = {"SEVERE": "bad", "SPIKE": "look", "NOTICE": ""}
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=words.plain,
    trim_blocks=True,
    lstrip_blocks=True,
)
_MOST_AGENCIES = 60
_INPUTS: Mapping[Part, Callable[[Shown], Any]] = {
    Part.STATE: lambda shown: (shown.pipeline, shown.away),
    Part.TILES: lambda shown: (shown.hour, shown.alerts, shown.pipeline),
    Part.ALERTS: lambda shown: shown.alerts,
    Part.DOTS: lambda shown: shown.places,
    Part.OUTSIDE: lambda shown: shown.places,
    Part.FEED: lambda shown: shown.feed,
    Part.AGENCIES: lambda shown: shown.agencies,
    Part.HEALTH: lambda shown: (shown.pipeline, shown.away),
}


class Asked(NamedTuple):
    """What a person has chosen to see."""

    language: Language
    window: str = FIRST_WINDOW
    view: str = VIEWS[0]

    def query(self, **other: str) -> str:
        """The query of the page with another choice."""
        chosen = {"window": str(self.window), "map": self.view} | other
        return "?" + "&".join(f"{name}={value}" for name, value in chosen.items())


class Pages:
    """The pages. A part that many people see is written once a change, and not once a person."""

    def __init__(self, base_style: str) -> None:
        """``base_style``: the path of the style sheet that all pages at the address share."""
        self._base_style = base_style
        self._written: dict[tuple[Part, Asked], tuple[Any, str]] = {}
        self._maps: dict[tuple[str, str], tuple[Places, Drawn]] = {}
        for name in _PAGES.list_templates():
            _PAGES.get_template(name)  # the first page does not wait for it

    def now(self, shown: Shown, asked: Asked) -> str:
        """The whole page of what happens now."""
        parts = {part.value: self.part(part, shown, asked) for part in Part}
        values = {**self._common(asked), "outline": outline(asked.view), "parts": parts, "groups": code_list("commodity_groups")}
        return _PAGES.get_template("now.html").render(values)

    def page(self, name: str, asked: Asked, **values: Any) -> str:
        """A page that does not change by itself."""
        return _PAGES.get_template(f"{name}.html").render(self._common(asked) | values)

    def part(self, part: Part, shown: Shown, asked: Asked) -> str:
        """One part of the page of what happens now."""
        inputs = _INPUTS[part](shown)
        before = self._written.get((part, asked))
        if before is None or before[0] != inputs:
            html = _PAGES.get_template(f"parts/{part}.html").render(_given(asked) | self._values(part, shown, asked)).strip()
            before = self._written[part, asked] = (inputs, html)
        return before[1]

    def _common(self, asked: Asked) -> dict[str, Any]:
        return _given(asked) | {"base_style": self._base_style, "names": NAMES, "zone": words.zone()}

    def _values(self, part: Part, shown: Shown, asked: Asked) -> dict[str, Any]:
        values: dict[str, Any] = {"shown": shown}
        if part in {Part.DOTS, Part.OUTSIDE}:
            drawn = values["drawn"] = None if shown.places is None else self._drawn(shown.places, asked)
            values["left"] = _total(shown, asked) - drawn.inside - drawn.outside - drawn.nowhere if drawn else 0
        if part is Part.AGENCIES and shown.agencies:
            rows = sorted(shown.agencies.rows, key=lambda one: (-sum(one.bars[asked.window]), one.agency))
            values |= {"rows": rows[:_MOST_AGENCIES], "left": len(rows) - _MOST_AGENCIES, "totals": _totals(rows)}
        return values

    def _drawn(self, places: Places, asked: Asked) -> Drawn:
        """The map, drawn once a change for both of its parts and all languages."""
        key = (asked.window, asked.view)
        before = self._maps.get(key)
        if before is None or before[0] != places:
            drawn = draw(places.seized[asked.window], places.routes[asked.window], outline(asked.view))
            before = self._maps[key] = (places, drawn)
        return before[1]


def _given(asked: Asked) -> dict[str, Any]:
    language = asked.language
    return {
        "t": words.texts(language),
        "inside": INSIDE,
        "language": language,
        "asked": asked,
        "home": HOME,
        "windows": list(map(str, WINDOWS)),
        "views": VIEWS,
        "number": partial(number, language=language),
        "day": partial(day, language=language),
        "clock": words.clock,
        "stamp": words.stamp,
        "age": partial(words.age, language=language),
        **{name: partial(write, language=language) for name, write in (("label", label), ("said", said), ("told", told))},
        "field_label": partial(field_label, language=language),
        "value_label": partial(value_label, language=language),
        "outcomes": {code: said[language] for code, said in RESULTS.items()},
        "tiers": {code: said[language] for code, said in TIERS.items()},
        "tags": TAGS,
        "tier_tags": TIER_TAGS,
        "bars": sparkline.bars,
        "bars_width": sparkline.width,
    }


def _total(shown: Shown, asked: Asked) -> int:
    return shown.places.totals.get(asked.window, 0) if shown.places else 0


def _totals(rows: list[Counted]) -> dict[str, int]:
    return {str(window): sum(sum(one.bars[window]) for one in rows) for window in WINDOWS}
