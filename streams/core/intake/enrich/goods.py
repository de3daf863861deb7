"""Adds the canonical substance or taxon of a line, with its schedule, CITES appendix and HS code on the day of seizure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process

from mekong.schemas.codes import Entry, periods, within
from mekong.schemas.messages import Line
from mekong.streams.core.intake.enrich.facts import Facts

_PARTICLES = frozenset({"ex", "et", "in", "de", "den", "der", "van", "von", "da", "del", "f.", "&"})
"""Words between the capitalised words of an author's name."""

_SHORTEST, _LONGEST = 4, 60
"""Characters of a name that is compared: in a shorter name, one other letter makes another substance."""
_NEAR = 82  # per cent: a lower similarity is chance


def enrich(line: Line, facts: Facts) -> Mapping[str, Any]:
    """``code`` (None when the name is not on our lists), ``name``, ``appendix``, ``schedule``, ``hs6``."""
    assert facts.time is not None  # noqa: S101 - only seizures have lines
    found = known(line.commodity_group, line.substance_or_taxon, facts.time.day, facts.time.last_day)
    return {**found, "hs6": line.hs6} if line.hs6 else found


@lru_cache(maxsize=65_536)
def known(group: str, name: str, first: date, last: date | None = None) -> Mapping[str, Any]:
    """What our lists have for a name on any of these days. A taxon that is not listed itself gets the entry of its species or genus."""
    found = _find(group, name)
    if found is None:
        return {"code": None, "name": name}
    entry = within(found.periods, first, last or first)
    added: dict[str, Any] = {"code": found.periods[0].code, "name": found.periods[0].label()}
    if entry is None:
        return added
    fields = entry.fields
    if fields.get("appendix"):
        added["appendix"] = fields["appendix"]
    if fields.get("convention", "none") not in {"", "none"}:
        added["schedule"] = " ".join(filter(None, (fields["convention"], fields.get("table", ""))))
    if fields.get("hs6"):
        added["hs6"] = fields["hs6"]
    return added


@lru_cache(maxsize=65_536)
def widened(group: str, name: str) -> bool:
    """Whether our lists have only a wider taxon than the named one: its species or its genus."""
    found = _find(group, name)
    return found is not None and found.is_wider


@lru_cache(maxsize=4_096)
def nearest(group: str, name: str) -> str | None:
    """The name on our lists that is most similar to a name which is on none of them; None when no name is similar enough."""
    side, wanted = _side(group), " ".join(name.casefold().split())
    if not _SHORTEST <= len(wanted) <= _LONGEST:
        return None
    found = process.extractOne(wanted, _of_side(side), scorer=fuzz.ratio, score_cutoff=_NEAR)
    return _names()[side, found[0]][0].label() if found else None


class _Found(NamedTuple):
    periods: tuple[Entry, ...]
    is_wider: bool


def _find(group: str, name: str) -> _Found | None:
    """Look for the complete name; for a taxon, then for the name without its author, for its first two words, and for its genus."""
    names, side = _names(), _side(group)
    wanted = " ".join(name.split())
    exact, wider = ([wanted], []) if side == "substance" else _taxa(wanted)
    for candidates, is_wider in ((exact, False), (wider, True)):
        for candidate in candidates:
            if (side, candidate.casefold()) in names:
                return _Found(names[side, candidate.casefold()], is_wider)
    return None


def _taxa(name: str) -> tuple[list[str], list[str]]:
    """Names of the same taxon as ``name``, and names of wider taxa, the nearest first. ``Manis`` is ``Manis spp.`` on our lists."""
    words = name.split(" ")
    bare = " ".join(_without_author(words))
    return [name, f"{name} spp.", bare], [" ".join(words[:2]), f"{words[0]} spp."]


def _without_author(words: list[str]) -> list[str]:
    """The words of a scientific name before its author. An author begins with a capital or a bracket, after genus and species."""
    if " ".join(words).isupper():
        return words
    begins = next((at for at, word in enumerate(words) if at > 1 and (word[0].isupper() or word[0] == "(")), len(words))
    while begins > 2 and words[begins - 1] in _PARTICLES:  # noqa: PLR2004 - genus and species
        begins -= 1
    return words[:begins]


def _side(group: str) -> str:
    return "substance" if group in {"drug", "precursor"} else "taxon"


@cache
def _of_side(side: str) -> tuple[str, ...]:
    return tuple(sorted(text for of, text in _names() if of == side))


@cache
def _names() -> Mapping[tuple[str, str], tuple[Entry, ...]]:
    found: dict[tuple[str, str], tuple[Entry, ...]] = {}
    for side, name in (("substance", "substances"), ("taxon", "taxa")):
        for code, entries in periods(name).items():
            texts = {code, code.replace("_", " "), *entries[0].labels.values(), *entries[0].fields["synonyms"].split(";")}
            for text in texts:
                key = (side, " ".join(text.casefold().split()))
                if key[1]:
                    found.setdefault(key, entries)
    return found
