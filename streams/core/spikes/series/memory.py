"""Remembers the events of a few buckets: their ids, how many were late, and their common properties."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mekong.schemas.alerts import MOST_EVENTS

MOST_TRAITS = 40
"""The most values of one property in one bucket. The values that most events have are among the first."""
Traits = dict[str, dict[str, int]]
"""Property -> value -> events with it."""


class AlertEvents(NamedTuple):
    """The events of an alert: ids with the newest bucket first, how many were late, and their properties."""

    events: list[str]
    late: int
    traits: Traits


class Memory:
    """The events by bucket, with the bucket as text, as in JSON. Nothing in it depends on the order in which a bucket's events arrived."""

    def __init__(self) -> None:
        self.events: dict[str, list[str]] = {}
        self.late: dict[str, int] = {}
        self.traits: dict[str, Traits] = {}

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> Memory:
        """A memory from what ``stored`` returned."""
        found = cls()
        found.events, found.late, found.traits = stored["events"], stored["late"], stored["traits"]
        return found

    def stored(self) -> dict[str, Any]:
        """The memory as plain JSON values."""
        return {"events": _sorted(self.events), "late": _sorted(self.late), "traits": _sorted(self.traits)}

    def add(self, bucket: int, event_id: str, features: Mapping[str, frozenset[str]], *, is_late: bool) -> None:
        """Remember an event. Of more than ``MOST_EVENTS`` events, the smallest ids are kept."""
        name = str(bucket)
        ids = self.events.get(name)
        if ids is None:
            ids, self.late[name], self.traits[name] = self.events.setdefault(name, []), 0, {}
        place = bisect_left(ids, event_id)
        if place < MOST_EVENTS and ids[place : place + 1] != [event_id]:
            ids.insert(place, event_id)
            del ids[MOST_EVENTS:]
        self.late[name] += is_late
        kept = self.traits[name]
        for feature, values in features.items():
            total = kept.get(feature)
            if total is None:
                total = kept[feature] = {}
            for value in sorted(values) if len(values) > 1 else values:
                if value in total:
                    total[value] += 1
                elif len(total) < MOST_TRAITS:
                    total[value] = 1

    def add_many(self, bucket: int, ids: Sequence[str], traits: Mapping[str, Mapping[str, int]], late: int) -> None:
        """Remember several events. ``ids`` are the smallest of their ids."""
        name = str(bucket)
        self.events[name] = sorted({*self.events.get(name, ()), *ids})[:MOST_EVENTS]
        self.late[name] = self.late.get(name, 0) + late
        kept = self.traits.setdefault(name, {})
        for feature, counts in sorted(traits.items()):
            total = kept.setdefault(feature, {})
            for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):  # the commonest find a place
                if value in total or len(total) < MOST_TRAITS:
                    total[value] = total.get(value, 0) + count

    def remove(self, bucket: int, event_id: str, *, is_late: bool) -> None:
        """Remove an event that was corrected or withdrawn. Its properties stay, because they are not known any more."""
        name = str(bucket)
        ids = self.events.get(name)
        if ids is None:
            return
        if event_id in ids:
            ids.remove(event_id)
        self.late[name] = max(0, self.late[name] - is_late)

    def late_in(self, bucket: int) -> int:
        """The number of events of a bucket that arrived after it had closed."""
        return self.late.get(str(bucket), 0)

    def behind(self, first: int, last: int) -> AlertEvents:
        """The remembered events of a span of buckets."""
        traits: Traits = {}
        span = [str(bucket) for bucket in range(first, last + 1)]
        for bucket in span:
            for feature, counts in self.traits.get(bucket, {}).items():
                total = traits.setdefault(feature, {})
                for value, count in counts.items():
                    total[value] = total.get(value, 0) + count
        ids = [one for bucket in reversed(span) for one in self.events.get(bucket, [])]
        return AlertEvents(ids, sum(self.late.get(bucket, 0) for bucket in span), traits)

    def drop_before(self, bucket: int) -> None:
        """Remove the buckets before ``bucket``, which are not judged any more."""
        for old in [one for one in self.events if int(one) < bucket]:
            del self.events[old], self.late[old], self.traits[old]


def _sorted(part: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(part.items())) if len(part) > 1 else part
