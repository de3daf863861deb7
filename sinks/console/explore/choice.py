"""Reads from an address what a person has chosen to count, writes it back, and says it as a condition over ``seizures``. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from mekong.schemas.messages import AGENCY_PATTERN
from mekong.sinks.exports.where import condition

DAYS = {"from": "first", "to": "last", "known_on": "known_on"}
"""Name in the address -> field, of days."""
FACETS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "country": (re.compile(r"[A-Z]{2}"), "country = {}"),
    "group": (re.compile(r"[a-z][a-z_]{0,39}"), "has(lines.commodity_group, {})"),
    "goods": (re.compile(r"[^\\\x00-\x1f\x7f]{1,200}"), "has(lines.name, {})"),
    "agency": (re.compile(AGENCY_PATTERN), "agency = {}"),
}
"""Name in the address -> the form of its value, and the condition on a case."""


class Choice(NamedTuple):
    """What is counted. What is None is not chosen."""

    first: date | None = None
    last: date | None = None
    country: str | None = None
    group: str | None = None
    goods: str | None = None
    agency: str | None = None
    known_on: date | None = None
    wrong: tuple[str, ...] = ()
    """Names in the address whose values cannot be used."""

    def query(self, **other: object) -> str:
        """The query of the address, with other choices: ``country=None`` leaves one out."""
        return "?" + urlencode({name: str(value) for name, value in {**self.named, **other}.items() if value is not None})

    @property
    def named(self) -> dict[str, object]:
        """Name in the address -> what is chosen."""
        every = {**{name: getattr(self, field) for name, field in DAYS.items()}, **{name: getattr(self, name) for name in FACETS}}
        return {name: value for name, value in every.items() if value is not None}

    @property
    def where(self) -> str:
        """The condition in SQL."""
        return " AND ".join((self.in_time, *self.of_facets.values()))

    @property
    def in_time(self) -> str:
        """The part of it that is about the time."""
        parts = [f"seized_day >= '{self.first}'"] if self.first else []
        return condition(" AND ".join([*parts, *([f"seized_day <= '{self.last}'"] if self.last else [])]))

    @property
    def of_facets(self) -> dict[str, str]:
        """The parts that are about each facet; one that is not chosen is true."""
        return {
            name: condition(said.format(_quoted(getattr(self, name))) if getattr(self, name) else "") for name, (_, said) in FACETS.items()
        }

    @property
    def known_at(self) -> datetime | None:
        """The end of the day (UTC) as of which the cases are known; None: now."""
        return datetime.combine(self.known_on + timedelta(days=1), time(), UTC) if self.known_on else None

    @property
    def view(self) -> str:
        """The view to ask."""
        return f"seizures_as_of(known_at = '{self.known_at:%Y-%m-%d %H:%M:%S}')" if self.known_at else "seizures"


def choice_of(given: Mapping[str, str]) -> Choice:
    """What an address says. A value that cannot be used is left out, and named."""
    found: dict[str, Any] = {}
    wrong = []
    for name, field in DAYS.items():
        if text := given.get(name, "").strip():
            found[field] = _day(text)
            wrong += [name] if found[field] is None else []
    for name, (form, _) in FACETS.items():
        if text := given.get(name, "").strip():
            found[name] = text if form.fullmatch(text) else None
            wrong += [name] if found[name] is None else []
    first, last = found.get("first"), found.get("last")
    if first and last and first > last:
        found["first"], found["last"] = None, None
        wrong += ["from", "to"]
    return Choice(**found, wrong=tuple(wrong))


def _day(text: str) -> date | None:
    """A day that ClickHouse can have."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(1970, 1, 1) <= found < date(2149, 1, 1) else None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
