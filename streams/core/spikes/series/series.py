"""Keeps one series at one bucket size: it gets counts, gives verdicts, and stores its state between two runs.

      learnt (``past``)            guard band (``recent``)
      c c c c c c c c c c c c c  |  c  c  c  |   -> time
                                          newest (open)

A change of a count before the guard band makes the series dirty. Then the series is learnt again from a snapshot of its past. This takes
a few milliseconds, and gives the same result as if the counts had arrived in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from mekong.streams.core.spikes.series.past import Past
from mekong.streams.core.spikes.statistics.model import FLAT, Model, Outlook
from mekong.streams.core.spikes.statistics.shape import SHAPES, Row, Shape
from mekong.streams.core.spikes.statistics.verdict import Open, Verdict, critical, judge

Rows = Callable[[int], Row]
"""The regressors of a bucket. Equal objects give equal rows."""
Read = Callable[[str], Any]
"""A stored part by its name: ``closed``, ``old``."""
FORMAT = 1


class Series:
    """The counts of the guard band, which are judged. The past before the guard band is read when it is needed."""

    def __init__(self, shape: Shape, newest: int, recent: list[int], band: Open, past: Callable[[], Past]) -> None:
        self.shape, self.recent, self.band, self._past = shape, recent, band, past
        self.newest = newest
        """The bucket that is open."""
        self.oldest_open = newest - len(recent) + 1
        """The first bucket of the guard band."""
        self.dirty: set[int] = set()
        self.is_touched = False
        """Whether more than the guard band has changed since it was read."""
        self._critical: dict[tuple[int, float], int] = {}

    @classmethod
    def begin(
        cls, shape: Shape, first: int, rows: Rows, history: Mapping[int, int] | None = None, level: tuple[float, float] = FLAT
    ) -> Series:
        """A series whose newest bucket is ``first``. ``history`` (bucket -> count) is before it, and is learnt without verdicts."""
        start = min(history, default=first) if history else first
        past = Past.begin(shape, start, Model.begin(shape, level))
        found = cls(shape, start, [0], Open(Outlook([], [], []), 1.0, []), lambda: past)
        for bucket in range(start, first):
            found.recent[-1] = (history or {}).get(bucket, 0)
            found.open_next(rows)
        found.is_touched = True
        found.look_ahead(rows, ())
        return found

    @classmethod
    def from_stored(cls, now: dict[str, Any], read: Read) -> Series:
        """A series from what ``stored`` returned; ``read`` returns the other parts. Raises ValueError for an unknown format."""
        if now["f"] != FORMAT:
            raise ValueError(f"a series of format {now['f']}; this code knows {FORMAT}")
        shape = SHAPES[now["shape"]]
        band = Open(Outlook(now["mu"], now["q"], now["wide"]), now["phi"], now["shares"])
        found = cls(shape, now["newest"], now["counts"], band, lambda: Past.from_stored(shape, read("closed"), lambda: read("old")))
        found.dirty = set(now["dirty"])
        found._critical = {(bucket, p): count for bucket, p, count in now["critical"]}
        return found

    def stored(self) -> dict[str, dict[str, Any]]:
        """The series as plain JSON values: ``now`` changes with each event; ``closed`` and ``old`` are there when they changed."""
        outlook, dispersion, shares = self.band
        found = {
            "now": {
                "f": FORMAT,
                "shape": self.shape.name,
                "newest": self.newest,
                "counts": self.recent,
                "mu": outlook.means,
                "q": outlook.log_variances,
                "wide": outlook.wide,
                "phi": dispersion,
                "shares": shares,
                "dirty": sorted(self.dirty),
                "critical": [[*key, count] for key, count in self._critical.items()],
            }
        }
        if self.is_touched:
            found["closed"] = self.past.stored()
            if self.past.is_turned and self.shape.keep:
                found["old"] = self.past.stored_old()
        return found

    @cached_property
    def past(self) -> Past:
        """The buckets before the guard band. They are read when a bucket closes, because most runs need only the band."""
        return self._past()

    @property
    def start(self) -> int:
        """The first bucket that can be corrected."""
        return self.past.start

    @property
    def counts(self) -> list[int]:
        """The counts from ``start`` to the newest bucket."""
        return [*self.past.counts, *self.recent]

    def count_of(self, bucket: int) -> int:
        """The count of a bucket of the guard band."""
        return self.recent[bucket - self.oldest_open]

    def add(self, bucket: int, count: int) -> bool:
        """Add to the count of a bucket; a negative count subtracts. False for a bucket that is too old to correct, or in the future."""
        if bucket > self.newest:
            return False
        if bucket >= self.oldest_open:
            self.recent[bucket - self.oldest_open] += count
            if bucket < self.newest:
                self._critical.clear()
            return True
        if not self.past.correct(bucket, count):
            return False
        if not self.dirty:
            self._critical.clear()
        self.dirty.add(bucket)
        self.is_touched = True
        return True

    def is_ready(self) -> bool:
        """Whether the guard band is full. Before that, nothing is judged."""
        return len(self.recent) > self.shape.guard and bool(self.band.outlook.means)

    def judge(self, bucket: int) -> Verdict:
        """Judge a bucket of the guard band: the newest by all windows that end with it, an older one alone.

        While the series is dirty, the newest is judged alone too: the model does not know the late reports, and the sum of a week may have
        some of them.
        """
        place = bucket - self.oldest_open
        return judge(self.shape, self.recent, self.band, place, alone=bool(self.dirty))._replace(bucket=bucket)

    def critical(self, bucket: int, p: float) -> int:
        """The smallest count of the bucket that is less probable than ``p``. It is cached until another bucket changes."""
        found = self._critical.get((bucket, p))
        if found is None:
            found = critical(self.shape, self.recent, self.band, bucket - self.oldest_open, p, alone=bool(self.dirty))
            self._critical[bucket, p] = found
        return found

    def close(self, rows: Rows, shares: Sequence[float]) -> None:
        """Open the next bucket, and learn the oldest bucket of the guard band. ``shares`` as in ``look_ahead``."""
        self.open_next(rows)
        self.look_ahead(rows, shares)

    def open_next(self, rows: Rows) -> None:
        """As ``close``, but without ``look_ahead``, for when another bucket opens at once."""
        self.is_touched = True
        self.newest += 1
        self.recent.append(0)
        if len(self.recent) > self.shape.guard + 1:
            self.past.learn(self.recent.pop(0), rows(self.oldest_open))
            self.oldest_open += 1

    def relearn(self, rows: Rows) -> list[Verdict]:
        """Learn the corrected past again, in order. Returns verdicts on the dirty buckets, as if their counts had arrived in time."""
        guard, found = self.shape.guard, []
        if not self.dirty:
            return []
        counts, start = self.counts, self.start

        def look(bucket: int, model: Model) -> None:
            judged = bucket + guard
            if judged in self.dirty:
                band = Open(model.forecast(_matrix(rows, bucket, judged)), model.dispersion, [1.0] * (guard + 1))
                found.append(judge(self.shape, counts[bucket - start : judged - start + 1], band, guard)._replace(bucket=judged))

        self.past.again(min(self.dirty) - guard, rows, look)
        self.is_touched = True
        self.dirty.clear()
        return found

    def look_ahead(self, rows: Rows, shares: Sequence[float]) -> None:
        """Forecast the guard band. ``shares``: the share of reports that should have arrived, the newest bucket first; default 1."""
        complete = [*shares, *[1.0] * len(self.recent)][: len(self.recent)]
        model = self.past.model
        self.band = Open(model.forecast(_matrix(rows, self.oldest_open, self.newest)), model.dispersion, complete[::-1])
        self._critical.clear()


@lru_cache(maxsize=4_096)
def _matrix(rows: Rows, first: int, last: int) -> Row:
    """The regressors of consecutive buckets. It has a cache, because many series need the same ones."""
    found = np.array([rows(bucket) for bucket in range(first, last + 1)])
    found.flags.writeable = False
    return found
