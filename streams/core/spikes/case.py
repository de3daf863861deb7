"""Reads the data that the detectors need from a version in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from mekong.schemas.batches import HISTORY
from mekong.schemas.times import Precision

NEWS_DAYS = 7
"""A case that is at most this many days old when it arrives is not an old case, even when its batch has the name of history."""
FEATURES = ("route", "concealment", "place", "substance")
"""The properties of a case that can stand out or be seen for the first time."""
_YEAR, _DAYS = Precision.YEAR.value, frozenset({Precision.TIME.value, Precision.DAY.value})
_BEGINS = frozenset({"origin", "departure"})


class Part(NamedTuple):
    """What one version adds to the counts or subtracts from them."""

    day: int
    """Ordinal; the first of the month when only that is known."""
    has_day: bool
    groups: tuple[str, ...]


class Case(NamedTuple):
    """One version of a case. ``added`` and ``removed`` are None when it adds or subtracts nothing that is counted."""

    event_id: str
    version: int
    added: Part | None
    removed: Part | None
    features: Mapping[str, frozenset[str]]
    lines: tuple[Mapping[str, Any], ...]
    batch: str
    """The name of the sending that it arrived in; the hour of receipt when the sending has no name."""
    received_at: str
    is_history: bool = False
    """Whether it was sent as an old case and is old. The series count it, but it raises no alert."""


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
    added, removed = _part(entry.get("contribution")), _part(entry.get("supersedes"))
    return Case(
        event_id=str(entry["event_id"]),
        version=entry["version"],
        added=added,
        removed=removed,
        features=_features(content, lines) if is_current else {},
        lines=lines if is_current else (),
        batch=batch,
        received_at=entry["received_at"],
        is_history=batch.startswith(HISTORY) and _is_old(entry, (added, removed)),
    )


def _is_old(entry: Mapping[str, Any], parts: tuple[Part | None, Part | None]) -> bool:
    """Whether every day of the version is more than ``NEWS_DAYS`` before its arrival. The name of the batch alone is not enough."""
    came = date.fromisoformat(entry["received_at"][:10]).toordinal()
    return all(part.day < came - NEWS_DAYS for part in parts if part)


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
