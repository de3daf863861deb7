"""Says which fields a heading may mean, and how well, by its spelling: over words of eight languages and the shipped layouts. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz import fuzz, process

from mekong.producers.sheets.layout import shipped, shipped_layout
from mekong.producers.sheets.spellings import bare, code_of, key

NOTHING = ""
"""A heading that is known, and is none of our fields: ``Row number``, ``Report date``."""
_LEAST = 60
_UNIT = r"kgs?|kilograms?|kilogrammes?|grams?|grammes?|mg|tons?|tonnes?|lbs?|公斤|千克|克|吨|กก\.?|กิโลกรัม|กรัม"
_AT_THE_END = re.compile(
    rf"(?:(?:\s+in|\s*[/,:;-]|\s+|(?<=[重量]))\s*(?P<inner>{_UNIT})|(?:\s+in\s+|\s*[/,]\s*)(?P<short>g|t|l))\s*$", re.IGNORECASE
)
"""``Weight kg``, ``Weight in g``, ``重量公斤``. One letter alone is not enough: ``Plan B``."""
_IN_BRACKETS = re.compile(r"\s*[(（\[](?P<inner>[^)）\]]*)[)）\]]\s*$")


def split_unit(heading: str) -> tuple[str, str]:
    """``Weight (kg)``, ``Weight in kg`` and ``重量公斤`` are the heading of a weight with the unit kg."""
    for found in filter(None, (_IN_BRACKETS.search(heading), _AT_THE_END.search(heading))):
        inner = found["inner"] or found.groupdict().get("short", "")
        unit = code_of("units", inner) or code_of("units", inner.rstrip("sS"))
        if unit and found.start():
            return heading[: found.start()], unit
    return heading, ""


@lru_cache(maxsize=4_096)
def meanings(heading: str) -> Mapping[str, float]:
    """Field, or ``NOTHING`` -> how alike the heading is to one of its words, from 60 to 100. Words in another order cost a little."""
    best: dict[str, float] = {}
    for spelt in {key(heading), bare(heading)}:
        for scorer, cost in ((fuzz.ratio, 0), (fuzz.token_sort_ratio, 2)):
            for word, score, _ in process.extract(spelt, _words().keys(), scorer=scorer, score_cutoff=_LEAST, limit=12):
                for field in _words()[word]:
                    best[field] = max(best.get(field, 0), score - cost)
    return best


@cache
def _words() -> Mapping[str, tuple[str, ...]]:
    """Spelling -> the fields that it is a word of."""
    found: dict[str, dict[str, None]] = {}
    known = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    pairs = [(word, field) for field, words in known["fields"].items() for word in words]
    pairs += [(word, NOTHING) for word in known["others"]["headings"]]
    for word, field in pairs:
        for spelt in (key(word), bare(word)):
            found.setdefault(spelt, {})[field] = None
    for layout in map(shipped_layout, shipped()):
        for column in layout.columns:
            for heading in map(key, column.headings):
                if heading not in found:
                    found[heading] = {column.field: None}
    return {word: tuple(fields) for word, fields in found.items()}
