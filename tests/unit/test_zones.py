"""The local day of an instant: by rules of zones that come from a package, and where an instant in UTC is seized."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest

from mekong.schemas import wire
from mekong.schemas.control import AgencyProfile
from mekong.schemas.times import to_text
from mekong.schemas.zones import day_ends, day_in, local_day, names, offset_at, only_zones, standard_offset, zone, zone_at
from mekong.streams.core.counts.fold import fold
from mekong.streams.core.draft import Draft
from mekong.streams.core.journal import read
from tests.unit.test_intake_fold import entries, receipts, registered, seizure

NIGHT = datetime(2026, 5, 3, 20, 30, tzinfo=UTC)  # 03:30 of the next day in Viet Nam, 21:30 in London


def profile(country="VN", utc_offset="+07:00"):
    return AgencyProfile(agency=f"{country}-CUSTOMS", name="x", kind="customs", country=country, region="x", utc_offset=utc_offset)


@pytest.mark.parametrize(
    ("utc_offset", "day"),
    [("+07:00", date(2026, 5, 4)), ("+00:00", date(2026, 5, 3)), ("-05:00", date(2026, 5, 3)), ("+03:30", date(2026, 5, 4))],
)
def test_the_local_day_is_that_of_the_agency(utc_offset, day):
    assert local_day(NIGHT, profile(utc_offset=utc_offset)) == day


@pytest.mark.parametrize(
    ("country", "offset_h"),
    [
        pytest.param(None, 7, id="the agency's own"),
        pytest.param("VN", 7, id="the agency's own, named"),
        pytest.param("JP", 9, id="a country with one zone"),
        pytest.param("GB", 1, id="in summer"),
        pytest.param("US", 7, id="a country with many says nothing: the agency's"),
        pytest.param("XK", 7, id="a country of which no zone is known"),
    ],
)
def test_a_place_has_the_zone_of_its_country_or_the_agencys(country, offset_h):
    assert NIGHT.astimezone(zone_at(country, profile())).utcoffset().total_seconds() == offset_h * 3_600


def test_the_rules_come_from_the_package_and_not_from_the_machine(monkeypatch):
    monkeypatch.setattr(zoneinfo, "TZPATH", ("/nowhere",))
    zone.cache_clear()
    assert NIGHT.astimezone(zone("Europe/Paris")).hour == 22
    with pytest.raises(KeyError):
        zone("../../etc/passwd")
    assert set(only_zones().values()) <= names()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param({"seized_at": "2026-05-03T20:30Z"}, "2026-05-04T03:30:00+07:00", id="Z is an instant; the day is the agency's"),
        pytest.param({"seized_at": "2026-05-03T20:30:00+00:00"}, "2026-05-04T03:30:00+07:00", id="as is +00:00"),
        pytest.param({"seized_at": "2026-05-03T20:30Z", "country": "JP"}, "2026-05-04T05:30:00+09:00", id="or that of the place"),
        pytest.param({"seized_at": "2026-05-03T10:30Z", "country": "GB"}, "2026-05-03T11:30:00+01:00", id="with its summer"),
        pytest.param({"seized_at": "2026-01-03T20:30Z", "country": "GB"}, "2026-01-03T20:30:00+00:00", id="where UTC is local time"),
        pytest.param({"seized_at": "2026-05-03T20:30Z", "place": "JP-NRT"}, "2026-05-04T05:30:00+09:00", id="by its code"),
        pytest.param({"seized_at": "2026-05-03T20:30+01:00"}, "2026-05-03T20:30:00+01:00", id="another offset is the sender's word"),
        pytest.param({"seized_at": "2026-05-03"}, "2026-05-03", id="a day is a day"),
    ],
)
def test_an_instant_in_utc_is_kept_in_the_local_time_of_the_place(sent, kept):
    entry = entries((seizure(**sent), ()))[-1]
    assert entry["contribution"]["day"] == kept[:10]
    assert wire.load(wire.dump(entry))["content"]["seized_at"] == kept


def test_z_and_the_local_spelling_are_one_content_and_another_local_day_is_another():
    same = [(seizure(seized_at=text), ()) for text in ("2026-05-03T20:30Z", "2026-05-04T03:30+07:00", "2026-05-04T04:30+08:00")]
    other = (seizure(seized_at="2026-05-03T22:30+02:00"), ())
    assert [one["outcome"] for one in receipts(*same, other)] == ["accepted", "duplicate", "duplicate", "corrected"]


def test_the_day_of_an_instant_changes_with_the_agencys_zone_and_not_for_what_was_taken():
    moved = registered(number=2, utc_offset="-05:00")
    found = entries((seizure(seized_at="2026-05-03T20:30Z"), ()), moved, (seizure(case_no="2", seized_at="2026-05-03T20:30Z"), ()))
    assert [one["contribution"]["day"] for one in found if one["kind"] == "version"] == ["2026-05-04", "2026-05-03"]


def test_a_day_that_begins_nowhere_yet_stays_refused_after_it_is_told_by_the_local_clock():
    (found,) = receipts((seizure(seized_at="2026-05-29T23:30Z"), ()))  # received on 2026-05-28 at 20:26 UTC
    assert found["reason"] == "future_date"


CHICAGO = "America/Chicago"


@pytest.mark.parametrize(
    ("instant", "day", "ends", "offset"),
    [
        ("2026-03-08T05:59+00:00", "2026-03-07", "2026-03-08T06:00+00:00", "-06:00"),
        ("2026-03-08T06:00+00:00", "2026-03-08", "2026-03-09T05:00+00:00", "-06:00"),  # this day has 23 hours
        ("2026-03-08T08:00+00:00", "2026-03-08", "2026-03-09T05:00+00:00", "-05:00"),
        ("2026-11-01T05:00+00:00", "2026-11-01", "2026-11-02T06:00+00:00", "-05:00"),  # and this 25
        ("2026-11-02T05:30+00:00", "2026-11-01", "2026-11-02T06:00+00:00", "-06:00"),
    ],
)
def test_a_day_ends_by_the_zone_daylight_saving_time_included(instant, day, ends, offset):
    at = datetime.fromisoformat(instant)
    assert day_in(at, CHICAGO).isoformat() == day
    assert day_ends(at, CHICAGO) == datetime.fromisoformat(ends)
    assert offset_at(at, CHICAGO) == offset


def test_a_fixed_offset_is_a_zone_too():
    at = datetime.fromisoformat("2026-05-03T17:00+00:00")
    assert day_in(at, "+07:00").isoformat() == "2026-05-04"
    assert day_ends(at, "+07:00") == datetime.fromisoformat("2026-05-04T17:00+00:00")


@pytest.mark.parametrize(("name", "offset"), [("Asia/Ho_Chi_Minh", "+07:00"), (CHICAGO, "-06:00"), ("Australia/Sydney", "+10:00")])
def test_the_standard_offset_is_that_without_daylight_saving_time(name, offset):
    assert standard_offset(name) == offset


def told(entries):
    """Buckets that the ticks of a journal close: day -> when."""
    records = [Place(offset, wire.dump(entry)) for offset, entry in enumerate(entries)]
    return {bucket["start"]: bucket["closed_at"] for _, what in fold(Draft({}, {}), read(records)) for bucket in what.buckets}


class Place(NamedTuple):
    offset: int
    value: bytes


def journal(first, profile, hours):
    """A case on each day, and a tick on each hour."""
    entries = [{"kind": "agency", "format": 1, "agency": "US-CBP", "profile": profile}]
    start = datetime.fromisoformat(first)
    for hour in range(hours):
        at = start + timedelta(hours=hour)
        if hour % 24 == 0:
            day = at.date().isoformat()
            new = {"precision": "day", "day": day, "minute": None, "phase": None, "groups": {"drug": (1, 1)}}
            entries.append({"kind": "version", "format": 1, "agency": "US-CBP", "supersedes": None, "contribution": new})
        entries.append({"kind": "tick", "format": 1, "agency": "US-CBP", "at": to_text(at)})
    return entries


def test_days_close_at_the_agencys_midnight_in_winter_and_in_summer():
    closed = told(journal("2026-03-06T12:00+00:00", {"utc_offset": "-06:00", "zone": CHICAGO}, 96))
    assert closed == {
        "2026-03-06": "2026-03-07T06:00:00.000Z",
        "2026-03-07": "2026-03-08T06:00:00.000Z",
        "2026-03-08": "2026-03-09T05:00:00.000Z",
        "2026-03-09": "2026-03-10T05:00:00.000Z",
    }


def test_a_change_of_zone_rewrites_no_past_day():
    before = journal("2026-03-02T12:00+00:00", {"utc_offset": "+07:00"}, 60)
    moved = [{"kind": "agency", "format": 1, "agency": "US-CBP", "profile": {"utc_offset": "-06:00", "zone": CHICAGO}}]
    after = journal("2026-03-05T00:00+00:00", {"utc_offset": "-06:00", "zone": CHICAGO}, 48)[1:]
    days = told(before)
    assert days
    assert days.items() <= told([*before, *moved, *after]).items()


def test_a_clock_that_older_code_kept_goes_on_at_its_offset():
    state = {b"US-CBP/clock": b'{"f":1,"offset":-330,"dirty":{},"open":{},"told":{}}'}
    changes = {}
    list(
        fold(
            Draft(state, changes),
            read([Place(0, wire.dump({"kind": "tick", "format": 1, "agency": "US-CBP", "at": "2026-03-02T12:00:00.000Z"}))]),
        )
    )
    kept = wire.load(changes[b"US-CBP/clock"])
    assert (kept["zone"], "offset" in kept, kept["f"]) == ("-05:30", False, 2)
