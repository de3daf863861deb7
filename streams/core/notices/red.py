"""TLP:RED: which cases are for named agencies only, and which of them stand behind an alert.

An alert names 50 of its cases at most, and its later states name others than its first. So a red case is also remembered by its days:
an alert that counts is red when a red case of its agency and goods was seized in the days it is about, from the one that opened it on,
or an earlier state of it was red; one about what came at once, when a red case came on that day. That is a little more than stands
behind it, and never less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from schemas.alerts import Kind, State
from streams.core.draft import Draft
from streams.core.notices.members import FORMAT

RED = "TLP:RED"
_COUNTING = frozenset({Kind.SPIKE, Kind.RETRO_SPIKE})


def mark(draft: Draft, entry: dict[str, Any], today: str) -> None:
    """Remember a case that is red, or forget one that no longer is; taken back, it stays red. ``today`` is its agency's local day."""
    handling = entry["content"].get("handling", {})
    key = _key(entry["event_id"])
    before = draft.get(key)
    if handling.get("tlp") == RED:
        days = _days(draft, entry, today)
        known = {entry["agency"], *handling.get("release_to", ())}
        draft.put(key, {"f": FORMAT, "to": sorted(known), "days": sorted({*days, *(before or {}).get("days", ())})})
    elif before is not None and entry["version"] > 1 and entry["status"] == "current":
        draft.drop(key)
        for day in before.get("days", ()):  # older state has none
            there = draft.get(day.encode())
            assert there is not None  # noqa: S101 - it was put with the case
            del there["cases"][entry["event_id"]]
            if there["cases"]:
                draft.put(day.encode(), there)
            else:
                draft.drop(day.encode())


def who_may_know(draft: Draft, agencies: Iterable[str], alert: dict[str, Any]) -> frozenset[str] | None:
    """The agencies that may know of every red case behind an alert of ``agencies``; None when there is none."""
    found = {*map(str, alert.get("event_ids", ())), *_counted(draft, agencies, alert)}
    opening = f"red-alert/{alert['kind']}/{alert['series']}/{alert.get('opened', '')}".encode()
    reds = [red for key in (opening, *map(_key, sorted(found))) if (red := draft.get(key)) is not None]
    if not reds:
        return None
    to = frozenset.intersection(*(frozenset(red["to"]) for red in reds))
    if alert["kind"] == Kind.SPIKE and alert["state"] != State.CLEARED:
        draft.put(opening, {"f": FORMAT, "to": sorted(to)})
    elif draft.raw(opening) is not None:
        draft.drop(opening)
    return to


def _days(draft: Draft, entry: dict[str, Any], today: str) -> set[str]:
    """Note the case on the days of its seizure, as it is said now and was said before, and on that on which it came; the keys of all."""
    keys: set[str] = set()
    for part in filter(None, (entry.get("contribution"), entry.get("supersedes"))):
        for key in (_on(entry["agency"], part["day"]), _came(entry["agency"], today)):
            there = draft.get(key.encode()) or {"f": FORMAT, "cases": {}}
            there["cases"][entry["event_id"]] = sorted({*part["groups"], *there["cases"].get(entry["event_id"], ())})
            draft.put(key.encode(), there)
            keys.add(key)
    return keys


def _counted(draft: Draft, agencies: Iterable[str], alert: dict[str, Any]) -> Iterator[str]:
    """Red cases among those that an alert counts."""
    if alert["kind"] in _COUNTING:
        of_day, first = _on, alert.get("opened", alert["bucket"]["start"])
    elif alert["kind"] == Kind.BULK_REPORT:
        of_day, first = _came, alert["bucket"]["start"]
    else:
        return  # it is about the cases that it names, or about none
    group, day = alert.get("commodity_group"), min(date.fromisoformat(first), date.fromisoformat(alert["bucket"]["start"]))
    while day <= date.fromisoformat(alert["bucket"]["end"]):
        for agency in agencies:
            there = draft.get(of_day(agency, day.isoformat()).encode())
            if there is not None:
                yield from (event_id for event_id, groups in there["cases"].items() if group is None or group in groups)
        day += timedelta(days=1)


def _on(agency: str, day: str) -> str:
    return f"red-on/{agency}/{day}"


def _came(agency: str, day: str) -> str:
    return f"red-came/{agency}/{day}"


def _key(event_id: str) -> bytes:
    return f"red/{event_id}".encode()
