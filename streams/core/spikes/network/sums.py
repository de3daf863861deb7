"""Sums the cases of one agency that count as arrived on one day. The sums do not depend on the order of the cases.

They are kept as a table of small pieces, and are read together when the day is judged:

    counts|<group>|<day>|<1 when the day is known>   cases, cases that are not history, the first event ids
    trait|<the same>|<feature>|<value>               cases with a common property
    combination|<combination>                        cases, and the first of them that is not history
    large|<group>|<goods>|<unit>                     the sizes of the cases (largest.py)
    by|<agency>                                      first versions
    phase|<first day>|<last day>                     a phase of its profile
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from itertools import product
from math import prod
from typing import Any

from mekong.schemas.alerts import MOST_EVENTS
from mekong.streams.core.collections import Table
from mekong.streams.core.spikes.case import Case
from mekong.streams.core.spikes.network import largest
from mekong.streams.core.spikes.store import ALL

Sums = dict[str, Any]
MOST_COMBINATIONS = 200
"""The most combinations of one case. A case with more goods, routes and concealments shows nothing about any combination."""
_BAND = 100
"""Days. No guard band is longer, so older cases are in no SPIKE."""
_OLD_EVENTS = 10
"""The most event ids of an older day, for a RETRO_SPIKE. A member may have tens of thousands of old cases, over years."""
_EMPTY: Mapping[str, Any] = {"n": 0, "news": 0, "ids": []}


def empty() -> Sums:
    """The sums of a day on which nothing has arrived."""
    return {"counts": {}, "combinations": {}, "large": {}, "phases": set(), "by": {}}


def add_case(pieces: Table, case: Case, agency: str, today: int | None) -> None:
    """Add a version. Cases of a history are counted, but raise no alert. ``today`` is the agency's day; None when it is not known."""
    for part, sign in ((case.removed, -1), (case.added, 1)):
        for group in (*part.groups, ALL) if part else ():
            assert part is not None  # noqa: S101 - it has groups
            name = f"{group}|{part.day}|{int(part.has_day)}"
            here = pieces.get(f"counts|{name}") or {**_EMPTY, "ids": []}
            here["n"] += sign
            here["news"] += 0 if case.is_history else sign
            is_old = today is not None and part.day < today - _BAND
            if sign > 0 and case.version == 1 and not (is_old and case.is_history):
                insort(here["ids"], case.event_id)
                del here["ids"][_OLD_EVENTS if is_old else MOST_EVENTS :]
                _add_traits(pieces, name, case if not is_old else None)
            pieces.put(f"counts|{name}", here)
    if case.added is None or case.version > 1:
        return
    _add(pieces, f"by|{agency}")
    first = None if case.is_history else [case.received_at, case.event_id, case.added.day, case.added.has_day]
    for combination in combinations(case):
        found = pieces.get(f"combination|{combination}") or {"n": 0, "first": None}
        pieces.put(f"combination|{combination}", {"n": found["n"] + 1, "first": _earliest(found["first"], first)})
    for name, kept in largest.of_case(case, agency):
        there = pieces.get(f"large|{name}")
        pieces.put(f"large|{name}", largest.merged(there, kept) if there else kept)


def put_phases(pieces: Table, phases: Iterable[list[int]]) -> None:
    """Add the phases of a profile."""
    for first, last in phases:
        pieces.put(f"phase|{first}|{last}")


def merge(sums: Sums, pieces: Table) -> None:
    """Add an agency's sums to those of the day. The order of the agencies does not matter."""
    for piece in pieces:
        there = pieces.get(piece)
        assert there is not None  # noqa: S101 - it is in the table
        kind, _, name = piece.partition("|")
        if kind == "counts":
            _merge_counts(_counts_of(sums, name), there)
        elif kind == "trait":
            *of_counts, feature, value = name.split("|")
            total = _counts_of(sums, "|".join(of_counts))["traits"].setdefault(feature, {})
            total[value] = total.get(value, 0) + there["n"]
        elif kind == "combination":
            here = sums["combinations"].setdefault(name, {"n": 0, "first": None})
            sums["combinations"][name] = {"n": here["n"] + there["n"], "first": _earliest(here["first"], there["first"])}
        elif kind == "large":
            here = sums["large"].get(name)
            sums["large"][name] = largest.merged(here, there) if here else there
        elif kind == "by":
            sums["by"][name] = sums["by"].get(name, 0) + there["n"]
        else:
            first, last = name.split("|")
            sums["phases"].add((int(first), int(last)))


def combinations(case: Case) -> list[str]:
    """The combinations of substance, route and concealment of a case; none when there are more than ``MOST_COMBINATIONS``."""
    parts = [sorted(case.features.get(feature, ())) for feature in ("substance", "route", "concealment")]
    if prod(map(len, parts)) > MOST_COMBINATIONS:
        return []
    return ["|".join(one) for one in product(*parts)]


def _counts_of(sums: Sums, name: str) -> dict[str, Any]:
    found: dict[str, Any] = sums["counts"].setdefault(name, {**_EMPTY, "ids": [], "traits": {}})
    return found


def _merge_counts(here: dict[str, Any], there: Mapping[str, Any]) -> None:
    here["n"] += there["n"]
    here["news"] += there["news"]
    here["ids"] = sorted([*here["ids"], *there["ids"]])[:MOST_EVENTS]


def _add_traits(pieces: Table, name: str, case: Case | None) -> None:
    for feature, values in case.features.items() if case else ():
        for value in sorted(values):
            _add(pieces, f"trait|{name}|{feature}|{value}")


def _add(pieces: Table, piece: str) -> None:
    found = pieces.get(piece)
    pieces.put(piece, {"n": (found["n"] if found else 0) + 1})


def _earliest(one: list[Any] | None, other: list[Any] | None) -> list[Any] | None:
    return min((first for first in (one, other) if first), default=None)
