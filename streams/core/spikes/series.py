"""One series at one bucket size: counts in, verdicts out, and the state that it needs between two runs.

    start            learnt          guard band
      |  c c c c c c c c c c c c c  |  c  c  c  |   -> time
    base                        model         newest (open)

``base`` has learnt what lies before ``start``, ``model`` all up to the guard band. A count behind the guard band that changes makes
the series dirty: it is learnt again from ``base``, which takes some milliseconds, and gives what it would have been in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from streams.core.spikes.model import FLAT, Forecast, Model, Outlook
from streams.core.spikes.shape import SHAPES, Row, Shape
from streams.core.spikes.verdict import Open, Verdict, critical, judge

Rows = Callable[[int], Row]
"""The regressors of a bucket."""
FORMAT = 1


class Series:
    """Counts by bucket, what has been learnt of them, and the newest buckets under judgement."""

    def __init__(self, shape: Shape, start: int, counts: list[int], models: Callable[[], tuple[Model, Model]], band: Open) -> None:
        self.shape, self.start, self.counts, self.band = shape, start, counts, band
        self._models = models
        self.dirty: set[int] = set()
        self.is_touched = False
        """Whether more than the guard band has changed since it was read."""
        self._critical: dict[tuple[int, float], int] = {}

    @classmethod
    def begin(
        cls, shape: Shape, first: int, rows: Rows, history: Mapping[int, int] | None = None, level: tuple[float, float] = FLAT
    ) -> Series:
        """A series whose newest bucket is ``first``. ``history`` (bucket -> count) lies before it and is learnt silently."""
        start = min(history, default=first) if history else first
        counts = [(history or {}).get(bucket, 0) for bucket in range(start, first)] + [0]
        base = Model.begin(shape, level)
        found = cls(shape, start, counts, lambda: (base, base), Open(Outlook([], []), 1.0, []))
        found.relearn(rows)
        found.trim(rows)
        found.look_ahead(rows, ())
        return found

    @classmethod
    def from_stored(cls, closed: dict[str, Any], now: dict[str, Any]) -> Series:
        """Read what ``stored`` gave. Raises ValueError for a format this code does not know."""
        if closed["f"] != FORMAT:
            raise ValueError(f"a series of format {closed['f']}; this code knows {FORMAT}")
        shape = SHAPES[closed["shape"]]
        band = Open(Outlook([Forecast(mean, q) for mean, q in now["mu"]], now["wide"]), now["phi"], now["shares"])

        def models() -> tuple[Model, Model]:
            return Model.from_stored(shape, closed["base"]), Model.from_stored(shape, closed["model"])

        found = cls(shape, closed["start"], closed["counts"] + now["counts"], models, band)
        found.dirty = set(closed["dirty"])
        return found

    def stored(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Plain JSON values: what changes when a bucket closes or the past is corrected, and what changes with each event."""
        cut = max(0, len(self.counts) - self.shape.guard - 1)
        closed = {
            "f": FORMAT,
            "shape": self.shape.name,
            "start": self.start,
            "counts": self.counts[:cut],
            "base": self.base.stored(),
            "model": self.model.stored(),
            "dirty": sorted(self.dirty),
        }
        outlook, dispersion, shares = self.band
        mu = [list(one) for one in outlook.forecasts]
        now = {"counts": self.counts[cut:], "mu": mu, "wide": outlook.wide, "phi": dispersion, "shares": shares}
        return closed, now

    @cached_property
    def base(self) -> Model:
        """What lies before ``start``, learnt. Read when a bucket closes: most runs need only the guard band."""
        return self._models()[0]

    @cached_property
    def model(self) -> Model:
        """What lies before the guard band, learnt."""
        return self._models()[1]

    @property
    def newest(self) -> int:
        """The bucket that is open."""
        return self.start + len(self.counts) - 1

    @property
    def oldest_open(self) -> int:
        """The first bucket of the guard band."""
        return max(self.start, self.newest - self.shape.guard)

    def add(self, bucket: int, count: int) -> bool:
        """Count in a bucket (less than 0 takes out again). False when it lies before all that can still be corrected, or ahead."""
        place = bucket - self.start
        if not 0 <= place < len(self.counts):
            return False
        self.counts[place] += count
        if bucket < self.oldest_open:
            if not self.dirty:
                self._critical.clear()
            self.dirty.add(bucket)
            self.is_touched = True
        elif bucket < self.newest:
            self._critical.clear()
        return True

    def is_ready(self) -> bool:
        """Whether the guard band is full: nothing is judged before."""
        return len(self.counts) > self.shape.guard and bool(self.band.outlook.forecasts)

    def judge(self, bucket: int) -> Verdict:
        """The newest bucket by all windows that end with it; an older one of the guard band by itself alone.

        While the series is dirty the newest too: what has been learnt lacks what has just come, and a week's sum holds some of it.
        """
        first = self.oldest_open
        return judge(self.shape, self.counts[first - self.start :], self.band, bucket - first, alone=bool(self.dirty))._replace(
            bucket=bucket
        )

    def critical(self, bucket: int, p: float) -> int:
        """The smallest count of the bucket that is less probable than ``p``; known without work until another bucket changes."""
        found = self._critical.get((bucket, p))
        if found is None:
            first = self.oldest_open
            counts, alone = self.counts[first - self.start :], bool(self.dirty)
            found = self._critical[bucket, p] = critical(self.shape, counts, self.band, bucket - first, p, alone=alone)
        return found

    def close(self, rows: Rows, shares: Sequence[float]) -> None:
        """The next bucket opens; the oldest of the guard band is learnt. ``shares`` as ``look_ahead`` takes them."""
        self.is_touched, leaving = True, self.oldest_open
        self.counts.append(0)
        if self.newest - leaving > self.shape.guard:
            self.model.learn(self.counts[leaving - self.start], rows(leaving))
        self.trim(rows)
        self.look_ahead(rows, shares)

    def relearn(self, rows: Rows) -> list[Verdict]:
        """Learn from ``base`` again, in order. Returns the verdicts on the dirty buckets, as if their counts had been there in time."""
        model, guard, found = self.base.copy(), self.shape.guard, []
        for place in range(max(0, len(self.counts) - guard - 1) + 1):
            judged = self.start + place + guard
            if judged in self.dirty and judged < self.newest:
                span = range(self.start + place, judged + 1)
                band = Open(model.forecast(map(rows, span)), model.dispersion, [1.0] * (guard + 1))
                found.append(judge(self.shape, self.counts[place : place + guard + 1], band, guard)._replace(bucket=judged))
            if place < len(self.counts) - guard - 1:
                model.learn(self.counts[place], rows(self.start + place))
        self.model, self.is_touched = model, True
        self.dirty.clear()
        return found

    def trim(self, rows: Rows) -> None:
        """Let ``base`` follow: counts older than ``keep`` buckets are final."""
        most = self.shape.keep + self.shape.guard + 1
        while len(self.counts) > most:
            self.base.learn(self.counts.pop(0), rows(self.start))
            self.start += 1

    def look_ahead(self, rows: Rows, shares: Sequence[float]) -> None:
        """Forecast the guard band. ``shares`` are those of reports that should be in, the newest bucket first; 1 where there are none."""
        span = range(self.oldest_open, self.newest + 1)
        complete = [*shares, *[1.0] * len(span)][: len(span)]
        self.band = Open(self.model.forecast(map(rows, span)), self.model.dispersion, complete[::-1])
        self._critical.clear()
