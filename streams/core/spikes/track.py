"""One agency's cases of one commodity group (or of all): which bucket suits them, their series, and where its alert stands.

A record counts only in buckets at least as coarse as its date. What the series cannot take (another precision, days before it
began) is kept beside it as sparse counts, so that the bucket can be changed and a history be learnt.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from schemas.alerts import MOST_EVENTS
from streams.core.spikes.calendar import Calendar
from streams.core.spikes.completeness import shares
from streams.core.spikes.hysteresis import Standing
from streams.core.spikes.model import FLAT
from streams.core.spikes.rules import SeriesRules
from streams.core.spikes.series import Series, Verdict
from streams.core.spikes.shape import DAY, SHAPES, WEEK, WEEKDAYS, Row, Shape, Size
from streams.core.spikes.spans import days_of, number_of

FORMAT = 1
LEAST_HISTORY = 20
"""Cases before an agency's first day that make a history; fewer are stray old cases."""
_STRAY = 0.05  # of a history's cases, the oldest: one mistyped year is no history
_BACK = 1.5  # a series goes back to days at so many times the mean that sent it to weeks
_LOOK_BACK = 182  # days that the choice of the bucket looks at
_KEPT_DAYS = DAY.keep
_MOST_TRAITS = 40  # values of one property in one bucket; what most events share is among the first
Traits = dict[str, dict[str, int]]
"""Property -> value -> events with it."""


class Closed(NamedTuple):
    """A bucket that time has closed: the last look at it, and the evidence so far."""

    verdict: Verdict
    evidence: float


class Behind(NamedTuple):
    """What is remembered of the events behind an alert: ids, the newest bucket's first, how many were late, and their properties."""

    events: list[str]
    late: int
    traits: Traits


