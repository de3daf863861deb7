"""Cases that count as come on one day in, sums that do not know their order out: plain JSON, merged in any order.

``counts``: ``<group>/<day>/<1 when the day is known>`` -> cases, those that are news, the first event ids, and what they have in common;
``combinations``, ``large``: what is looked at in single cases; ``by``: first versions by agency; ``phases``: those of its profiles.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from typing import Any

from schemas.alerts import MOST_EVENTS
from streams.core.spikes import largest
from streams.core.spikes.case import Case
from streams.core.spikes.desk import ALL

Sums = dict[str, Any]
MOST_COMBINATIONS = 3_000
"""Of a day, the first in their order; more are not looked at."""
_BAND = 100
"""Days: no guard band is longer, so older cases are in no SPIKE."""
_OLD_EVENTS = 10
"""Of an older day, to name in a RETRO_SPIKE. A member's old cases may be tens of thousands, over years, in one day's sums."""


def empty() -> Sums:
    """Of a day on which nothing has come."""
    return {"counts": {}, "combinations": {}, "large": {}, "phases": [], "by": {}}


def put_away(sums: Sums, case: Case, agency: str, today: int | None) -> None:
    """Add a version. Old cases are counted, and are no news. ``today`` is the agency's day, None where it is not known."""
    for part, sign in ((case.removed, -1), (case.added, 1)):
        for group in (*part.groups, ALL) if part else ():
            assert part is not None  # noqa: S101 - it has groups
            here = sums["counts"].setdefault(f"{group}/{part.day}/{int(part.has_day)}", {"n": 0, "news": 0, "ids": [], "traits": {}})
            here["n"] += sign
            here["news"] += 0 if case.is_history else sign
            if sign > 0 and case.version == 1:
                _remember(here, case, is_old=today is not None and part.day < today - _BAND)
    if case.added is None or case.version > 1:
        return
    sums["by"][agency] = sums["by"].get(agency, 0) + 1
    for combination in combinations(case):
        first = None if case.is_history else [case.received_at, case.event_id, case.added.day, case.added.has_day]
        _add_combination(sums["combinations"], combination, {"n": 1, "first": first})
    largest.put_away(sums["large"], case, agency)


def merge(sums: Sums, others: Sums) -> None:
    """Add the sums of another part of the same day."""
    for name, there in others["counts"].items():
        here = sums["counts"].setdefault(name, {"n": 0, "news": 0, "ids": [], "traits": {}})
        here["n"] += there["n"]
        here["news"] += there["news"]
        here["ids"] = sorted([*here["ids"], *there["ids"]])[:MOST_EVENTS]
        for feature, counts in there["traits"].items():
            _add(here["traits"].setdefault(feature, {}), counts)
    for combination, found in others["combinations"].items():
        _add_combination(sums["combinations"], combination, found)
    largest.merge(sums["large"], others["large"])
    sums["phases"] += others["phases"]
    _add(sums["by"], others["by"])


def combinations(case: Case) -> list[str]:
    """Substance, route and concealment that a case has together."""
    parts = [sorted(case.features.get(feature, ())) for feature in ("substance", "route", "concealment")]
    return [f"{goods}|{route}|{hidden}" for goods in parts[0] for route in parts[1] for hidden in parts[2]]


def _remember(here: dict[str, Any], case: Case, *, is_old: bool) -> None:
    if is_old and case.is_history:
        return
    insort(here["ids"], case.event_id)
    del here["ids"][_OLD_EVENTS if is_old else MOST_EVENTS :]
    for feature, values in case.features.items() if not is_old else ():
        _add(here["traits"].setdefault(feature, {}), dict.fromkeys(values, 1))


def _add_combination(known: dict[str, dict[str, Any]], combination: str, found: Mapping[str, Any]) -> None:
    """Of more than ``MOST_COMBINATIONS`` the last in order goes: one that stays has been counted from its first case on."""
    kept = known.setdefault(combination, {"n": 0, "first": None})
    kept["n"] += found["n"]
    kept["first"] = min([first for first in (kept["first"], found["first"]) if first], default=None)
    if len(known) > MOST_COMBINATIONS:
        del known[max(known)]


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count
