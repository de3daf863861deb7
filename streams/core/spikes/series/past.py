"""Keeps the closed buckets of one series, the model that has learnt them, and snapshots from which a corrected past is learnt again.

    start               since
      |  c c c c c c c c  |  c c c c c c c c  |  c c c c   -> guard band
    snapshot           snapshot            snapshot    model

A snapshot is taken every ``keep`` / 2 buckets, and three snapshots are kept. So at least ``keep`` buckets can be corrected, and a bucket
that closes is learnt only once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mekong.streams.core.spikes.statistics.model import Model
from mekong.streams.core.spikes.statistics.shape import Row, Shape

Old = Callable[[], dict[str, Any]]
"""Reads what ``stored_old`` returned. It is needed, and changes, only once in many buckets."""
_SNAPSHOTS = 3


class Past:
    """Counts up to the guard band, and the model that has learnt them all."""

    def __init__(self, shape: Shape, since: int, recent: list[int], model: Model, old: Old) -> None:
        self.shape, self.model = shape, model
        self.since = since
        """The bucket of the newest snapshot."""
        self._recent, self._old = recent, old
        self._read: dict[str, Any] | None = None
        self.is_turned = False
        """Whether the value of ``stored_old`` has changed."""

    @classmethod
    def begin(cls, shape: Shape, start: int, model: Model) -> Past:
        """A past without closed buckets."""
        first = {"start": start, "counts": [], "snapshots": [model.stored()] if shape.keep else []}
        found = cls(shape, start, [], model, lambda: first)
        found.is_turned = True
        return found

    @classmethod
    def from_stored(cls, shape: Shape, stored: dict[str, Any], old: Old) -> Past:
        """A past from what ``stored`` returned."""
        return cls(shape, stored["since"], stored["counts"], Model.from_stored(shape, stored["model"]), old)

    def stored(self) -> dict[str, Any]:
        """Plain JSON values that change with each bucket."""
        return {"since": self.since, "counts": self._recent, "model": self.model.stored()}

    def stored_old(self) -> dict[str, Any]:
        """Plain JSON values that change when a snapshot is taken, or a bucket before the newest is corrected."""
        if self._read is None:
            self._read = self._old()
        return self._read

    @property
    def start(self) -> int:
        """The first bucket that can be corrected."""
        return int(self.stored_old()["start"]) if self.shape.keep else self.since

    @property
    def counts(self) -> list[int]:
        """The counts of the buckets from ``start`` on."""
        return [*self.stored_old()["counts"], *self._recent]

    def learn(self, count: int, row: Row) -> None:
        """Add the next bucket, and update the model with it."""
        if not self.shape.keep:
            self.since += 1
        else:
            if len(self._recent) == self.shape.keep // 2:
                self._take_snapshot()
            self._recent.append(count)
        self.model.learn(count, row)

    def correct(self, bucket: int, count: int) -> bool:
        """Add to the count of a bucket; ``again`` then updates the model. False when the bucket is too old."""
        if bucket >= self.since:
            self._recent[bucket - self.since] += count
        elif bucket >= self.start:
            old = self.stored_old()
            old["counts"][bucket - old["start"]] += count
            self.is_turned = True
        else:
            return False
        return True

    def again(self, first: int, rows: Callable[[int], Row], look: Callable[[int, Model], None]) -> None:
        """Learn again from ``first`` or a bucket before it. ``look`` gets the model before each of these buckets, and at the end."""
        old, step = self.stored_old(), self.shape.keep // 2
        start, snapshots = old["start"], old["snapshots"]
        place = min(max(0, first - start) // step, len(snapshots) - 1)
        bucket, self.model = start + place * step, Model.from_stored(self.shape, snapshots[place])
        for count in self.counts[place * step :]:
            if bucket > start and not (bucket - start) % step:
                snapshots[(bucket - start) // step] = self.model.stored()
                self.is_turned = True
            look(bucket, self.model)
            self.model.learn(count, rows(bucket))
            bucket += 1
        look(bucket, self.model)

    def _take_snapshot(self) -> None:
        old, step = self.stored_old(), self.shape.keep // 2
        old["counts"] += self._recent
        old["snapshots"].append(self.model.stored())
        if len(old["snapshots"]) > _SNAPSHOTS:
            del old["snapshots"][0], old["counts"][:step]
            old["start"] += step
        self.since, self._recent, self.is_turned = self.since + step, [], True
