"""What the model learns, what it does not believe, and that the benchmark's arrays are the same model."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.spikes.batch import Batch, run
from mekong.streams.core.spikes.series.series import Series
from mekong.streams.core.spikes.series.spans import number_of
from mekong.streams.core.spikes.statistics.model import Model
from mekong.streams.core.spikes.statistics.shape import DAY, MONTH, SHAPES, WEEK

LAST = 49


def learnt(shape, counts, first=1, **options):
    model = Model.begin(shape, **options)
    for t, count in enumerate(counts, first):
        model.learn(int(count), shape.row(t))
    return model


def next_mean(model, t):
    return model.forecast([model.shape.row(t)]).means[0]


@pytest.mark.parametrize(
    "shape", [replace(WEEK, calendar=0), replace(MONTH, name="m"), replace(DAY, calendar=0)], ids=lambda shape: shape.name
)
def test_the_arrays_of_the_benchmark_are_the_scalar_model_to_a_billionth_of_a_billionth(shape):
    rng = np.random.default_rng(3)
    counts = np.stack([rng.poisson(mean, 300) for mean in (0.2, 2.0, 30.0)] + [rng.negative_binomial(1, 0.2, 300)])
    found = run(Batch(shape, len(counts)), counts, 1, LAST)
    for series, ps in zip(counts, found.p, strict=True):
        one, scalar = Series.begin(shape, 1, shape.row), []
        for count in series:
            one.add(one.newest, int(count))
            scalar.append(one.judge(one.newest).p if one.is_ready() else 1.0)
            one.close(shape.row, ())
        assert np.abs(np.array(scalar[-LAST:]) - ps).max() < 1e-12


def test_it_learns_the_mean_of_a_steady_series():
    counts = np.random.default_rng(1).poisson(5.0, 200)
    assert next_mean(learnt(WEEK, counts), 201) == pytest.approx(counts[-50:].mean(), rel=0.15)


def test_it_learns_overdispersion_and_that_there_is_none():
    rng = np.random.default_rng(2)
    assert learnt(WEEK, rng.poisson(20.0, 400)).dispersion < 1.3
    assert learnt(WEEK, rng.negative_binomial(5, 0.2, 400)).dispersion == pytest.approx(5.0, rel=0.4)


def test_it_learns_that_weekends_are_quiet():
    counts = np.random.default_rng(4).poisson([5.0, 5.0, 5.0, 5.0, 5.0, 1.0, 1.0] * 30)
    model = learnt(DAY, counts, first=7)
    week = model.forecast([DAY.row(217 + day) for day in range(7)]).means
    assert max(week[5:]) < 0.5 * min(week[:5])


def test_fewer_than_none_are_none():
    quiet = [3] * 100
    assert learnt(WEEK, [*quiet, -40, 3]).stored() == learnt(WEEK, [*quiet, 0, 3]).stored()


def test_one_spike_is_not_learnt():
    quiet = [3] * 100
    before = next_mean(learnt(WEEK, quiet), 104)
    assert next_mean(learnt(WEEK, [*quiet, 60, 3, 3]), 104) < 1.5 * before


@pytest.mark.parametrize("shape", [DAY, WEEK, MONTH], ids=lambda shape: shape.name)
def test_a_run_of_high_buckets_that_is_too_long_for_a_spike_is_the_new_norm(shape):
    counts = [*[2] * 100, *[20] * (shape.patience + 12)]
    assert next_mean(learnt(shape, counts), len(counts) + 1) > 8


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_years_of_zeros_end_in_finite_small_numbers(name):
    shape = SHAPES[name]
    forecast = learnt(shape, [0] * 2_000).forecast([shape.row(2_001)])
    assert 1e-4 < forecast.means[0] < 0.1
    assert forecast.log_variances[0] < 10


def test_a_holiday_that_doubles_the_count_is_known_the_next_time():
    counts, shape = [], DAY
    model = Model.begin(shape)
    for t in range(1, 400):
        is_holiday = t % 20 == 0
        model.learn(12 if is_holiday else 5, shape.row(t, (float(is_holiday), 0.0)))
        counts.append(t)
    plain = model.forecast([shape.row(400, (0.0, 0.0))]).means[0]
    holiday = model.forecast([shape.row(400, (1.0, 0.0))]).means[0]
    assert holiday > 1.7 * plain


def test_a_phase_that_begins_after_a_quiet_half_year_is_as_unknown_as_at_first():
    model = Model.begin(DAY, (-0.9, 1.5))
    for t in range(1, 200):
        model.learn(0, DAY.row(t, (0.0, 0.0)))
    quiet = model.forecast([DAY.row(200, (0.0, 0.0))]).means[0]
    phase = model.forecast([DAY.row(200, (0.0, 1.0))]).means[0]
    assert quiet < 0.05
    assert phase > 0.3


@pytest.mark.parametrize("shape", [DAY, WEEK, MONTH], ids=lambda shape: shape.name)
def test_the_forecast_in_closed_form_is_that_of_one_bucket_after_the_other(shape):
    model = learnt(shape, np.random.default_rng(5).poisson(2.0, 150))
    rows = [shape.row(151 + place) for place in range(shape.guard + 1)]
    short, long = model.forecast(rows), model._forecast_by_bucket(np.array(rows))
    for one, other in zip(short, long, strict=True):
        assert one == pytest.approx(other, rel=1e-12)


def test_stored_and_read_back_it_goes_on_to_the_last_bit():
    counts = np.random.default_rng(6).poisson(3.0, 120)
    whole = learnt(DAY, counts)
    half = learnt(DAY, counts[:60])
    half = Model.from_stored(DAY, half.stored())
    for t, count in enumerate(counts[60:], 61):
        half.learn(int(count), DAY.row(t))
    assert half.stored() == whole.stored()


def test_a_week_begins_on_monday_and_a_month_on_the_first():
    from datetime import date

    monday = date(2026, 5, 4).toordinal()
    assert {number_of("week", monday + day) for day in range(7)} == {number_of("week", monday)}
    assert number_of("week", monday - 1) == number_of("week", monday) - 1
    assert number_of("month", date(2026, 5, 31).toordinal()) == 2026 * 12 + 4
