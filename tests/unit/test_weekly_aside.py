"""What is aside for a while is not lost for the weekly summary: a retry counts a tick, and tells a week that is not over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import TopicPartition

from mekong.schemas import wire
from mekong.schemas.aside import Aside
from mekong.schemas.settings import Settings
from mekong.schemas.times import to_text
from mekong.schemas.topics import ASIDE, JOURNAL, MEMBER_ALERTS, NOTIFICATIONS, SUBSCRIPTIONS
from mekong.streams.agents import notify, share
from mekong.streams.core.belongs import Belongs, of_entry, of_shared, of_shared_entry
from mekong.streams.core.notices import notify as notify_fold
from mekong.streams.core.notices import share as share_fold
from mekong.streams.retry import groups, take_up
from tests.fakes import written
from tests.unit.sharing import VN, registered, tick
from tests.unit.test_notify import wish
from tests.unit.test_weekly_summary import HEALTH, MAIL, SUNDAY, hour, monday

JOURNALS, SHARED = TopicPartition(JOURNAL.name, 0), TopicPartition(MEMBER_ALERTS.of(VN), 0)
FROM = datetime(2026, 5, 1, tzinfo=UTC)
"""A Friday."""


class Worker:
    """A worker; each record is a committed run."""

    def __init__(self, plan):
        self.plan, self.state, self.outputs, self.aside, self.records = plan, {}, [], [], {}

    def take(self, source, value):
        """Fold a record; returns what went out, by topic."""
        record = self.records[source, len(self.records)] = written(value, len(self.records))
        changes = {}
        return self._commit(self.plan.fold(self.state, changes, source, [record]), changes)

    def retry(self):
        """Fold again what is aside; returns what went out, by topic, and the state that changed."""
        told, before = [], dict(self.state)
        for group in groups(self.aside):
            keys = [key for one in group for key in one.keys]
            sources = [TopicPartition(one.source_topic, one.source_partition) for one in group]
            records = [self.records[source, one.source_offset] for source, one in zip(sources, group, strict=True)]
            outputs, changes = take_up(self.plan, self.state, group, keys, records)
            told += self._commit(outputs, changes)
        return told, {key for key in {*before, *self.state} if before.get(key) != self.state.get(key)}

    def _commit(self, outputs, changes):
        self.state = {key: value for key, value in {**self.state, **changes}.items() if value is not None}
        self.aside += [wire.decode(row.value, Aside) for row in outputs.get((ASIDE.name, 0), [])]
        return [(topic, wire.load(row.value)) for (topic, _), rows in outputs.items() if topic != ASIDE.name for row in rows]


def fails(*_):
    raise ValueError("a defect")


def counted(at, messages=100):
    return tick(VN, at) | {"feed": {"messages": messages, "rejected": 10, "last_at": at}}


def told_weeks(monkeypatch, bad, retried):
    """Ticks each hour over three weeks; messages in three of them. Returns the messages of each week that was told."""
    worker, told = Worker(share.plan(Settings(secret="x"))), []
    told += worker.take(JOURNALS, registered(VN, received="2026-04-30T00:00:00.000Z", offset="+00:00"))
    release = share_fold.release
    for number in range(24 * 20):
        at = to_text(FROM + timedelta(hours=number))
        monkeypatch.setattr(share_fold, "release", fails if number == bad else release)
        told += worker.take(JOURNALS, counted(at) if number in (2, 24 * 4 + 5, 24 * 5 + 5) else tick(VN, at))
        if number == retried:
            again, changed = worker.retry()
            assert again == []  # no hour and no alert is told twice
            assert {key.split(b"/")[0] for key in changed} == {b"feed", b"@aside"}
    assert len(worker.aside) == (2 if retried else 0)
    return [(shared["at"][:10], shared["feed"]["recent"]["messages"]) for _, shared in told if shared.get("feed")]


def test_a_tick_that_was_aside_is_counted_when_it_is_retried(monkeypatch):
    assert told_weeks(monkeypatch, None, None) == [("2026-05-11", 200), ("2026-05-18", 0)]
    assert told_weeks(monkeypatch, 24 * 5 + 5, 24 * 6) == [("2026-05-11", 200), ("2026-05-18", 0)]


def test_a_tick_that_is_retried_in_a_later_week_is_counted_in_its_own(monkeypatch):
    assert told_weeks(monkeypatch, 24 * 5 + 5, 24 * 11) == [("2026-05-11", 100), ("2026-05-18", 0)]


@pytest.fixture
def desk(monkeypatch):
    """Notify set aside the hour record that tells the week, and its code is mended since."""
    worker = Worker(notify.plan(Settings(secret="x")))
    worker.take(TopicPartition(SUBSCRIPTIONS.name, 0), wish(channel=MAIL))
    for one in (hour(SUNDAY), hour(SUNDAY + 11)):
        worker.take(SHARED, one)
    monkeypatch.setattr(notify_fold, "keep", fails)
    worker.take(SHARED, monday())
    monkeypatch.undo()
    assert len(worker.aside) == 1
    return worker


def test_a_week_that_was_aside_is_told_when_it_is_retried_before_it_is_due(desk):
    desk.take(SHARED, hour(1))
    assert desk.retry()[0] == []
    ((topic, told),) = desk.take(SHARED, hour(8))
    assert (topic, told["reason"], told["items"][0]["figures"]["recent"]) == (NOTIFICATIONS.name, "weekly", HEALTH["recent"])


def test_a_week_that_is_retried_a_week_later_does_not_hide_the_week_after_it(desk):
    newer = HEALTH | {"recent": {"messages": 5, "rejected": 0}}
    desk.take(SHARED, hour(8))
    desk.take(SHARED, monday(7 * 24, newer))
    assert desk.retry()[0] == []
    ((_, told),) = desk.take(SHARED, hour(7 * 24 + 8))
    assert (told["reason"], told["items"][0]["figures"]["recent"]) == ("weekly", newer["recent"])


def test_an_hour_that_is_retried_does_not_bring_back_the_offset_of_before(desk):
    changed = {"utc_offset": "+06:00"}  # by which the week would end a day later
    desk.take(SHARED, hour(2) | changed)
    before = desk.state[f"clock/{VN}".encode()]
    desk.retry()
    assert desk.state[f"clock/{VN}".encode()] == before
    assert [told["reason"] for _, told in desk.take(SHARED, hour(9) | changed)] == ["weekly"]


def test_only_a_record_with_counts_has_a_key_of_its_own_and_nothing_follows_it():
    found = counted("2026-05-01T00:00:00.000Z")
    assert of_shared_entry(found) == Belongs((), (f"feed/{VN}/2026-05-01T00:00:00.000Z",))
    assert of_shared(VN, monday()) == Belongs((), (f"{VN}/feed/{monday()['at']}",))
    assert of_entry(found) == Belongs()  # watch and network use no counts
    for odd in (None, {}, [], "many"):
        assert of_shared_entry(found | {"feed": odd}) == of_shared(VN, monday(feed=odd)) == Belongs()
