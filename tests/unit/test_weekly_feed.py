"""Share tells each member how its own feed was, once, with the first hour of a week by its own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from mekong.schemas.feed_counts import FeedCounts
from mekong.schemas.notifications import Shared
from mekong.schemas.times import to_text
from mekong.streams.core.draft import MOST_BYTES
from tests.unit.sharing import LA, VN, World, registered, tick

MONDAY = date(2026, 5, 4)
"""Of the first week."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Clock:
    """A member's ticks, by its local time."""

    def __init__(self, offset="+07:00", agency=VN):
        self.world, self.offset, self.agency = World(), datetime.fromisoformat(f"2026-01-01T00:00{offset}").utcoffset(), agency
        self.world.journal(registered(agency, received="2026-04-01T00:00:00.000Z", offset=offset))

    def at(self, days, **more):
        """An instant, so long after the Monday of the first week in the member's own time."""
        return datetime.combine(MONDAY, datetime.min.time(), UTC) - self.offset + timedelta(days=days, **more)

    def tick(self, days, feed=None, **more):
        """Tick; returns what is said of the feed, None when nothing is."""
        at = self.at(days, **more)
        entry = tick(self.agency, to_text(at))
        if feed is not None:
            found = FeedCounts.of({"last_at": to_text(at), "rejected": 0, **feed})
            entry["feed"] = found.stored()
        told = [Shared.model_validate(shared) for member, shared in self.world.journal(entry) if shared["kind"] == "hour"]
        assert len(told) <= 1
        return told[0].feed if told else None


def sends(messages, rejected=0, **more):
    return {"messages": messages, "rejected": rejected, **more}


def order(clock, action, day):
    found = {"action": action, "agency": VN}
    clock.world.journal({"kind": "source", "format": 1, "agency": VN, "received_at": to_text(clock.at(day)), "order": found})


def passes(clock, day):
    at = to_text(clock.at(day))
    return clock.world.journal({"kind": "time", "format": 1, "agency": "EXCHANGE", "at": at, "received_at": at})


def two_weeks(clock):
    """Counting begins on the first Tuesday; messages each day until the end of the second week."""
    for day in range(1, 14):
        clock.tick(day)
        clock.tick(day, sends(10, 1), minutes=1)
    return clock


def test_the_first_hour_of_a_week_tells_the_figures_of_the_week_that_ended_beside_those_before():
    clock = two_weeks(Clock())
    clock.tick(13, sends(5, 4), hours=23, minutes=59)
    found = clock.tick(14, sends(3, 3))  # what arrived before the tick at midnight belongs to the week that ends
    assert (found.recent.messages, found.recent.rejected) == (78, 14)
    assert (found.before.messages, found.before.rejected) == (60, 6)
    assert (found.at, found.silent_days, found.usual_days) == (clock.at(14), 1, 1)
    assert clock.tick(14, hours=1) is None
    assert clock.tick(20, hours=23) is None
    again = clock.tick(21, sends(1), hours=2)
    assert (again.recent.messages, again.before.messages) == (1, 138)


def test_the_week_in_which_counting_began_is_not_told():
    clock = Clock()
    clock.tick(3, sends(10))
    assert clock.tick(7) is None
    assert clock.tick(14).recent.messages == 0


def test_a_member_that_never_sent_a_message_is_told_nothing():
    clock = Clock()
    assert [clock.tick(day) for day in range(50)] == [None] * 50


def test_a_week_without_messages_is_told_as_one_and_a_habit_of_sending_makes_it_silence():
    clock = two_weeks(Clock())
    clock.tick(14)
    found = clock.tick(21)
    assert (found.recent.messages, found.before.messages) == (0, 130)
    assert (found.silent_days, found.is_silent) == (8, True)


def test_a_member_that_has_ended_long_ago_has_no_last_message():
    clock = two_weeks(Clock())
    told = [clock.tick(day) for day in range(14, 200)]
    assert [one for one in told if one][-1].last_at is None


