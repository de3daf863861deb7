"""Receipts of one agency in, the health of its feed out: rejections, silence, codes that keep failing, and the delay of its reports. Pure.

It needs nothing but the receipts, so the agency can compute it with its own rights. It compares an agency with its own past only. Tests
of the connection do not count. The weekly summary has the same from counts that intake has made (``health_of``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from math import ceil
from typing import NamedTuple

from mekong.schemas.feed_counts import Failing, FeedCounts
from mekong.schemas.receipts import Receipt
from mekong.schemas.record import Moment, Record
from mekong.schemas.rejected import Reason
from mekong.schemas.times import ms_of

RECENT = timedelta(days=7)
BEFORE = timedelta(days=28)
"""The days before the recent ones that they are compared with."""
HABIT_DAYS = 90
"""The days before the last receipt that show how often the agency sends."""
LOOKS_BACK = timedelta(days=180)
"""Older receipts change nothing. A longer silence is not a silence any more: the agency has ended."""
_MORE_REJECTED, _TIMES_REJECTED = 5, 2
_SENDING_DAYS = 5
_FAILS = 3
_MOST_FAILING = 5


class Share(Record):
    """Messages of some days, and how many of them were rejected."""

    messages: int = 0
    rejected: int = 0

    @property
    def part(self) -> float:
        """The rejected part of all, from 0 to 1."""
        return self.rejected / self.messages if self.messages else 0.0


class Delay(Record):
    """Days from the seizure to the first report, of the cases of the last 35 days of which the day of the seizure is known."""

    cases: int
    half: int
    """Half of the cases arrived within so many days."""
    most: int
    """Nine of ten arrived within so many days."""


class FeedHealth(Record):
    """How an agency's feed is, at one moment."""

    at: Moment
    recent: Share
    before: Share
    rejections_rise: bool
    """At least twice the rejected part of the 28 days before, and five messages more than that part would be."""
    last_at: Moment | None = None
    """When the last message was received; None when none was in ``LOOKS_BACK``."""
    silent_days: int = 0
    usual_days: int | None = None
    """Nine of ten pauses between two days of sending were not longer; None for an agency that sent on too few days."""
    is_silent: bool = False
    """Silent for more than twice the usual pause."""
    failing: tuple[Failing, ...] = ()
    delay: Delay | None = None

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look at it."""
        return not (self.rejections_rise or self.is_silent or self.failing)


class Feed(NamedTuple):
    """What the health of a feed is computed from."""

    recent: FeedCounts
    before: FeedCounts
    days: Sequence[date]
    """The days with a message in ``LOOKS_BACK``, in order."""
    last_at: datetime | None


def feed_health(receipts: Iterable[Receipt], now: datetime) -> FeedHealth:
    """The health of one agency's feed at ``now``, by its receipts in any order.

    A receipt after ``now`` is recent: the receipts have the broker's time, and the clock of this machine may be behind.
    """
    recent, before = FeedCounts(), FeedCounts()
    days: set[date] = set()
    last_at: datetime | None = None
    for one in receipts:
        if one.reason is Reason.TEST_MESSAGE or one.received_at < now - LOOKS_BACK:
            continue
        days.add(one.received_at.astimezone(UTC).date())
        last_at = max(last_at or one.received_at, one.received_at)
        if one.received_at > now - RECENT:
            recent.add(vars(one), ms_of(one.received_at))
        elif one.received_at > now - RECENT - BEFORE:
            before.add(vars(one), ms_of(one.received_at))
    return health_of(Feed(recent, before, sorted(days), last_at), now, now.astimezone(UTC).date())


def health_of(feed: Feed, now: datetime, today: date) -> FeedHealth:
    """The health of a feed at ``now``, on the day ``today``."""
    recent, before = _share(feed.recent), _share(feed.before)
    usual = _usual_pause(feed.days)
    silent = max(0, (today - feed.days[-1]).days) if feed.days else 0
    both = FeedCounts()
    both.merge(feed.before)
    both.merge(feed.recent)
    return FeedHealth(
        at=now,
        recent=recent,
        before=before,
        rejections_rise=_rises(recent, before),
        last_at=feed.last_at,
        silent_days=silent,
        usual_days=usual,
        is_silent=usual is not None and silent > 2 * usual,
        failing=_failing(both),
        delay=_delay(both),
    )


def _share(counts: FeedCounts) -> Share:
    return Share(messages=counts.messages, rejected=counts.rejected)


def _rises(now: Share, before: Share) -> bool:
    if not before.messages:
        return False
    more = now.rejected - before.part * now.messages
    return more >= _MORE_REJECTED and now.part >= _TIMES_REJECTED * before.part


def _usual_pause(days: Sequence[date]) -> int | None:
    """The days that nine of ten pauses between two days of sending do not exceed."""
    if not days:
        return None
    days = [day for day in days if (days[-1] - day).days <= HABIT_DAYS]
    if len(days) < _SENDING_DAYS:
        return None
    return _nine_of_ten([(after - before).days for before, after in pairwise(days)])


def _failing(counts: FeedCounts) -> tuple[Failing, ...]:
    """The codes that were rejected most often, of those that were rejected three times or more."""
    often = [(code, times) for code, times in counts.failing.items() if times.times >= _FAILS]
    often.sort(key=lambda found: (-found[1].times, *found[0]))
    return tuple(Failing.model_validate(code._asdict() | times._asdict()) for code, times in often[:_MOST_FAILING])


def _delay(counts: FeedCounts) -> Delay | None:
    """The cases are sorted by their days; ``half`` is the days of the middle one."""
    cases = sum(counts.delays.values())
    if not cases:
        return None
    return Delay(cases=cases, half=_within(counts.delays, (cases + 1) // 2), most=_within(counts.delays, ceil(0.9 * cases)))


def _within(delays: Mapping[int, int], cases: int) -> int:
    """The days within which so many cases arrived."""
    return next(
        days for days, so_far in zip(sorted(delays), accumulate(delays[one] for one in sorted(delays)), strict=True) if so_far >= cases
    )


def _nine_of_ten(numbers: Sequence[int]) -> int:
    return sorted(numbers)[ceil(0.9 * len(numbers)) - 1]
