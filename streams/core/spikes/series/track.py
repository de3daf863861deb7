"""Keeps one agency's cases of one commodity group (or of all groups): their bucket size, their series, and the state of its alert.

A record counts only in buckets that are not finer than its date. Counts that the series cannot use (another precision, days before it
began) are kept next to it as sparse counts. So the bucket size can be changed, and a history can be learnt later.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mekong.streams.core.spikes.rules import SeriesRules
from mekong.streams.core.spikes.series import sparse
from mekong.streams.core.spikes.series.calendar import Calendar
from mekong.streams.core.spikes.series.completeness import shares_at_close
from mekong.streams.core.spikes.series.fitting import LEAST_HISTORY, days_in, fitting, start_of
from mekong.streams.core.spikes.series.hysteresis import Standing
from mekong.streams.core.spikes.series.memory import Memory
from mekong.streams.core.spikes.series.regressors import Regressors
from mekong.streams.core.spikes.series.series import Read, Series
from mekong.streams.core.spikes.series.spans import days_of, number_of
from mekong.streams.core.spikes.statistics.model import FLAT
from mekong.streams.core.spikes.statistics.shape import DAY, Shape, Size
from mekong.streams.core.spikes.statistics.verdict import Verdict

FORMAT = 1
PARTS = ("now", "events", "closed", "old")
"""The parts that ``stored`` returns when they changed."""
_KEPT_DAYS = DAY.keep


class Closed(NamedTuple):
    """A bucket that has closed: its last verdict, and the evidence so far."""

    verdict: Verdict
    evidence: float


class Track:
    """Series, sparse counts, events and standing of one group. ``since`` is the agency's first day in the exchange."""

    def __init__(self, since: int, calendar: Calendar, rules: SeriesRules, *, is_network: bool = False) -> None:
        self.since, self.calendar, self.rules, self.is_network = since, calendar, rules, is_network
        self.series: Series | None = None
        self.origin = 0
        self.days: sparse.Counts = {}
        self.months: sparse.Counts = {}
        self.ahead: sparse.Counts = {}
        self.known = [0, 0]
        self._memory: Memory | None = Memory()
        self.standing = Standing()
        self.evidence = 1.0
        self.has_history = False
        self.is_changed = False
        self._read: Read = _nothing

    @classmethod
    def from_stored(cls, read: Read, since: int, calendar: Calendar, rules: SeriesRules, *, is_network: bool = False) -> Track:
        """A track that reads the parts of ``stored`` when they are needed. Raises ValueError for a format this code does not know."""
        now = read("now")
        if now["f"] != FORMAT:
            raise ValueError(f"a track of format {now['f']}; this code knows {FORMAT}")
        found = cls(since, calendar, rules, is_network=is_network)
        if now["series"]:
            found.series = Series.from_stored(now["series"], read)
        found.origin, found.days, found.months, found.ahead = now["origin"], now["days"], now["months"], now["ahead"]
        found.known, found._memory, found._read = now["known"], None, read
        found.standing, found.evidence = Standing.from_stored(now["standing"]), now["evidence"]
        found.has_history = now["history"]
        return found

    def stored(self) -> dict[str, Any]:
        """The changed parts as plain JSON values: ``now`` changes with each event, the parts of the past when a bucket closes."""
        if not self.is_changed:
            return {}
        parts: dict[str, Any] = self.series.stored() if self.series else {}
        if self._memory is not None:
            parts["events"] = self._memory.stored()
        return parts | {
            "now": {
                "f": FORMAT,
                "series": parts.get("now"),
                "origin": self.origin,
                "days": sparse.in_order(self.days),
                "months": sparse.in_order(self.months),
                "ahead": sparse.in_order(self.ahead),
                "known": self.known,
                "standing": self.standing.stored(),
                "evidence": self.evidence,
                "history": self.has_history,
            },
        }

    @property
    def size(self) -> Size:
        """The size of the buckets."""
        return self.series.shape.size if self.series else "day"

    @property
    def memory(self) -> Memory:
        """The memory of the events of the guard band. It is read when an event arrives or an alert is raised."""
        if self._memory is None:
            self._memory = Memory.from_stored(self._read("events"))
        return self._memory

    @property
    def is_judged(self) -> bool:
        """Whether the series has enough buckets to raise alerts, and its guard band is full."""
        series = self.series
        return series is not None and series.is_ready() and series.newest - self.origin >= series.shape.learn

    @property
    def rows(self) -> Regressors:
        """The regressors of its buckets."""
        assert self.series is not None  # noqa: S101 - only a series asks
        return Regressors(self.series.shape, self.calendar)

    def count(self, day: int, *, has_day: bool, cases: int) -> int | None:
        """Add ``cases`` to ``day``; a negative number subtracts. Returns the changed bucket; None when no series judges it."""
        self.is_changed = True
        self.known[0 if has_day else 1] += cases
        series, size = self.series, self.size
        if not has_day:
            sparse.add(self.months, number_of("month", day), cases)
        elif size != "day" or series is None:
            sparse.add(self.days, day, cases)
        if series is None or not (has_day or size == "month"):
            return None
        bucket = day if size == "day" else number_of(size, day)
        if bucket > series.newest:
            sparse.add(self.ahead, bucket, cases)
            return None
        if series.add(bucket, cases):
            return bucket
        if day < self.since and has_day and size == "day":
            sparse.add(self.days, day, cases)
        self.has_history = True
        return None

    def is_late(self, bucket: int) -> bool:
        """Whether a bucket has closed."""
        return self.series is not None and bucket < self.series.newest

    def stand(self, standing: Standing) -> None:
        """Set the state of the series' alert."""
        self.standing, self.is_changed = standing, True

    def wake(self, today: int) -> None:
        """Begin the series, with the bucket size that fits the cases so far."""
        if self.series is None:
            self._begin(self._fitting(today), today)

    @property
    def is_settled(self) -> bool:
        """Whether ``repair`` has nothing to do."""
        return self.series is None or not (self.has_history or self.series.dirty)

    def repair(self, delays: dict[str, Any], today: int) -> list[Verdict]:
        """Learn corrected counts and a history that has arrived. Returns the new verdicts on the corrected buckets."""
        series = self.series
        if series is None or self.is_settled:
            return []
        self.is_changed = True
        if self.has_history:
            self.has_history = False
            if series.start == self.origin and sum(n for day, n in self.days.items() if int(day) < self.since) >= LEAST_HISTORY:
                self._begin(series.shape, today)
                return []
        found = series.relearn(self.rows)
        series.look_ahead(self.rows, shares_at_close(delays, self.size))
        first = max(number_of(self.size, self.since), self.origin + series.shape.learn)
        return [verdict for verdict in found if verdict.bucket >= first]

    def close(self, delays: dict[str, Any], today: int) -> list[Closed]:
        """Move the time to ``today``. Returns the buckets that are over, the oldest first."""
        series, size = self.series, self.size
        newest = number_of(size, today)
        if series is None or series.newest >= newest:
            return []
        self.is_changed = True
        found: list[Closed] = []
        rows, complete, first = self.rows, shares_at_close(delays, size), number_of(size, self.since)
        while series.newest < newest:
            if self.is_judged and series.newest >= first:
                verdict = series.judge(series.newest)
                self.evidence = max(self.evidence, 1.0) * verdict.evidence
                found.append(Closed(verdict, self.evidence))
            series.close(rows, complete)
            series.add(series.newest, self.ahead.pop(str(series.newest), 0))
        self._forget(series)
        return found

    def choose(self, today: int) -> None:
        """Change the bucket size if another one fits better, but not while an alert is open."""
        if self.series is not None and self.standing.opened is None:
            shape = self._fitting(today)
            if shape is not self.series.shape:
                self._begin(shape, today)

    def _fitting(self, today: int) -> Shape:
        current = self.size if self.series is not None else None
        return fitting((self.known[0], self.known[1]), self._by_day(), self.since, today, current, self.rules)

    def _begin(self, shape: Shape, today: int) -> None:
        """Begin a series of another shape or with more history, from all counts of the past."""
        self.is_changed = True
        counts, newest = self._by_day(), number_of(shape.size, today)
        months = sparse.by_month(self.months, counts) if shape.size == "month" else {}
        found: dict[int, int] = dict(months)
        if not months:
            for day, cases in counts.items():
                found[number_of(shape.size, day)] = found.get(number_of(shape.size, day), 0) + cases
        self.ahead = {str(bucket): cases for bucket, cases in found.items() if bucket > newest}
        first = number_of(shape.size, self.since)
        history = {bucket: cases for bucket, cases in found.items() if bucket < newest and bucket >= start_of(found, first)}
        history.setdefault(min(first, newest), 0)
        level = FLAT if self.is_network else self.rules.prior.level(days_in(shape))  # the prior is of one agency
        history = {bucket: cases for bucket, cases in history.items() if bucket < newest}
        self.series = Series.begin(shape, newest, Regressors(shape, self.calendar), history, level)
        self.origin = self.series.start
        self.days = {str(day): n for day, n in counts.items() if n and self._is_beside(day, today)}
        self.series.add(newest, found.get(newest, 0))
        self._memory = Memory()

    def _is_beside(self, day: int, today: int) -> bool:
        """Whether a day's cases are kept next to the series: it begins later, or another bucket size may need them."""
        return day < self.origin if self.size == "day" else day > today - _KEPT_DAYS

    def _by_day(self) -> dict[int, int]:
        """Cases by day, of all cases whose day is known."""
        counts = sparse.numbers(self.days)
        if self.series is not None and self.size == "day":
            for day, cases in [*enumerate(self.series.counts, self.series.start), *sparse.numbers(self.ahead).items()]:
                if cases:
                    counts[day] = counts.get(day, 0) + cases
        return counts

    def _forget(self, series: Series) -> None:
        """Remove events and days that are not needed any more."""
        self.memory.drop_before(series.oldest_open)
        oldest = min(days_of(self.size, series.newest)[1] - _KEPT_DAYS, self.since)
        for day in [day for day in self.days if int(day) < oldest]:
            del self.days[day]


def _nothing(name: str) -> None:
    """Read nothing, because a new track has no stored parts."""
