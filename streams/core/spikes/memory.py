"""What is remembered of the events of a few buckets: their ids, how many were late, and what they have in common."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from schemas.alerts import MOST_EVENTS

MOST_TRAITS = 40
"""Values of one property in one bucket; what most events share is among the first."""
Traits = dict[str, dict[str, int]]
"""Property -> value -> events with it."""


class Behind(NamedTuple):
    """Of the events behind an alert: ids, the newest bucket's first, how many were late, and their properties."""

    events: list[str]
    late: int
    traits: Traits


class Memory:
    """By bucket. Nothing in it depends on the order in which a bucket's events came."""

    def __init__(self) -> None:
        self.events: dict[int, list[str]] = {}
        self.late: dict[int, int] = {}
        self.traits: dict[int, Traits] = {}

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> Memory:
        """Read what ``stored`` gave."""
        found = cls()
        found.events = {int(bucket): ids for bucket, ids in stored["events"].items()}
        found.late = {int(bucket): count for bucket, count in stored["late"].items()}
        found.traits = {int(bucket): traits for bucket, traits in stored["traits"].items()}
        return found

    def stored(self) -> dict[str, Any]:
        """Plain JSON values."""
        parts = {"events": self.events, "late": self.late, "traits": self.traits}
        return {name: {str(bucket): value for bucket, value in sorted(part.items())} for name, part in parts.items()}  # type: ignore[attr-defined]

    def add(self, bucket: int, event_id: str, features: Mapping[str, frozenset[str]], *, is_late: bool) -> None:
        """Remember an event; of more than ``MOST_EVENTS`` the smallest ids."""
        ids = self.events.setdefault(bucket, [])
        if event_id not in ids:
            insort(ids, event_id)
            del ids[MOST_EVENTS:]
        self.late[bucket] = self.late.get(bucket, 0) + is_late
        self._add_traits(bucket, {feature: dict.fromkeys(values, 1) for feature, values in features.items()})

    def add_many(self, bucket: int, ids: Sequence[str], traits: Mapping[str, Mapping[str, int]], late: int) -> None:
        """Remember several events, of which ``ids`` are the first by order of their ids."""
        self.events[bucket] = sorted({*self.events.get(bucket, ()), *ids})[:MOST_EVENTS]
        self.late[bucket] = self.late.get(bucket, 0) + late
        self._add_traits(bucket, traits)

    def remove(self, bucket: int, event_id: str, *, is_late: bool) -> None:
        """Forget an event that was corrected or withdrawn; what it had in common with others stays, it is not known any more."""
        ids = self.events.get(bucket, [])
        if event_id in ids:
            ids.remove(event_id)
        self.late[bucket] = max(0, self.late.get(bucket, 0) - is_late)

    def behind(self, first: int, last: int) -> Behind:
        """What is remembered of a span of buckets."""
        traits: Traits = {}
        for bucket in range(first, last + 1):
            for feature, counts in self.traits.get(bucket, {}).items():
                total = traits.setdefault(feature, {})
                for value, count in counts.items():
                    total[value] = total.get(value, 0) + count
        ids = [one for bucket in range(last, first - 1, -1) for one in self.events.get(bucket, [])]
        return Behind(ids, sum(self.late.get(bucket, 0) for bucket in range(first, last + 1)), traits)

    def drop_before(self, bucket: int) -> None:
        """Forget what can no longer be judged."""
        for part in (self.events, self.late, self.traits):
            for old in [one for one in part if one < bucket]:
                del part[old]

    def _add_traits(self, bucket: int, traits: Mapping[str, Mapping[str, int]]) -> None:
        kept = self.traits.setdefault(bucket, {})
        for feature, counts in sorted(traits.items()):
            total = kept.setdefault(feature, {})
            for value, count in sorted(counts.items()):
                if value in total or len(total) < MOST_TRAITS:
                    total[value] = total.get(value, 0) + count
