"""Counts of an agency's messages: stored and read again, added up, and bounded whatever is sent."""

from __future__ import annotations

import pytest

from mekong.schemas import wire
from mekong.schemas.feed_counts import KEPT_CODES, Counted, FeedCounts
from mekong.schemas.times import ms_of, text_of_ms

NOW_MS = 1_780_000_000_000  # 2026-05-28T20:26:40Z


def unknown(code, field="lines.0.unit"):
    return {"outcome": "rejected", "reason": "unknown_code", "field": field, "detail": f"{code!r}: is not on the code list"}


def accepted(seized_at=None):
    return {"outcome": "accepted", "version": 1} | ({"seized_at": seized_at} if seized_at else {})


def counted(*receipts, most=KEPT_CODES):
    found = FeedCounts(most)
    for number, receipt in enumerate(receipts):
        found.add(receipt, NOW_MS + number)
    return found


def test_counts_that_are_stored_and_read_again_are_the_same_and_a_record():
    found = counted(accepted("2026-05-27"), unknown("Kilo"), unknown("Kilo", "lines.7.unit"), {"outcome": "duplicate"}, accepted())
    stored = wire.load(wire.dump(found.stored()))
    assert FeedCounts.of(stored).stored() == stored
    record = Counted.model_validate(stored)
    assert (record.messages, record.rejected, record.delays) == (5, 2, {1: 1})
    assert [(one.field, one.times) for one in record.failing] == [("lines.unit", 2)]
    assert record.last_at == Counted.model_validate({**stored, "last_at": text_of_ms(NOW_MS + 4)}).last_at


def test_a_test_of_the_connection_is_not_counted():
    assert counted({"outcome": "rejected", "reason": "test_message"}).messages == 0


@pytest.mark.parametrize(
    ("seized_at", "days"),
    [
        ("2026-05-28", 0),
        ("2026-05-27T20:27:00+00:00", 0),
        ("2026-05-27T20:26:00+00:00", 1),
        ("2026-05-29", 0),
        ("2026-02-18", 99),
        ("2026-02-16", 110),
        ("2023-05-29", 1_100),
    ],
)
def test_the_days_from_the_seizure_are_exact_up_to_99_and_rounded_up_after_it(seized_at, days):
    assert counted(accepted(seized_at)).delays == {days: 1}


@pytest.mark.parametrize("seized_at", ["2026-05", "2026"])
def test_a_seizure_of_which_only_the_month_is_known_has_no_delay(seized_at):
    assert counted(accepted(seized_at)).delays == {}


def test_of_a_flood_of_codes_those_that_fail_again_stay_and_the_size_is_bounded():
    flood = [unknown(f"code {number}") for number in range(5_000)]
    often = [one for number in range(0, 5_000, 10) for one in (unknown("Kilo"), unknown("Kilo"), *flood[number : number + 10])]
    found = counted(*often)
    assert len(found.failing) == KEPT_CODES
    assert {code.detail: times.times for code, times in found.failing.items()}["'Kilo': is not on the code list"] == 1_000
    assert found.rejected == 6_000
    long = counted(*(unknown("ก" * 5_000 + str(number), f"lines.{number}.unit" * 20) for number in range(100)))
    assert len(wire.dump(long.stored())) < 40_000


def test_counts_are_added_up():
    parts = [counted(accepted("2026-05-27"), unknown("Kilo")), counted(unknown("Kilo"), unknown("Stone"), accepted("2026-05-20"))]
    both = FeedCounts()
    for part in parts:
        both.merge(part)
    assert (both.messages, both.rejected, both.delays) == (5, 3, {1: 1, 8: 1})
    assert sorted(times.times for times in both.failing.values()) == [1, 2]
    assert both.last_at == text_of_ms(NOW_MS + 2)


def test_milliseconds_are_whole():
    for ms in (NOW_MS + 1, NOW_MS + 999, 1_779_999_999_001):
        found = Counted.model_validate({"messages": 1, "rejected": 0, "last_at": text_of_ms(ms)})
        assert ms_of(found.last_at) == ms
