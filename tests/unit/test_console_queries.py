"""Rows of ClickHouse become what the live page shows."""

from __future__ import annotations

from mekong.schemas.alerts import Kind
from mekong.schemas.counts import Window
from mekong.sinks.console.queries import ONLY_OPEN, agencies, alerts, hour, places
from mekong.sinks.console.sparkline import bars, width
from mekong.sinks.console.values import WINDOWS
from tests.unit.console_values import AT


def test_every_rolling_window_is_shown():
    assert set(WINDOWS) == {window for window in Window if window.minutes or window.days}


def test_every_kind_of_alert_is_over_at_once_or_is_cleared():
    assert ONLY_OPEN | {Kind.SPIKE, Kind.SILENCE} == set(Kind)


def test_the_last_hour_is_counted_by_outcome_and_five_minutes_the_oldest_first():
    found = hour([(0, "accepted", 3), (0, "rejected", 1), (11, "accepted", 2), (12, "accepted", 1), (-1, "duplicate", 1)])
    assert found.outcomes == {"accepted": 6, "rejected": 1, "duplicate": 1}
    assert found.bars == (3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5)


def test_an_agency_without_a_case_is_there_and_one_that_was_removed_too():
    found = agencies([("LA-CUSTOMS", "Laos")], [("VN-CUSTOMS", "1h", 0, 2), ("VN-CUSTOMS", "30d", 29, 1)], AT, is_replay=False)
    lao, viet = found.rows
    assert (lao.agency, lao.name, sum(map(sum, lao.bars.values()))) == ("LA-CUSTOMS", "Laos", 0)
    assert (viet.bars["1h"], viet.bars["30d"]) == ((0,) * 11 + (2,), (1,) + (0,) * 29)


def test_places_and_routes_are_by_window():
    found = places([("7d", "VN", None, None, "VNHPH", "drug", 2, 9)], [("30d", "MM", "VN", 1)])
    assert [len(found.seized[window]) for window in WINDOWS] == [0, 0, 1, 0]
    assert found.totals == {"7d": 9}
    assert [len(found.routes[window]) for window in WINDOWS] == [0, 0, 0, 1]


def test_alerts_are_counted_beyond_those_that_are_shown():
    row = ("id", "SPIKE", "SEVERE", "open", "", "drug", AT.date(), AT, "one", "hai", "三", "drug", ["id"], 600, 20)
    found = alerts([row] * 12)
    assert (len(found.rows), found.total, found.severe) == (12, 600, 20)
    assert found.rows[0].sentences == {"en": "one", "vi": "hai", "zh": "三"}
    assert (alerts([]).total, alerts([]).severe) == (0, 0)


def test_one_case_is_seen_beside_a_thousand_and_none_is_not_drawn():
    assert bars([1_000, 1, 0]) == "M0 20v-20h3V20zM4 20v-2h3V20z"
    assert (bars([0, 0]), bars([]), width([]), width([1, 2])) == ("", "", 1, 7)
