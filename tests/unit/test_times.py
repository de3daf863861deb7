"""Event times of any precision, and instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mekong.schemas.times import EventTime, EventTimeText, Precision, from_ms, minute_of, read_event_time, to_text

TEXT = TypeAdapter(EventTimeText)


@pytest.mark.parametrize(
    ("text", "precision", "day"),
    [
        pytest.param("2026", Precision.YEAR, date(2026, 1, 1), id="a year is its first day"),
        pytest.param("2026-05", Precision.MONTH, date(2026, 5, 1), id="a month is its first day"),
        pytest.param("2026-05-03", Precision.DAY, date(2026, 5, 3), id="a day"),
        pytest.param("2024-02-29", Precision.DAY, date(2024, 2, 29), id="a leap day"),
        pytest.param("2026-05-03T23:59+07:00", Precision.TIME, date(2026, 5, 3), id="the day is the local one"),
        pytest.param("2026-05-03T00:10+07:00", Precision.TIME, date(2026, 5, 3), id="also where UTC is a day behind"),
        pytest.param("2026-05-03T23:59:59.123456Z", Precision.TIME, date(2026, 5, 3), id="with fractions"),
    ],
)
def test_a_time_is_read_with_its_precision_and_local_day(text, precision, day):
    found = read_event_time(text)
    assert (found.precision, found.day) == (precision, day)
    assert (found.minute is not None) is (precision is Precision.TIME)


@pytest.mark.parametrize(
    ("text", "last"),
    [("2026", "2026-12-31"), ("2026-02", "2026-02-28"), ("2024-02", "2024-02-29"), ("2026-12", "2026-12-31"), ("2026-05-03", "2026-05-03")],
)
def test_the_last_day_that_it_may_have_been(text, last):
    assert read_event_time(text).last_day == date.fromisoformat(last)


def test_the_same_instant_is_the_same_minute_whatever_the_offset():
    assert read_event_time("2026-05-03T13:20+07:00").minute == read_event_time("2026-05-03T06:20:59Z").minute == 29_629_820


@pytest.mark.parametrize(
    "text",
    [
        *("", "26", "2026-5-3", "2026/05/03", "03-05-2026", "2026-05-03T13:20", "2026-05-03 13:20+07:00", "20260503", "2026-W18", "٢٠٢٦"),
        *("2026-02-30", "2025-02-29", "2026-13", "2026-00", "2026-05-03T24:01Z", "2026-05-03T13:60Z", "2026-05-03T13:20+25:00"),
        *("0000", "2026-05-03T13:20+0700", "2026 ", "2026-05-03\n"),
    ],
)
def test_anything_else_is_no_date_of_the_calendar(text):
    with pytest.raises(ValidationError) as caught:
        TEXT.validate_python(text)
    assert caught.value.errors()[0]["type"] == "bad_date"


@pytest.mark.parametrize("text", ["1999", "1999-12", "1999-12-31", "1999-12-31T23:59:59+07:00", "0026-05-03"])
def test_a_date_before_2000_is_too_old(text):
    with pytest.raises(ValidationError) as caught:
        TEXT.validate_python(text)
    assert caught.value.errors()[0]["type"] == "date_too_old"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-05-03T13:20+07:00", "2026-05-03T13:20:00+07:00"),
        ("2026-05-03T06:20Z", "2026-05-03T06:20:00+00:00"),
        ("2026-05-03T13:20:00.500+07:00", "2026-05-03T13:20:00.500000+07:00"),
        ("2026-05-03", "2026-05-03"),
        ("2026-05", "2026-05"),
        ("2026", "2026"),
    ],
)
def test_a_time_is_kept_in_one_spelling(given, kept):
    assert TEXT.validate_python(given) == kept
    assert TEXT.validate_python(kept) == kept


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2099, 1, 1)),
    st.integers(-12 * 60, 14 * 60),
    st.sampled_from(["minutes", "seconds", "milliseconds", "auto"]),
    st.sampled_from(["+00:00", "-00:00", "Z"]),
)
def test_a_time_is_kept_as_isoformat_writes_it_however_it_is_written(at, offset_min, precision, zero):
    given_so = at.replace(tzinfo=timezone(timedelta(minutes=offset_min))).isoformat(timespec=precision)
    given_so = given_so.removesuffix("+00:00") + zero if given_so.endswith("+00:00") else given_so
    assert TEXT.validate_python(given_so) == datetime.fromisoformat(given_so).isoformat()


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_a_time_of_this_century_or_a_validation_error(text):
    try:
        kept = TEXT.validate_python(text)
    except ValidationError as exc:
        kinds = {error["type"] for error in exc.errors()}
    else:
        kinds = set() if read_event_time(kept).day.year >= 2000 else {"too old"}
    assert kinds <= {"bad_date", "date_too_old"}


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2099, 1, 1)), st.integers(-12 * 60, 14 * 60))
def test_a_time_keeps_its_local_day_and_its_minute(at, offset_min):
    local = at.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    assert read_event_time(TEXT.validate_python(local.isoformat())) == EventTime(Precision.TIME, local.date(), minute_of(local))


def test_an_instant_is_written_in_utc_with_milliseconds():
    local = datetime(2026, 5, 3, 13, 20, 0, 1_999, tzinfo=timezone(timedelta(hours=7)))
    assert to_text(local) == "2026-05-03T06:20:00.001Z"


def test_milliseconds_count_from_1970():
    assert from_ms(1_777_789_200_001) == datetime(2026, 5, 3, 6, 20, 0, 1_000, tzinfo=UTC)
    assert minute_of(from_ms(0)) == 0
    assert minute_of(from_ms(-1)) == -1
