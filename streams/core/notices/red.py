"""Decides which agencies may know of an alert that counts TLP:RED cases, because such cases are for named agencies only.

An alert names 50 of its cases at most, and its later states name other cases than its first state. So a red case is also stored by its
days. An alert that counts cases is red when a red case of its agency and goods was seized on the alert's days, from the day that opened
it, or when an earlier state of the alert was red. A BULK_REPORT is red when a red case arrived on its day. This makes a few alerts red
that need not be, and never misses one.

``red/<event_id>`` -> a red case: the agencies that may know of it, its days and their goods; ``red-on|red-came/<agency>/<day>`` (a tally)
-> the red cases that were seized or arrived on a day, by goods, and by goods and agency that may know of them;
``red-alert/<kind>/<series>/<opened>`` -> the agencies that may know of an open alert that is red.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from mekong.schemas.alerts import Kind, State
from mekong.schemas.codes import code_list
from mekong.streams.core.collections import Tally
from mekong.streams.core.draft import Draft, Named
from mekong.streams.core.notices.members import FORMAT, Members

RED = "TLP:RED"
_COUNTING = frozenset({Kind.SPIKE, Kind.RETRO_SPIKE})


def mark(draft: Draft, entry: dict[str, Any], today: str) -> None:
    """Store a case that is red, or remove one that is not red any more. A withdrawn case stays red. ``today``: its agency's local day."""
    handling = entry["content"].get("handling", {})
    key = _key(entry["event_id"])
    before = draft.get(key)
    if handling.get("tlp") == RED:
        known = {entry["agency"], *handling.get("release_to", ())}
        now = {"f": FORMAT, "to": sorted(known), "days": _days(entry, today, before["days"] if before else {})}
        if now != before:
            if before is not None:
                count(draft, before, -1)
            count(draft, now, 1)
            draft.put(key, now)
    elif before is not None and entry["version"] > 1 and entry["status"] == "current":
        count(draft, before, -1)
        draft.drop(key)


def count(draft: Draft, red: Mapping[str, Any], sign: int) -> None:
    """Add a red case to the counts of its days (``sign`` 1), or subtract it (-1)."""
    for day, groups in red["days"].items():
        tally = Tally(Named(draft), day)
        for group in ("", *groups):
            tally.add(group, sign)
            for agency in red["to"]:
                tally.add(f"{group}/{agency}", sign)


def who_may_know(draft: Draft, members: Members, agencies: Iterable[str], alert: dict[str, Any]) -> frozenset[str] | None:
    """The agencies that may know of every red case of an alert of ``agencies``; None when it has no red case.

    When an alert counts red cases without naming one, the agencies that are registered or on the code list are checked.
    """
    opening = f"red-alert/{alert['kind']}/{alert['series']}/{alert.get('opened', '')}".encode()
    keys = (opening, *map(_key, sorted({*map(str, alert.get("event_ids", ()))})))
    named = [frozenset(red["to"]) for key in keys if (red := draft.get(key)) is not None]
    counted = list(_counted(draft, agencies, alert))
    if not named and not counted:
        return None
    to = frozenset.intersection(*named) if named else frozenset({*members.codes(), *code_list("agencies")})
    for reds in counted:
        to = frozenset(agency for agency in to if reds.tally.of(f"{reds.group}/{agency}") == reds.cases)
    if alert["kind"] == Kind.SPIKE and alert["state"] != State.CLEARED:
        draft.put(opening, {"f": FORMAT, "to": sorted(to)})
    elif draft.raw(opening) is not None:
        draft.drop(opening)
    return to


class _Counted(NamedTuple):
    """Red cases of one agency and day."""

    tally: Tally
    group: str
    cases: int


def _days(entry: Mapping[str, Any], today: str, before: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The days of seizure of a case in this and earlier versions, and the days on which it arrived, each with its goods."""
    days = {day: {*groups} for day, groups in before.items()}
    for part in filter(None, (entry.get("contribution"), entry.get("supersedes"))):
        for day in (_on(entry["agency"], part["day"]), _came(entry["agency"], today)):
            days.setdefault(day, set()).update(part["groups"])
    return {day: sorted(groups) for day, groups in sorted(days.items())}


def _counted(draft: Draft, agencies: Iterable[str], alert: dict[str, Any]) -> Iterator[_Counted]:
    """The red cases among the cases that an alert counts."""
    if alert["kind"] in _COUNTING:
        of_day, first = _on, alert.get("opened", alert["bucket"]["start"])
    elif alert["kind"] == Kind.BULK_REPORT:
        of_day, first = _came, alert["bucket"]["start"]
    else:
        return  # it is about the cases that it names, or about none
    group, day = alert.get("commodity_group") or "", min(date.fromisoformat(first), date.fromisoformat(alert["bucket"]["start"]))
    while day <= date.fromisoformat(alert["bucket"]["end"]):
        for agency in agencies:
            tally = Tally(Named(draft), of_day(agency, day.isoformat()))
            if cases := tally.of(group):
                yield _Counted(tally, group, cases)
        day += timedelta(days=1)


def _on(agency: str, day: str) -> str:
    return f"red-on/{agency}/{day}"


def _came(agency: str, day: str) -> str:
    return f"red-came/{agency}/{day}"


def _key(event_id: str) -> bytes:
    return f"red/{event_id}".encode()