class Track:
    """Series, sparse counts, events and standing of one group. ``since`` is the agency's first day in the exchange."""

    def __init__(self, since: int, calendar: Calendar, rules: SeriesRules, *, is_network: bool = False) -> None:
        self.since, self.calendar, self.rules, self.is_network = since, calendar, rules, is_network
        self.series: Series | None = None
        self.origin = 0
        self.days: dict[int, int] = {}
        self.months: dict[int, int] = {}
        self.ahead: dict[int, int] = {}
        self.known = [0, 0]
        self.events: dict[int, list[str]] = {}
        self.late: dict[int, int] = {}
        self.traits: dict[int, Traits] = {}
        self.standing = Standing()
        self.evidence = 1.0
        self.has_history = False
        self.is_changed = False

    @classmethod
    def from_stored(cls, stored: dict[str, Any], since: int, calendar: Calendar, rules: SeriesRules, *, is_network: bool = False) -> Track:
        """Read what ``stored`` gave. Raises ValueError for a format this code does not know."""
        closed, now = stored["closed"], stored["now"]
        if now["f"] != FORMAT:
            raise ValueError(f"a track of format {now['f']}; this code knows {FORMAT}")
        found = cls(since, calendar, rules, is_network=is_network)
        if closed["series"]:
            found.series = Series.from_stored(closed["series"], now["series"])
        found.origin = closed["origin"]
        found.days, found.months, found.ahead = _numbers(now["days"]), _numbers(now["months"]), _numbers(now["ahead"])
        found.known, found.late = now["known"], _numbers(now["late"])
        found.events = {int(bucket): ids for bucket, ids in now["events"].items()}
        found.traits = {int(bucket): traits for bucket, traits in now["traits"].items()}
        found.standing, found.evidence = Standing.from_stored(now["standing"]), now["evidence"]
        found.has_history = now["history"]
        return found

    def stored(self) -> dict[str, Any]:
        """Plain JSON values of what changed: ``closed`` with a closed bucket or a corrected past, ``now`` with each event."""
        if not self.is_changed:
            return {}
        closed, now = self.series.stored() if self.series else (None, None)
        found: dict[str, Any] = {
            "now": {
                "f": FORMAT,
                "series": now,
                "days": _texts(self.days),
                "months": _texts(self.months),
                "ahead": _texts(self.ahead),
                "known": self.known,
                "events": {str(bucket): ids for bucket, ids in sorted(self.events.items())},
                "late": _texts(self.late),
                "traits": {str(bucket): traits for bucket, traits in sorted(self.traits.items())},
                "standing": self.standing.stored(),
                "evidence": self.evidence,
                "history": self.has_history,
            },
        }
        if self.series is None or self.series.is_touched:
            found["closed"] = {"f": FORMAT, "series": closed, "origin": self.origin}
        return found

    @property
    def size(self) -> Size:
        """Of the buckets."""
        return self.series.shape.size if self.series else "day"

    @property
    def is_judged(self) -> bool:
        """Whether enough is known of the series to tell of it, and its guard band is full."""
        series = self.series
        return series is not None and series.is_ready() and series.newest - self.origin >= series.shape.learn

    def rows(self, number: int) -> Row:
        """Regressors of a bucket."""
        assert self.series is not None  # noqa: S101 - only a series asks
        return _row(self.series.shape, self.calendar, number)

    def count(self, day: int, *, has_day: bool, cases: int) -> int | None:
        """Count ``cases`` (or take out, below 0) on ``day``. Returns the bucket it went to; None when no series judges it."""
        self.is_changed = True
        self.known[0 if has_day else 1] += cases
        if not has_day:
            self._keep(self.months, number_of("month", day), cases)
        elif self.size != "day":
            self._keep(self.days, day, cases)
        series = self.series
        if series is None:
            if has_day:
                self._keep(self.days, day, cases)
            return None
        if not has_day and self.size != "month":
            return None
        bucket = number_of(self.size, day)
        if bucket > series.newest:
            self._keep(self.ahead, bucket, cases)
            return None
        if series.add(bucket, cases):
            return bucket
        if day < self.since and has_day and self.size == "day":
            self._keep(self.days, day, cases)
        self.has_history = True
        return None

    def name_event(self, bucket: int, event_id: str, features: Mapping[str, frozenset[str]] | None) -> None:
        """Remember an event of a bucket that may be judged; forget it when ``features`` is None."""
        assert self.series is not None  # noqa: S101 - a bucket was found
        ids = self.events.setdefault(bucket, [])
        if event_id in ids:
            ids.remove(event_id)
        if features is not None:
            insort(ids, event_id)  # the smallest ones: whatever order they came in, the same are kept
            del ids[MOST_EVENTS:]
        if bucket < self.series.newest:
            self.late[bucket] = max(0, self.late.get(bucket, 0) + (-1 if features is None else 1))
        traits = self.traits.setdefault(bucket, {})
        for feature, values in (features or {}).items():
            counts = traits.setdefault(feature, {})
            for value in sorted(values):
                if value in counts or len(counts) < _MOST_TRAITS:
                    counts[value] = counts.get(value, 0) + 1

    def name_events(self, bucket: int, ids: Sequence[str], traits: Traits, cases: int) -> None:
        """Remember several events at once, of which ``ids`` are the first by order of their ids."""
        assert self.series is not None  # noqa: S101 - a bucket was found
        self.events[bucket] = sorted({*self.events.get(bucket, ()), *ids})[:MOST_EVENTS]
        if bucket < self.series.newest:
            self.late[bucket] = self.late.get(bucket, 0) + cases
        kept = self.traits.setdefault(bucket, {})
        for feature, counts in sorted(traits.items()):
            total = kept.setdefault(feature, {})
            for value, count in sorted(counts.items()):
                if value in total or len(total) < _MOST_TRAITS:
                    total[value] = total.get(value, 0) + count

    def behind(self, first: int, last: int) -> Behind:
        """What is remembered of the events of a span of buckets."""
        traits: Traits = {}
        for bucket in range(first, last + 1):
            for feature, counts in self.traits.get(bucket, {}).items():
                total = traits.setdefault(feature, {})
                for value, count in counts.items():
                    total[value] = total.get(value, 0) + count
        ids = [one for bucket in range(last, first - 1, -1) for one in self.events.get(bucket, [])]
        return Behind(ids, sum(self.late.get(bucket, 0) for bucket in range(first, last + 1)), traits)

    def stand(self, standing: Standing) -> None:
        """Where the alert of the series stands now."""
        self.standing, self.is_changed = standing, True

    def wake(self, today: int) -> None:
        """Begin the series, in the bucket that suits what is known so far."""
        if self.series is None:
            self._begin(self._fitting(today), today)

    def repair(self, delays: dict[str, Any], today: int) -> list[Verdict]:
        """Learn corrected counts, and a history that came. Returns what the corrected buckets look like now."""
        series = self.series
        if series is None:
            return []
        if self.has_history:
            self.has_history = False
            if series.start == self.origin and sum(n for day, n in self.days.items() if day < self.since) >= LEAST_HISTORY:
                self._begin(series.shape, today)
                return []
        if not series.dirty:
            return []
        found = series.relearn(self.rows)
        series.look_ahead(self.rows, self._shares(delays))
        first = number_of(self.size, self.since)
        return [verdict for verdict in found if verdict.bucket >= first]

    def close(self, delays: dict[str, Any], today: int) -> list[Closed]:
        """Let time pass until ``today``: the buckets that are over, oldest first."""
        self.is_changed = True
        found: list[Closed] = []
        series = self.series
        while series is not None and series.newest < number_of(self.size, today):
            if self.is_judged and series.newest >= number_of(self.size, self.since):
                verdict = series.judge(series.newest)
                self.evidence = max(self.evidence, 1.0) * verdict.evidence
                found.append(Closed(verdict, self.evidence))
            series.close(self.rows, self._shares(delays))
            series.add(series.newest, self.ahead.pop(series.newest, 0))
        self._forget()
        return found

    def choose(self, today: int) -> None:
        """Change the bucket if another one suits better; not while an alert is open."""
        if self.series is not None and self.standing.opened is None:
            shape = self._fitting(today)
            if shape is not self.series.shape:
                self._begin(shape, today)

    def _fitting(self, today: int) -> Shape:
        if self.known[1] > self.known[0]:
            return SHAPES["month"]
        start = max(self.since, today - _LOOK_BACK)
        counts = self._by_day()
        cases, days = sum(n for day, n in counts.items() if start <= day < today), today - start
        history = [day for day in counts if day < self.since]
        if history and days < _LOOK_BACK and sum(counts[day] for day in history) >= LEAST_HISTORY:
            cases, days = cases + sum(counts[day] for day in history), today - min(history)
        mean = (self.rules.prior_shape + cases) / (self.rules.prior_rate + days)
        border = self.rules.week_below * (_BACK if self.series is not None and self.size == "week" else 1)
        return WEEK if mean < border else DAY

    def _begin(self, shape: Shape, today: int) -> None:
        """A series of another shape, or with more history; what is known of the past goes over."""
        self.is_changed = True
        counts, newest = self._by_day(), number_of(shape.size, today)
        months = self._by_month(counts) if shape.size == "month" else {}
        self.days = {} if shape.size == "day" else {day: n for day, n in counts.items() if day > today - _KEPT_DAYS}
        found: dict[int, int] = dict(months)
        if not months:
            for day, cases in counts.items():
                found[number_of(shape.size, day)] = found.get(number_of(shape.size, day), 0) + cases
        self.ahead = {bucket: cases for bucket, cases in found.items() if bucket > newest}
        first = number_of(shape.size, self.since)
        history = {bucket: cases for bucket, cases in found.items() if bucket < newest and bucket >= _start(found, first)}
        history.setdefault(min(first, newest), 0)
        level = FLAT if self.is_network else self.rules.prior.level(_length(shape))  # the prior is of one agency
        history = {bucket: cases for bucket, cases in history.items() if bucket < newest}
        self.series = Series.begin(shape, newest, lambda number: _row(shape, self.calendar, number), history, level)
        self.origin = self.series.start
        self.series.add(newest, found.get(newest, 0))
        self.events = {newest: [one for ids in self.events.values() for one in ids][-MOST_EVENTS:]} if found.get(newest) else {}
        self.late, self.traits = {}, {}

    def _by_day(self) -> dict[int, int]:
        """Cases by day, as far as days are known."""
        counts = dict(self.days)
        if self.series is not None and self.size == "day":
            for day, cases in [*enumerate(self.series.counts, self.series.start), *self.ahead.items()]:
                if cases:
                    counts[day] = counts.get(day, 0) + cases
        return counts

    def _by_month(self, days: dict[int, int]) -> dict[int, int]:
        counts = dict(self.months)
        for day, cases in days.items():
            month = number_of("month", day)
            counts[month] = counts.get(month, 0) + cases
        return counts

    def _shares(self, delays: dict[str, Any]) -> Sequence[float]:
        """Of the reports that should be in when a bucket closes, the newest first."""
        if self.size == "day":
            return shares(delays, range(DAY.guard + 1))
        if self.size == "week":
            return [sum(shares(delays, range(WEEKDAYS))) / WEEKDAYS]
        return []

    def _forget(self) -> None:
        """Drop what can no longer be judged or asked for."""
        series = self.series
        if series is None:
            return
        for kept in (self.events, self.late, self.traits):
            for bucket in [bucket for bucket in kept if bucket < series.oldest_open]:
                del kept[bucket]
        oldest = days_of(self.size, series.newest)[1] - _KEPT_DAYS
        for day in [day for day in self.days if day < min(oldest, self.since)]:
            del self.days[day]

    @staticmethod
    def _keep(counts: dict[int, int], number: int, cases: int) -> None:
        counts[number] = counts.get(number, 0) + cases
        if not counts[number]:
            del counts[number]


def _start(counts: dict[int, int], first: int) -> int:
    """The bucket that a series begins with: the agency's first, or that of its history without the stray oldest cases."""
    history = sorted(bucket for bucket in counts if bucket < first)
    total = sum(counts[bucket] for bucket in history)
    if total < LEAST_HISTORY:
        return first
    stray = 0
    for bucket in history:
        stray += counts[bucket]
        if stray > _STRAY * total:
            return bucket
    return first


def _row(shape: Shape, calendar: Calendar, number: int) -> Row:
    return shape.row(number, calendar.shares(shape.size, number) if shape.calendar else ())


def _length(shape: Shape) -> float:
    return {"day": 1.0, "week": 7.0, "month": 30.4375}[shape.size]


def _numbers(stored: dict[str, int]) -> dict[int, int]:
    return {int(number): count for number, count in stored.items()}


def _texts(counts: dict[int, int]) -> dict[str, int]:
    return {str(number): count for number, count in sorted(counts.items())}
