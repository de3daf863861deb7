"""A version in the journal in, what the detectors ask of it out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from schemas.batches import HISTORY
from schemas.times import Precision

FEATURES = ("route", "concealment", "place", "substance")
"""What can stand out in a case, or be seen for the first time."""
_YEAR, _DAYS = Precision.YEAR.value, frozenset({Precision.TIME.value, Precision.DAY.value})
_BEGINS = frozenset({"origin", "departure"})


class Part(NamedTuple):
    """What one version adds to the counts, or takes out."""

    day: int
    """Ordinal; the first of the month when only that is known."""
    has_day: bool
    groups: tuple[str, ...]


class Case(NamedTuple):
    """One version of a case. ``added`` and ``removed`` are None where it adds or takes out nothing countable."""

    event_id: str
    version: int
    added: Part | None
    removed: Part | None
    features: Mapping[str, frozenset[str]]
    lines: tuple[Mapping[str, Any], ...]
    batch: str
    """Names the sending it came in; the hour where none is named."""
    received_at: str
    is_history: bool = False
    """Sent as old cases: it is learnt from, and told to nobody."""


def read(entry: Mapping[str, Any]) -> Case | None:
    """The case of a journal entry ``Version``; None for a warning or feedback."""
    if entry["family"] != "case":
        return None
    content, enriched = entry["content"], entry["enriched"]
    is_current, batch = entry["status"] == "current", entry.get("batch") or entry["received_at"][:13]
    lines = tuple(
        {"group": said["commodity_group"], **added}
        for said, added in zip(content.get("lines", ()), enriched.get("lines", ()), strict=False)
    )
    return Case(
        event_id=str(entry["event_id"]),
        version=entry["version"],
        added=_part(entry.get("contribution")),
        removed=_part(entry.get("supersedes")),
        features=_features(content, lines) if is_current else {},
        lines=lines if is_current else (),
        batch=batch,
        received_at=entry["received_at"],
        is_history=batch.startswith(HISTORY),
    )


def _part(contribution: Mapping[str, Any] | None) -> Part | None:
    if not contribution or contribution["precision"] == _YEAR:
        return None
    return Part(_ordinal(contribution["day"]), contribution["precision"] in _DAYS, tuple(sorted(contribution["groups"])))


@lru_cache(maxsize=4_096)
def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _features(content: Mapping[str, Any], lines: tuple[Mapping[str, Any], ...]) -> dict[str, frozenset[str]]:
    steps = content.get("route", ())
    begins = [step["country"] for step in steps if step["role"] in _BEGINS]
    ends = [step["country"] for step in steps if step["role"] == "destination"]
    return {
        "route": frozenset(f"{begin}>{end}" for begin in begins for end in ends if begin != end),
        "concealment": frozenset(content.get("concealment_methods", ())),
        "place": frozenset([content["place"]] if content.get("place") else ()),
        "substance": frozenset(line["code"] for line in lines if line.get("code")),
    }
