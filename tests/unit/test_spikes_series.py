"""A series: critical counts, late reports and the replay of a corrected past."""

import numpy as np
import pytest

from mekong.schemas.wire import dump, load
from mekong.streams.core.spikes.series.series import Series
from mekong.streams.core.spikes.statistics.shape import DAY, MONTH, WEEK

FIRST = 738_000


def grown(shape=DAY, counts=(), first=FIRST, shares=()):
    series = Series.begin(shape, first, shape.row)
    for count in counts:
        series.add(series.newest, int(count))
        series.close(shape.row, shares)
    return series


def days(mean=2.0, length=120, seed=1):
    return np.random.default_rng(seed).poisson(mean, length)


@pytest.mark.parametrize("shape", [DAY, WEEK, MONTH], ids=lambda shape: shape.name)
@pytest.mark.parametrize("p", [0.05, 1e-3, 1e-5])
def test_the_critical_count_is_the_first_that_is_less_probable(shape, p):
    series = grown(shape, days())
    critical = series.critical(series.newest, p)
    series.add(series.newest, critical)
    assert series.judge(series.newest).p < p
    series.add(series.newest, -1)
    assert series.judge(series.newest).p >= p


def test_the_critical_count_moves_when_another_bucket_of_the_band_changes():
    series = grown(counts=days())
    before = series.critical(series.newest, 1e-3)
    series.add(series.newest - 1, 25)
    assert series.critical(series.newest, 1e-3) < before


def test_nothing_is_judged_before_the_guard_band_is_full():
    series = Series.begin(DAY, FIRST, DAY.row)
    for _ in range(DAY.guard):
        assert not series.is_ready()
        series.close(DAY.row, ())
    assert series.is_ready()


def test_a_history_is_learnt_at_once_as_if_it_had_been_lived_through():
    counts = days()
    lived = grown(counts=counts)
    history = {FIRST + place: int(count) for place, count in enumerate(counts)}
    told = Series.begin(DAY, FIRST + len(counts), DAY.row, history)
    assert dump(told.stored()) == dump(lived.stored())


def test_late_reports_and_a_replay_give_what_had_been_learnt_in_order_bit_for_bit():
    counts = days(length=200)
    in_order, late = grown(counts=counts), grown(counts=np.where(np.arange(200) % 9 == 4, 0, counts))
    for place in range(4, 200, 9):
        assert late.add(FIRST + place, int(counts[place]))
    late.relearn(DAY.row)
    late.look_ahead(DAY.row, ())
    assert dump(late.stored()) == dump(in_order.stored())


def test_a_replay_judges_what_changed_as_if_it_had_come_in_time():
    counts = days()
    counts[60] = 15
    seen = []
    series = Series.begin(DAY, FIRST, DAY.row)
    for count in counts:
        series.add(series.newest, int(count))
        if series.newest == FIRST + 60:
            seen.append(series.judge(series.newest))
        series.close(DAY.row, ())
    without = grown(counts=np.where(np.arange(120) == 60, 0, counts))
    without.add(FIRST + 60, 15)
    (verdict,) = without.relearn(DAY.row)
    assert verdict == seen[0]


def test_only_the_kept_buckets_can_be_corrected():
    series = grown(WEEK, days(length=2 * WEEK.keep + 30))
    assert WEEK.keep < len(series.counts) - WEEK.guard - 1 <= 1.5 * WEEK.keep
    assert not series.add(FIRST, 3)
    assert series.add(series.start, 3)


def test_a_partial_count_is_judged_against_the_share_that_should_be_in():
    counts = days(mean=8.0)
    whole, half = grown(counts=counts), grown(counts=counts, shares=[0.5, 0.8])
    assert half.judge(half.newest).completeness == 0.5
    assert half.critical(half.newest, 1e-3) < whole.critical(whole.newest, 1e-3)


@pytest.mark.parametrize("length", [30, 100, 500, 900])
@pytest.mark.parametrize("delay", [10, 60, 190, 350])
def test_a_late_report_is_learnt_from_the_snapshot_before_it_as_if_it_had_come_in_time(length, delay):
    counts = days(length=length)
    place = length - 1 - min(delay, length - 9)
    in_order, late = grown(counts=counts), grown(counts=np.where(np.arange(length) == place, 0, counts))
    assert late.add(FIRST + place, int(counts[place]))
    late = read_again(late)
    late.relearn(DAY.row)
    late.look_ahead(DAY.row, ())
    assert dump(everything(late)) == dump(everything(in_order))


def test_state_is_a_few_kilobytes_of_plain_json():
    parts = grown(counts=days(length=1_000)).stored()
    assert len(dump(parts["now"])) < 1_000
    assert len(dump(parts["closed"])) < 2_500
    assert len(dump(parts["old"])) < 5_500


def test_read_again_between_any_two_buckets_it_goes_on_to_the_last_bit():
    counts = days(length=450)
    whole, parts = grown(counts=counts), grown(counts=counts[:120]).stored()
    for count in counts[120:]:
        series = read_again(parts)
        series.add(series.newest, int(count))
        series.close(DAY.row, ())
        parts |= load(dump(series.stored()))
    assert dump(everything(read_again(parts))) == dump(everything(whole))


def test_a_series_of_another_format_is_not_read():
    parts = grown(counts=days()).stored()
    with pytest.raises(ValueError, match="format 9"):
        Series.from_stored(parts["now"] | {"f": 9}, parts.get)


def read_again(series):
    parts = load(dump(series if isinstance(series, dict) else everything(series)))
    return Series.from_stored(parts["now"], parts.get)


def everything(series):
    return series.stored() | {"closed": series.past.stored(), "old": series.past.stored_old()}
