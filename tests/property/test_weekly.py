"""The weekly summary from ticks to notifications: split, crashed or rebuilt, each week is told once and with the figures of its ticks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mekong.schemas import wire
from mekong.schemas.feed import feed_health
from mekong.schemas.feed_counts import KEPT_CODES, FeedCounts
from mekong.schemas.receipts import Receipt
from mekong.schemas.times import ms_of, to_text
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.feeds import monday
from mekong.streams.core.notices.notify import fold_shared, fold_subscriptions
from mekong.streams.core.notices.share import fold_journal
from tests.amount import examples
from tests.fakes import written
from tests.property.test_feed import FEEDS, NOW
from tests.unit.sharing import VN, registered, tick

START = datetime(2026, 5, 1, tzinfo=UTC)  # a Friday
AHEAD = {"+00:00": 0, "+05:45": 345, "+07:00": 420, "-09:30": -570}
MAILS = [
    {"id": f"duty-{number}", "member": VN, "channel": {"channel": "mail", "to": "duty@example.org"}, "digest_hour": digest_hour, **more}
    for number, (digest_hour, more) in enumerate([(8, {}), (0, {}), (23, {"quiet": {"start": "22:00", "end": "06:30"}, "language": "vi"})])
]


MINUTES = 6 * 7 * 24 * 60


@st.composite
def clocks(draw):
    """An offset, the minutes of ticks within six weeks beside those of the full hours, and in which of them there are counts."""
    between = draw(st.sets(st.integers(0, MINUTES - 1), max_size=20))
    return (
        draw(st.sampled_from([*AHEAD])),
        between,
        draw(st.sets(st.integers(0, MINUTES // 60 - 1).map(lambda hour: hour * 60), max_size=20)),
    )


def journal_of(clock):
    """The offset of a clock, and a journal with its ticks."""
    offset, between, busy = clock
    entries = [registered(VN, received="2026-04-30T00:00:00.000Z", offset=offset)]
    for minute in sorted({*range(0, MINUTES, 60)} | between):
        at = to_text(START + timedelta(minutes=minute))
        counted = {"messages": minute % 7 + 1, "rejected": minute % 2, "last_at": at} if minute in busy | between else None
        entries.append(tick(VN, at) | ({"feed": counted} if counted else {}))
    return offset, entries


def folded(fold, records, cuts=(), state=None):
    """The state and the outputs of records in transactions that end at ``cuts``."""
    state, told = dict(state or {}), []
    ends = sorted({min(cut, len(records)) for cut in cuts} | {len(records)})
    for first, last in zip([0, *ends], ends, strict=False):
        changes = {}
        told += list(fold(Draft(state, changes), records[first:last]))
        state = {key: value for key, value in (state | changes).items() if value is not None}
    return state, told


def shared(entries, cuts=(), state=None, first=0):
    records = [written(entry, number) for number, entry in enumerate(entries, first)]
    state, told = folded(lambda draft, records: fold_journal(draft, records, 0), records, cuts, state)
    return state, [wire.dump(one.shared) for one in told]


def notified(raws, cuts=()):
    wishes = [written({**wish, "changed_at": to_text(START)}, key=wish["id"].encode()) for wish in MAILS]
    state, _ = folded(fold_subscriptions, wishes)
    records = [written(wire.load(raw)) for raw in raws]
    return folded(lambda draft, records: fold_shared(draft, VN, records), records, cuts, state)


CUTS = st.sets(st.integers(0, 1_100), max_size=8)


@settings(deadline=None, max_examples=examples(10))
@given(clocks(), CUTS, CUTS, st.integers(0, 1_000))
def test_any_split_and_any_crash_tell_the_same_weeks(found, cuts, others, crash):
    _, entries = journal_of(found)
    state, told = shared(entries)
    assert shared(entries, cuts) == (state, told)
    before, first = shared(entries[:crash])
    assert first == told[: len(first)]
    assert shared(entries[crash:], (), before, crash) == (state, told[len(first) :])
    assert notified(told, others) == notified(told)


@settings(deadline=None, max_examples=examples(10))
@given(clocks())
def test_each_whole_week_is_told_once_with_the_figures_of_its_ticks(found):
    offset, entries = journal_of(found)
    ahead = timedelta(minutes=AHEAD[offset])
    messages, rejected, before = Counter(), Counter(), None
    for entry in entries[1:]:
        local = datetime.fromisoformat(entry["at"]) + ahead
        week = monday((before or local).date())
        messages[week] += entry.get("feed", {}).get("messages", 0)
        rejected[week] += entry.get("feed", {}).get("rejected", 0)
        before = local.replace(minute=0)
    sent = [week for week in messages if messages[week]]
    first, last = monday((START + ahead).date()), monday(before.date())
    whole = [first + timedelta(days=7 * number) for number in range((last - first).days // 7)]
    whole = [week for week in whole if sent and week > min(sent)]
    feeds = [one["feed"] for one in map(wire.load, shared(entries)[1]) if "feed" in one]
    assert [(one["recent"]["messages"], one["recent"]["rejected"]) for one in feeds] == [(messages[week], rejected[week]) for week in whole]
    for one, week in zip(feeds, whole, strict=True):
        assert one["before"]["messages"] == sum(messages[week - timedelta(days=7 * number)] for number in range(1, 5))


@settings(deadline=None, max_examples=examples(10))
@given(clocks())
def test_each_subscription_gets_each_week_once_and_on_monday_from_its_digest_hour_on(found):
    offset, entries = journal_of(found)
    told = shared(entries)[1]
    ends = [(datetime.fromisoformat(one["at"]) + timedelta(minutes=AHEAD[offset])).date() for one in map(wire.load, told) if "feed" in one]
    sent = [one for one in notified(told)[1] if one.reason == "weekly"]
    assert len({one.notification_id for one in sent}) == len(sent)
    for wish in MAILS:
        local = [one.raised_at + timedelta(minutes=AHEAD[offset]) for one in sent if one.subscription == wish["id"]]
        due = [day for day in ends if wish["digest_hour"] < 23 or day < (START + timedelta(days=42, minutes=AHEAD[offset])).date()]
        assert [(at - timedelta(hours=wish["digest_hour"])).date() for at in local] == due[: len(local)]
        assert len(local) >= len(due) - 1  # the log may end before the digest hour of its last Monday
        assert all(at.hour == wish["digest_hour"] or "quiet" in wish for at in local)


@given(FEEDS, st.lists(st.integers(0, 60), max_size=8), st.randoms(use_true_random=False))
def test_counts_in_parts_and_in_any_order_give_the_health_that_the_receipts_give(feed, cuts, chance):
    told = [one for one in feed if one.received_at > NOW - timedelta(days=7)]
    chance.shuffle(told)
    whole, parts = FeedCounts(KEPT_CODES), FeedCounts(KEPT_CODES)
    for one in told:
        whole.add(fields(one), ms_of(one.received_at))
    ends = sorted({min(cut, len(told)) for cut in cuts} | {len(told)})
    for first, last in zip([0, *ends], ends, strict=False):
        part = FeedCounts(KEPT_CODES)
        for one in told[first:last]:
            part.add(fields(one), ms_of(one.received_at))
        parts.merge(FeedCounts.of(wire.load(wire.dump(part.stored()))))
    health = feed_health(told, NOW)
    assert (parts.messages, parts.rejected) == (whole.messages, whole.rejected) == (health.recent.messages, health.recent.rejected)
    assert (parts.failing, parts.delays, parts.last_at) == (whole.failing, whole.delays, whole.last_at)
    assert sum(parts.delays.values()) == (health.delay.cases if health.delay else 0)


def fields(receipt: Receipt):
    return wire.load(wire.encode(receipt))
