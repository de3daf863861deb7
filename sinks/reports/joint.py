"""Makes the tables of a joint evaluation: several phases of an operation, one after the other, and the published figures. Pure.

The growth of the cases has two parts, which add up to it: the members of both phases, and the members that joined or left.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mekong.sinks.reports.change import members, percent
from mekong.sinks.reports.shape import Answers, Row, Rows

_FILE = Path(__file__).parent / "published.csv"


class Published(NamedTuple):
    """One figure that was published about a phase."""

    phase: str
    measure: str
    """members, cases, warnings, feedback, or a commodity group."""
    value: Decimal
    unit: str
    """kg, cases, or empty."""
    kind: str
    """published, preliminary, or press."""
    source: str


@cache
def published() -> tuple[Published, ...]:
    """The figures of the file, in its order."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_figure(**row) for row in csv.DictReader(file))


def _figure(value: str, **texts: str) -> Published:
    return Published(value=Decimal(value), **texts)


def phases(answers: Answers) -> Rows:
    """A row for each phase: its cases, and the growth since the phase before it in the table."""
    names = list(answers.phases)
    return [_phase(name, answers.phases, names[place - 1] if place else "") for place, name in enumerate(names)]


def compared(answers: Answers) -> Rows:
    """A row for each published figure of these phases, with what the exchange has."""
    return [_compared(one, answers.phases[one.phase]) for one in published() if one.phase in answers.phases]


def _phase(name: str, all_phases: Mapping[str, Mapping[str, Rows]], before: str) -> Row:
    now, earlier = all_phases[name], all_phases.get(before)
    cases = _cases(now)
    row = {"phase": name, "members": len(members(now)), "agencies": sum(one["cases"] > 0 for one in now["members"]), "cases": cases}
    if earlier is None or not _cases(earlier):
        return row | dict.fromkeys(("change", "more", "more_same", "more_joined", "same_change"))
    same = members(now) & members(earlier)
    own, own_before = (sum(one["cases"] for one in tables["members"] if one["agency"] in same) for tables in (now, earlier))
    more = cases - _cases(earlier)
    parts = {"more": more, "more_same": own - own_before, "more_joined": more - (own - own_before)}
    return row | parts | {"change": percent(_cases(earlier), cases), "same_change": percent(own_before, own)}


def _compared(one: Published, tables: Mapping[str, Rows]) -> Row:
    here = _here(one, tables)
    return {**one._asdict(), "value_published": one.value, "here": here, "difference": None if here is None else here - one.value}


def _here(one: Published, tables: Mapping[str, Rows]) -> Decimal | None:
    if one.measure in {"members", "cases"}:
        return Decimal(len(members(tables)) if one.measure == "members" else _cases(tables))
    if one.measure == "warnings":
        return Decimal(sum(row["warnings_sent"] for row in tables["members"]))
    group = next((row for row in tables["groups"] if row["commodity_group"] == one.measure), None)
    return Decimal(group["mass_kg" if one.unit == "kg" else "cases"]) if group else None


def _cases(tables: Mapping[str, Rows]) -> int:
    return sum(row["cases"] for row in tables["members"])
