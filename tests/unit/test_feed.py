"""The health of a feed in plain cases: what a person would say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mekong.schemas.feed import Delay, feed_health
from mekong.schemas.feed_words import feed_lines
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.rejected import Reason
from tests.unit.test_intake_fold import said_of, seizure

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def receipt(days_ago, outcome=Outcome.ACCEPTED, **more):
    at = NOW - timedelta(days=days_ago)
    return Receipt(source_topic="in.VN-CUSTOMS.v1", source_offset=0, agency="VN-CUSTOMS", outcome=outcome, received_at=at, **more)


def rejected(days_ago, reason=Reason.UNKNOWN_CODE, field="lines.0.unit", detail="'Kilo': is not on the code list; did you mean kg?"):
    return receipt(days_ago, Outcome.REJECTED, reason=reason, field=field, detail=detail)


def said(*feed):
    return [line.text for line in feed_lines(feed_health(feed, NOW)) if line.needs_a_look]


def test_a_feed_without_a_receipt_is_not_ill():
    health = feed_health([], NOW)
    assert health.is_well
    assert [line.text for line in feed_lines(health)] == ["No message in the last 180 days."]


@pytest.mark.parametrize(
    ("bad_now", "bad_before", "rises"),
    [(0, 0, False), (4, 0, False), (5, 0, True), (10, 100, False), (40, 10, True), (9, 40, False)],
)
def test_the_rejected_part_rises_when_it_has_doubled_and_is_five_messages_more(bad_now, bad_before, rises):
    bad = [rejected(1, Reason.BAD_DATE)] * bad_now + [rejected(20, Reason.BAD_DATE)] * bad_before
    good = [receipt(1)] * (100 - bad_now) + [receipt(20)] * (400 - bad_before)
    assert feed_health([*bad, *good], NOW).rejections_rise is rises


def test_an_agency_that_sends_on_working_days_is_not_silent_after_a_weekend():
    working_days = [day for day in range(3, 90) if (NOW - timedelta(days=day)).weekday() < 5]
    health = feed_health(map(receipt, working_days), NOW)
    assert (health.usual_days, health.is_silent) == (3, False)


def test_an_agency_that_sends_each_day_is_silent_after_three_days():
    assert said(*map(receipt, range(2, 60))) == []
    (sentence,) = said(*map(receipt, range(3, 60)))
    assert sentence.startswith("The feed is silent for longer than usual.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_names_no_command(language):
    bad, good = [rejected(5, Reason.BAD_DATE)] * 9, [*map(receipt, range(5, 60))]
    health = feed_health([*bad, *good], NOW)
    assert (health.is_silent, health.rejections_rise) == (True, True)
    assert "mekong" not in str([*feed_lines(health, language, on_page=True)])
    assert "mekong" in str([*feed_lines(health, language)])


def test_an_agency_that_has_sent_twice_has_no_habit():
    assert feed_health([receipt(60), receipt(90)], NOW).is_well


def test_a_code_that_fails_again_and_again_is_named_with_the_code_that_was_meant():
    feed = [*(receipt(day) for day in range(30)), *(rejected(day, field=f"lines.{day}.unit") for day in (9, 10, 11))]
    assert said(*feed) == ["Rejected 3 times in 35 days: lines.unit: 'Kilo': is not on the code list; did you mean kg?"]
    assert said(*feed[:-1]) == []


def test_the_delay_is_from_the_seizure_to_the_first_report():
    seized = ["2026-11-27", "2026-11-26T23:00:00+07:00", "2026-11", None, "2026-11-30"]
    assert feed_health([receipt(0, seized_at=at) for at in seized], NOW).delay == Delay(cases=3, half=2, most=2)


def test_a_receipt_after_now_is_recent():
    health = feed_health([receipt(-1)], NOW)
    assert (health.recent.messages, health.silent_days) == (1, 0)


def test_intake_gives_the_time_of_the_seizure_with_the_first_version_only():
    sent = [seizure(), seizure(), seizure(seized_at="2026-05-04"), seizure(case_no="2", seized_at="2026-05-03T20:00:00Z")]
    told = [one.receipt for one in said_of(*((raw, ()) for raw in sent)) if one.receipt]
    found = [(one["outcome"], one.get("seized_at")) for one in told]
    assert found == [("accepted", "2026-05-03"), ("duplicate", None), ("corrected", None), ("accepted", "2026-05-04T03:00:00+07:00")]
