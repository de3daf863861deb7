"""The health of a feed, for any receipts: order, tests and old receipts change nothing, and every warning has its ground."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mekong.schemas.feed import LOOKS_BACK, feed_health
from mekong.schemas.feed_words import SAID, feed_lines
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.rejected import Reason

NOW = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)
DETAILS = ("'Kilo': is not on the code list; did you mean kg?", "'trcuk': is not on the code list; did you mean truck?")


@st.composite
def receipts(draw, youngest_h=0, oldest_h=24 * 170):
    hours = draw(st.integers(youngest_h, oldest_h))
    at = NOW - timedelta(hours=hours)
    outcome = draw(st.sampled_from([Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.REJECTED]))
    more = {}
    if outcome is Outcome.REJECTED:
        reason = draw(st.sampled_from([Reason.UNKNOWN_CODE, Reason.BAD_DATE]))
        more = {"reason": reason, "field": f"lines.{draw(st.integers(0, 9))}.unit", "detail": draw(st.sampled_from(DETAILS))}
    elif outcome is Outcome.ACCEPTED:
        day = (at - timedelta(days=draw(st.integers(-1, 40)))).date().isoformat()
        more = {"version": 1, "seized_at": draw(st.sampled_from([day, f"{day}T12:00:00+00:00", day[:7], None]))}
    return Receipt(source_topic="in.VN-CUSTOMS.v1", source_offset=hours, agency="VN-CUSTOMS", outcome=outcome, received_at=at, **more)


FEEDS = st.lists(receipts(), max_size=60)


@given(FEEDS, st.randoms(use_true_random=False))
def test_the_order_of_the_receipts_does_not_matter(feed, chance):
    other = list(feed)
    chance.shuffle(other)
    assert feed_health(other, NOW) == feed_health(feed, NOW)


@given(FEEDS, st.lists(st.integers(0, 24 * 170), max_size=20))
def test_tests_of_the_connection_change_nothing(feed, hours):
    tests = [
        Receipt(
            source_topic="in.VN-CUSTOMS.v1",
            source_offset=one,
            agency="VN-CUSTOMS",
            outcome=Outcome.REJECTED,
            reason=Reason.TEST_MESSAGE,
            received_at=NOW - timedelta(hours=one),
        )
        for one in hours
    ]
    assert feed_health([*feed, *tests], NOW) == feed_health(feed, NOW)


@given(FEEDS, st.lists(receipts(int(LOOKS_BACK.total_seconds() // 3600) + 1, 24 * 400), max_size=20))
def test_older_receipts_change_nothing(feed, old):
    assert feed_health([*old, *feed], NOW) == feed_health(feed, NOW)


@given(FEEDS)
def test_every_warning_has_its_ground(feed):
    health = feed_health(feed, NOW)
    assert health.recent.messages + health.before.messages <= len(feed)
    if health.rejections_rise:
        assert health.recent.rejected >= 5
        assert health.recent.part >= 2 * health.before.part
    if health.is_silent:
        assert health.usual_days is not None
        assert health.silent_days > 2 * health.usual_days >= 2
    for one in health.failing:
        assert one.times >= 3
        assert sum(found.detail == one.detail and found.reason is Reason.UNKNOWN_CODE for found in feed) >= one.times
    if health.delay:
        assert 0 <= health.delay.half <= health.delay.most
    assert health.is_well is not any(line.needs_a_look for line in feed_lines(health))


@given(FEEDS)
def test_a_language_says_as_much_as_another(feed):
    health = feed_health(feed, NOW)
    looks = {tuple(line.needs_a_look for line in feed_lines(health, language)) for language in LANGUAGES}
    assert len(looks) == 1


def test_every_sentence_is_in_every_language():
    for name, said in SAID.items():
        assert set(said) == set(LANGUAGES), name
