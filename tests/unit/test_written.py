"""Numbers, days and instants as people write them in English, Vietnamese and Chinese."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from mekong.schemas import written
from mekong.schemas.alerts import Kind, State
from mekong.streams.core.spikes.wording import sentences

THIRD = date(2026, 5, 3)
HANOI = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    ("write", "value", "en", "vi", "zh"),
    [
        (written.number, 2430, "2,430", "2.430", "2,430"),
        (written.number, 7.5, "7.5", "7,5", "7.5"),
        (written.number, 7.0, "7", "7", "7"),
        (written.number, 0.04, "0.04", "0,04", "0.04"),
        (written.number, 10.4, "10", "10", "10"),
        (written.exact, Decimal("0.00025"), "0.00025", "0,00025", "0.00025"),
        (written.exact, Decimal(12500), "12,500", "12.500", "12,500"),
        (written.day, THIRD, "3 May 2026", "03/05/2026", "2026年5月3日"),
        (written.month, THIRD, "May 2026", "tháng 5 năm 2026", "2026年5月"),
        (
            written.moment,
            datetime(2026, 5, 3, 13, 20, tzinfo=HANOI),
            "3 May 2026, 13:20 (UTC+07:00)",
            "03/05/2026, 13:20 (UTC+07:00)",
            "2026年5月3日, 13:20 (UTC+07:00)",
        ),
        (
            written.moment,
            datetime(2026, 5, 3, 6, 20, tzinfo=UTC),
            "3 May 2026, 06:20 (UTC)",
            "03/05/2026, 06:20 (UTC)",
            "2026年5月3日, 06:20 (UTC)",
        ),
    ],
)
def test_it_is_written_as_in_each_language(write, value, en, vi, zh):
    assert [write(value, language) for language in ("en", "vi", "zh")] == [en, vi, zh]


def test_an_alerts_sentence_has_the_numbers_of_its_language():
    facts = {"who": {"en": "A", "vi": "A", "zh": "A"}, "group": sentences.group(None), "when": {"en": "now", "vi": "nay", "zh": "今"}}
    said = sentences.say(Kind.SPIKE, State.OPEN, {**facts, "observed": 2430, "expected": 7.5, "most": 1200})
    assert "2,430 cases" in said.en
    assert "7.5 were" in said.en
    assert "2.430 vụ" in said.vi
    assert "7,5, hiếm khi quá 1.200" in said.vi
    assert "2,430起" in said.zh
