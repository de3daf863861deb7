"""The canonical substance or taxon of a line, with its schedule, CITES appendix and HS code on the day of seizure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any

from schemas.codes import Entry, rows
from schemas.messages import Line
from streams.core.intake.enrich.facts import Facts


def enrich(line: Line, facts: Facts) -> Mapping[str, Any]:
    """``code`` (None when the name is not on our lists), ``name``, ``appendix``, ``schedule``, ``hs6``."""
    assert facts.time is not None  # noqa: S101 - only seizures have lines
    found = known(line.commodity_group, line.substance_or_taxon, facts.time.day)
    return {**found, "hs6": line.hs6} if line.hs6 else found


@lru_cache(maxsize=65_536)
def known(group: str, name: str, day: date) -> Mapping[str, Any]:
    """What our lists say of a name on a day. A species that is not listed itself takes its genus' entry (``Manis spp.``)."""
    periods = _find(group, name)
    if not periods:
        return {"code": None, "name": name}
    entry = next((period for period in periods if period.valid_on(day)), None)
    added: dict[str, Any] = {"code": periods[0].code, "name": periods[0].label()}
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


def _find(group: str, name: str) -> tuple[Entry, ...]:
    names = _names()
    wanted = " ".join(name.casefold().split())
    genus = wanted.partition(" ")[0]
    for candidate in (wanted, f"{wanted} spp.", f"{genus} spp.") if group in {"fauna", "flora", "timber"} else (wanted,):
        if (_side(group), candidate) in names:
            return names[_side(group), candidate]
    return ()


def _side(group: str) -> str:
    return "substance" if group in {"drug", "precursor"} else "taxon"


@cache
def _names() -> Mapping[tuple[str, str], tuple[Entry, ...]]:
    found: dict[tuple[str, str], tuple[Entry, ...]] = {}
    for side, name in (("substance", "substances"), ("taxon", "taxa")):
        by_code: dict[str, tuple[Entry, ...]] = {}
        for entry in rows(name):
            by_code[entry.code] = (*by_code.get(entry.code, ()), entry)
        for code, periods in by_code.items():
            texts = {code, code.replace("_", " "), periods[0].label(), *periods[0].fields["synonyms"].split(";")}
            for text in texts:
                key = (side, " ".join(text.casefold().split()))
                if key[1]:
                    found.setdefault(key, periods)
    return found
