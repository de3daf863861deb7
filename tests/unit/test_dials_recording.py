"""The recorder writes what Prometheus would have seen, in promtool's notation."""

from __future__ import annotations

from tests.dials.recording import input_series, names_in, scrape, values


def test_a_series_that_ends_is_stale_and_may_begin_again():
    assert values([1, 1, None, None, None, 2]) == "1+0x1 stale _x2 2+0x0"
    assert values([None, None, 3]) == "_x2 3+0x0"


def test_a_time_since_1970_is_written_as_seconds_since_the_first_scrape():
    found = input_series(
        [{"mekong_last_tick_timestamp_seconds{}": 1_000_060.4}, {"mekong_last_tick_timestamp_seconds{}": 0}],
        1_000_000,
        {"mekong_last_tick_timestamp_seconds"},
    )
    assert found == [{"series": "mekong_last_tick_timestamp_seconds{}", "values": "60+0x0 -1000000+0x0"}]


def test_a_large_value_keeps_all_of_its_digits():
    assert values([12_345_678]) == "12345678+0x0"
    assert values([0.25, 0.25]) == "0.25+0x1"


def test_a_process_that_does_not_answer_has_nothing_but_up():
    assert scrape({"watch": "http://127.0.0.1:9/metrics"}) == {'up{instance="watch", job="mekong"}': 0.0}


def test_the_names_of_an_expression_are_found():
    assert names_in(["sum by (stage) (mekong_lag_records) > 1", 'up{job="x"} == 0']) == {"mekong_lag_records", "up"}
