"""For any messages: a replay holds each once, in event time, and no tick has data of a later day before it or of an earlier behind it."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mekong.producers.parsed import Parsed, Stamp
from mekong.producers.timeline import timeline
from mekong.schemas.control import CONTROL
from mekong.schemas.times import EventTime, Precision

LATEST = date(2021, 1, 1)
DAYS = st.dates(date(2019, 11, 1), date(2020, 4, 1))
TIMES = st.one_of(
    st.none(),
    DAYS.map(lambda day: EventTime(Precision.DAY, day, None)),
    DAYS.map(lambda day: EventTime(Precision.MONTH, day.replace(day=1), None)),
    st.builds(lambda day, minute: EventTime(Precision.TIME, day, minute), DAYS, st.integers(0, 10**7)),
    st.just(EventTime(Precision.DAY, date(9999, 12, 31), None)),
)
MESSAGES = st.lists(
    st.builds(Parsed, st.sampled_from(["VN-A", "US-B"]), st.sampled_from("abcdefgh"), st.binary(max_size=2), TIMES, st.just("line 1")),
    max_size=30,
)
OFFSETS = {"VN-A": "+07:00", "US-B": "-05:00"}


@given(MESSAGES)
def test_every_message_comes_once_and_versions_of_a_case_keep_their_order(messages):
    found = [item for item in timeline(messages, OFFSETS.__getitem__, LATEST) if isinstance(item, Parsed)]
    assert sorted(map(id, found)) == sorted(map(id, messages))
    for key in {(item.agency, item.case_no) for item in messages}:
        mine = [id(item) for item in found if (item.agency, item.case_no) == key]
        assert mine == [id(item) for item in messages if (item.agency, item.case_no) == key]


@given(MESSAGES)
def test_ticks_rise_and_go_to_every_agency_at_its_midnight(messages):
    stamps = [item for item in timeline(messages, OFFSETS.__getitem__, LATEST) if isinstance(item, Stamp)]
    agencies = {item.agency for item in messages}
    days = {}
    for agency in agencies:
        ticks = [CONTROL.validate_json(stamp.value) for stamp in stamps if stamp.agency == agency]
        hours = timedelta(hours=int(OFFSETS[agency][:3]))
        local = [tick.at + hours for tick in ticks]
        assert all((at.hour, at.minute) == (0, 0) for at in local)
        days[agency] = [at.date() for at in local]
        assert days[agency] == sorted(set(days[agency]))
    assert len({tuple(each) for each in days.values()}) <= 1


@given(MESSAGES)
def test_a_tick_stands_behind_all_data_of_the_days_before_it(messages):
    ended: dict[str, date] = {}
    for item in timeline(messages, OFFSETS.__getitem__, LATEST):
        if isinstance(item, Stamp):
            at = CONTROL.validate_json(item.value).at + timedelta(hours=int(OFFSETS[item.agency][:3]))
            ended[item.agency] = at.date()
    last = [item.time.day for item in messages if item.time and item.time.day <= LATEST]
    if last:
        assert min(ended.values()) > max(last)