@pytest.mark.parametrize("offset", ["+05:45", "-09:30", "+14:00", "-11:00"])
def test_a_week_ends_at_midnight_of_the_members_own_clock(offset):
    clock = two_weeks(Clock(offset))
    assert clock.tick(13, hours=23, minutes=59) is None
    assert clock.tick(14).recent.messages == 70


def test_a_clock_that_was_stopped_over_weeks_tells_the_week_that_ended_last():
    clock = two_weeks(Clock())
    found = clock.tick(30, sends(500))
    assert (found.recent.messages, found.before.messages) == (0, 630)  # all that came while it stood is in the week of its last tick


def test_the_weeks_of_a_pause_are_not_told_afterwards():
    clock = two_weeks(Clock())
    order(clock, "park", 14)
    told = [shared for day in range(14, 30) for _, shared in passes(clock, day)]
    assert {shared["kind"] for shared in told} == {"hour"}
    assert not [shared for shared in told if "feed" in shared]
    order(clock, "read", 30)
    assert [clock.tick(day, sends(1)) for day in range(14, 30)] == [None] * 16
    found = clock.tick(35)  # the backlog is in its own weeks
    assert (found.recent.messages, found.before.messages) == (2, 144)
    assert found.silent_days == 6


def test_the_backlog_of_a_parked_member_raises_no_alarm_about_the_week_after_it():
    clock = two_weeks(Clock())
    order(clock, "park", 14)
    for day in range(14, 36):
        passes(clock, day)
    order(clock, "read", 36)
    for day in range(14, 36):
        clock.tick(day, sends(10, 9 if day < 28 else 1), hours=12)
    for day in range(36, 42):
        clock.tick(day, sends(10, 1), hours=12)
    found = clock.tick(42)
    assert (found.recent.messages, found.recent.rejected) == (70, 7)
    assert (found.before.messages, found.before.rejected) == (280, 140)
    assert not found.rejections_rise


def test_a_week_older_than_those_kept_is_not_counted_and_takes_no_place():
    clock = Clock()
    for week in range(6, 12):
        clock.tick(7 * week)
        clock.tick(7 * week, sends(week), hours=12)
    before = dict(clock.world.state)
    for day in (0, 7, 28, 36):
        clock.tick(day, sends(1_000))
    stored = {key for key, value in clock.world.state.items() if key.startswith(b"feed/") and value != before.get(key)}
    assert stored == {f"feed/{VN}".encode()}  # the days alone
    assert {key for key in before if key.startswith(b"feed/")} == {key for key in clock.world.state if key.startswith(b"feed/")}
    found = clock.tick(7 * 12)
    assert (found.recent.messages, found.before.messages, found.silent_days) == (11, 7 + 8 + 9 + 10, 7)


def test_each_member_has_its_own_figures():
    clock = two_weeks(Clock())
    clock.world.journal(registered(LA))
    clock.agency = LA
    assert [clock.tick(day) for day in range(1, 15)] == [None] * 14
    assert not [key for key in clock.world.state if b"feed/LA" in key]


def test_the_state_of_a_feed_does_not_grow():
    clock = Clock()
    codes = [
        {"field": f"lines.{number}", "detail": "ก" * 300 + str(number), "times": 1, "last_at": "2026-05-03T00:00:00.000Z"}
        for number in range(20)
    ]
    sizes, keys = [], []
    for day in range(400):
        clock.tick(day, sends(9, failing=[{**one, "detail": f"{day} {one['detail']}"} for one in codes], delays={str(day): 1, "7": 2}))
        stored = {key: value for key, value in clock.world.state.items() if key.startswith(b"feed/")}
        sizes.append(max(map(len, stored.values())))
        keys.append(len(stored))
    assert max(keys) == 6
    assert max(sizes[200:]) <= max(sizes[:200]) + 100 < MOST_BYTES / 5
