# ruff: noqa: S608 - the condition is one that where.py wrote; all else is ours
"""Asks ClickHouse for the numbers of a choice, and for the cases behind one: a number and its list come from the same condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from mekong.sinks.clickhouse.client import Database
from mekong.sinks.console.explore.choice import FACETS, Choice

SHOWN = 12
"""Values of a facet that are shown, those with the most cases."""
OFFERED = 300
"""Values that can be chosen in the form."""
PAGE = 100
"""Cases on a page of a list."""
_LIMITS = "SETTINGS max_execution_time = 5, max_threads = 2"
_ONE = "[toUInt64(1)]"
_DISTINCT = "arrayFilter(one -> one != '', arrayDistinct(arrayMap(one -> toString(one), {})))"
_VALUES = {
    "country": "[toString(country)]",
    "group": _DISTINCT.format("`lines.commodity_group`"),
    "goods": _DISTINCT.format("`lines.name`"),
    "agency": "[toString(agency)]",
}
_MOST_DAYS, _MOST_WEEKS, _MOST_MONTHS = 62, 62 * 7, 366 * 8


class Bar(NamedTuple):
    """The cases of some days, both included."""

    first: date
    last: date
    cases: int


class Numbers(NamedTuple):
    """The numbers of a choice, all of one moment."""

    cases: int
    without_day: int
    bars: Sequence[Bar]
    facets: Mapping[str, Sequence[tuple[str, int]]]
    """Facet -> value and its cases, the most first. A case with goods of two groups is in both."""


class Case(NamedTuple):
    """One case of a list."""

    event_id: str
    agency: str
    case_no: str
    seized_day: date | None
    precision: str
    country: str
    goods: Sequence[str]
    mass_kg: Any
    tlp: str
    is_simulated: bool


class Listed(NamedTuple):
    """One page of the cases of a choice."""

    cases: Sequence[Case]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE))


def numbers(database: Database, choice: Choice) -> Numbers:
    """All numbers, in one question. A facet is counted by the rest of the choice, so that another value can be chosen.

    Raises Retriable, Fatal.
    """
    chosen = choice.of_facets
    columns = ", ".join(
        [*(f"{value} AS {name}_" for name, value in _VALUES.items()), *(f"{said} AS is_{name}" for name, said in chosen.items())]
    )
    maps = ", ".join(f"sumMapIf({name}_, arrayMap(one -> toUInt64(1), {name}_), {_all(chosen.keys() - {name})})" for name in _VALUES)
    every = _all(chosen)
    ((cases, days, *facets),) = database.query(
        f"SELECT countIf({every}), sumMapIf([ifNull(toString(seized_day), '')], {_ONE}, {every}), {maps}"
        f" FROM (SELECT seized_day, {columns} FROM {choice.view} WHERE {choice.in_time}) {_LIMITS}"
    ).rows
    by_day = dict(zip(*days, strict=True))
    without = by_day.pop("", 0)
    known = {date.fromisoformat(day): int(count) for day, count in by_day.items()}
    return Numbers(int(cases), int(without), bars(known), {name: _most(name, found) for name, found in zip(FACETS, facets, strict=True)})


def listed(database: Database, choice: Choice, page: int) -> Listed:
    """A page of the cases, the newest day first. Raises Retriable, Fatal."""
    where = f"FROM {choice.view} WHERE {choice.where}"
    total = int(database.value(f"SELECT count() {where} {_LIMITS}"))
    at = min(max(1, page), max(1, -(-total // PAGE)))
    rows = database.query(
        f"SELECT event_id, agency, case_no, seized_day, seized_precision, country, `lines.substance_or_taxon`, mass_kg, tlp, simulated"
        f" {where} ORDER BY ifNull(seized_day, toDate('1970-01-01')) DESC, agency, case_no, event_id"
        f" LIMIT {PAGE} OFFSET {(at - 1) * PAGE} {_LIMITS}"
    ).rows
    return Listed([Case(str(event_id), *rest) for event_id, *rest in rows], total, at)


def bars(by_day: Mapping[date, int]) -> list[Bar]:
    """A bar for each day, week, month or year from the first day with a case to the last: at most about a hundred."""
    if not by_day:
        return []
    first, last = min(by_day), max(by_day)
    size = _size((last - first).days + 1)
    found: list[Bar] = []
    at = _start(first, size)
    while at <= last:
        following = _start(at + timedelta(days={"day": 1, "week": 7, "month": 32, "year": 366}[size]), size)
        found.append(Bar(at, following - timedelta(days=1), 0))
        at = following
    counted = dict.fromkeys((bar.first for bar in found), 0)
    for day, cases in by_day.items():
        counted[_start(day, size)] += cases
    return [bar._replace(cases=counted[bar.first]) for bar in found]


def _all(names: Iterable[str]) -> str:
    return " AND ".join(f"is_{name}" for name in sorted(names))


def _size(days: int) -> str:
    return "day" if days <= _MOST_DAYS else "week" if days <= _MOST_WEEKS else "month" if days <= _MOST_MONTHS else "year"


def _start(day: date, size: str) -> date:
    """The first day of the day, week (Monday), month or year of a day."""
    if size == "week":
        return day - timedelta(days=day.weekday())
    return {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[size]


def _most(facet: str, found: tuple[Iterable[str], Iterable[int]]) -> list[tuple[str, int]]:
    """Those with the most cases. A value that no address can have is left out: its number would open no list."""
    form, _ = FACETS[facet]
    pairs = ((value, int(cases)) for value, cases in zip(*found, strict=True) if form.fullmatch(value))
    return sorted(pairs, key=lambda one: (-one[1], one[0]))[:OFFERED]
