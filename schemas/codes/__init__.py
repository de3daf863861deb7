"""Reads the code lists from CSV files, checks codes and gives their labels.

Every list is one file in ``data/`` with the columns ``code, valid_from, valid_to, reviewed, label_en, label_vi, label_zh`` and
its own further ones. A code is never deleted: it gets a ``valid_to``, because old seizures keep it. Labels in Vietnamese and
Chinese are unreviewed until ``reviewed`` names their language; English is the fallback.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from mekong.schemas.languages import LANGUAGES

LISTS = (
    "agencies",
    "cites_purposes",
    "cites_sources",
    "commodity_groups",
    "concealment",
    "countries",
    "currencies",
    "detection",
    "directions",
    "disposals",
    "factors",
    "feedback_outcomes",
    "handling",
    "information_grades",
    "legal_bases",
    "major_thresholds",
    "memberships",
    "operations",
    "outcomes",
    "phases",
    "place_types",
    "places",
    "reasons",
    "sanctions",
    "source_grades",
    "substances",
    "taxa",
    "terms",
    "tlp",
    "transport",
    "units",
    "withdrawal_reasons",
)
_COMMON = frozenset({"code", "valid_from", "valid_to", "reviewed", *(f"label_{language}" for language in LANGUAGES)})


class Entry(NamedTuple):
    """One code: its labels by language, when it is valid (both ends included; None is open), and the list's own fields."""

    code: str
    labels: Mapping[str, str]
    reviewed: frozenset[str]
    valid_from: date | None
    valid_to: date | None
    fields: Mapping[str, str]

    def label(self, language: str = "en") -> str:
        """The label in ``language``, or in English where there is none."""
        return self.labels.get(language) or self.labels["en"]

    def valid_on(self, day: date) -> bool:
        """Whether the code is in force on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


def rows(name: str) -> list[Entry]:
    """Every row of a list, in file order; a code with several periods of validity has several. Raises KeyError for a list unknown."""
    if name not in LISTS:
        raise KeyError(name)
    text = files(__package__).joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return [_entry(row) for row in csv.DictReader(text.splitlines())]


@cache
def code_list(name: str) -> Mapping[str, Entry]:
    """The list by code; of several periods of one code the last."""
    return MappingProxyType({entry.code: entry for entry in rows(name)})


@cache
def periods(name: str) -> Mapping[str, tuple[Entry, ...]]:
    """The list by code, with all periods of each in file order."""
    found: dict[str, tuple[Entry, ...]] = {}
    for entry in rows(name):
        found[entry.code] = (*found.get(entry.code, ()), entry)
    return MappingProxyType(found)


@cache
def has_periods(name: str) -> bool:
    """Whether any code of the list begins or ends."""
    return any(entry.valid_from or entry.valid_to for entry in rows(name))


def within(entries: Sequence[Entry], first: date, last: date) -> Entry | None:
    """The first of a code's periods that has any of these days."""
    return next((one for one in entries if (one.valid_from or first) <= last and first <= (one.valid_to or last)), None)


def _entry(row: dict[str, str]) -> Entry:
    return Entry(
        code=row["code"],
        labels=MappingProxyType({lang: row[f"label_{lang}"] for lang in LANGUAGES if row[f"label_{lang}"]}),
        reviewed=frozenset(row["reviewed"].split()),
        valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        fields=MappingProxyType({key: value for key, value in row.items() if key not in _COMMON}),
    )


class Code:
    """Annotation of a text field that holds a code of one list: ``Annotated[str, Code("transport")]``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A literal of the list's codes: checked in Rust, and an ``enum`` in the JSON Schema."""
        return core_schema.literal_schema(sorted(code_list(self.name)))
