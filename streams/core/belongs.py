"""Finds the keys of a record. Later records with the same keys are set aside with it. A record may be anything, so no field is trusted.

A version belongs to its case, and an alert belongs to its opening, escalation and end. A tick with counts, and an hour record that tells
how a feed was, have a key of their own in the stage that needs them: no other record follows it, and a retry folds them again. Any other
tick or hour record, a profile, a wish or an answer has no key, because the next one replaces it completely.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from mekong.streams.core.aside import said

_RED = "TLP:RED"
_NETWORK = "network"
_MOST_DAYS = 400
"""The longest span of an alert that is used. No bucket is longer than a month, and no alert is open for more than a year."""


class Belongs(NamedTuple):
    """The keys of one record."""

    follows: tuple[str, ...] = ()
    """The record is set aside when one of these keys is aside."""
    keys: tuple[str, ...] = ()
    """These keys are set aside with the record."""


def of_entry(value: dict[str, Any]) -> Belongs:
    """The keys of a journal entry for watch and network."""
    event_id = said(value, "event_id") if value.get("kind") == "version" else None
    keys = (f"case/{event_id}",) if event_id else ()
    return Belongs(keys, keys)


def of_shared_entry(value: dict[str, Any]) -> Belongs:
    """The keys of a journal entry for share. While a TLP:RED case is aside, share cannot know which alerts count it."""
    if value.get("kind") == "tick":
        return _with_feed(f"feed/{value.get('agency')}/{value.get('at')}", value)
    found = of_entry(value)
    handling = _part(_part(value, "content"), "handling")
    if not found.keys or handling.get("tlp") != _RED:
        return found
    days = {
        day
        for text in (_part(value, "contribution").get("day"), _part(value, "supersedes").get("day"), said(value, "received_at"))
        for day in _around(text)
    }
    agencies = (str(value.get("agency")), _NETWORK)
    return found._replace(keys=(*found.keys, *(f"red/{agency}/{day}" for day in sorted(days) for agency in agencies)))


def of_alert(value: dict[str, Any]) -> Belongs:
    """The keys of an alert: its opening, and the cases that it names or may count."""
    own = f"alert/{value.get('kind')}/{value.get('series')}/{value.get('opened')}"
    named = value.get("event_ids")
    cases = [f"case/{one}" for one in named] if isinstance(named, list) else []
    agency = said(value, "agency") or _NETWORK
    return Belongs((own, *cases, *(f"red/{agency}/{day}" for day in _days_of(value))), (own,))


def of_shared(member: str, value: dict[str, Any]) -> Belongs:
    """The keys of a record that is shared with one member."""
    message, alert = _part(value, "message"), _part(value, "alert")
    if event_id := said(message, "event_id"):
        keys: tuple[str, ...] = (f"{member}/case/{event_id}",)
    elif alert:
        keys = (f"{member}/{of_alert(alert).keys[0]}",)
    else:
        return _with_feed(f"{member}/feed/{value.get('at')}", value)
    return Belongs(keys, keys)


def _with_feed(own: str, value: dict[str, Any]) -> Belongs:
    return Belongs((), (own,)) if _part(value, "feed") else Belongs()


def _days_of(alert: dict[str, Any]) -> Iterator[str]:
    bucket = _part(alert, "bucket")
    starts = [day for text in (alert.get("opened"), bucket.get("start")) if (day := _day(text))]
    end = _day(bucket.get("end"))
    if starts and end:
        first = max(min(starts), end - timedelta(days=_MOST_DAYS))
        for number in range((end - first).days + 1):
            yield (first + timedelta(days=number)).isoformat()


def _around(text: Any) -> Iterator[str]:
    """A day and the days before and after it, because the agency's local day may be another."""
    day = _day(text)
    if day and date.min < day < date.max:
        for number in (-1, 0, 1):
            yield (day + timedelta(days=number)).isoformat()


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except (TypeError, ValueError):
        return None


def _part(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}
