"""Tails, quantiles and their joining, held to scipy and to what they mean."""

import math

import pytest
from scipy import stats
from scipy.special import digamma as scipy_digamma
from scipy.special import polygamma

from mekong.streams.core.spikes.statistics.gammas import digamma, inverse_trigamma, trigamma
from mekong.streams.core.spikes.statistics.multiplicity import flags, q_values
from mekong.streams.core.spikes.statistics.negbin import evidence, interval, join, log_none, mid_p, quantile, tail
from mekong.streams.core.spikes.statistics.prior import fit

MEANS = [0.05, 0.5, 3.0, 40.0, 900.0]


def distribution(mean, variance):
    r = mean**2 / (variance - mean)
    return stats.nbinom(r, r / (r + mean))


@pytest.mark.parametrize("x", [0.01, 0.3, 1.0, 9.99, 10.0, 1e4, 1e9])
def test_derivatives_of_log_gamma_are_those_of_scipy(x):
    assert digamma(x) == pytest.approx(float(scipy_digamma(x)), rel=1e-12, abs=1e-12)
    assert trigamma(x) == pytest.approx(float(polygamma(1, x)), rel=1e-12)


@pytest.mark.parametrize("q", [1e-8, 0.01, 0.5, 4.0, 30.0])
def test_the_inverse_of_trigamma_undoes_it(q):
    assert trigamma(inverse_trigamma(q)) == pytest.approx(q, rel=1e-12)


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("factor", [1.1, 3.0, 20.0])
def test_a_tail_is_that_of_the_negative_binomial(mean, factor):
    for y in (0, 1, 2, 5, 50, 2_000):
        expected = float(distribution(mean, factor * mean).sf(y - 1))
        assert tail(y, mean, factor * mean) == pytest.approx(expected, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("mean", MEANS)
def test_without_overdispersion_it_is_poisson(mean):
    assert tail(3, mean, mean) == pytest.approx(float(stats.poisson(mean).sf(2)), rel=1e-9)
    assert tail(3, mean, 0.5 * mean) == tail(3, mean, mean)
    assert log_none(mean, mean) == -mean


def test_nothing_or_more_is_certain():
    assert tail(0, 1.0, 2.0) == 1.0


@pytest.mark.parametrize("mean", MEANS)
def test_none_at_all_is_what_the_tail_leaves(mean):
    assert math.exp(log_none(mean, 3 * mean)) == pytest.approx(1 - tail(1, mean, 3 * mean), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95, 0.999])
def test_a_quantile_is_the_smallest_count_that_holds_the_share(mean, share):
    assert quantile(share, mean, 2.5 * mean) == int(distribution(mean, 2.5 * mean).ppf(share))


def test_an_interval_holds_its_share():
    low, high = interval(0.9, 20.0, 60.0)
    found = distribution(20.0, 60.0)
    assert found.cdf(high) - found.cdf(low - 1) >= 0.9


def test_the_joined_p_value_of_one_is_itself_and_of_none_is_1():
    assert join([0.003]) == pytest.approx(0.003)
    assert join([]) == 1.0


def test_a_p_value_near_1_does_not_swamp_the_others():
    assert join([1e-4, 1.0]) < 3e-4


def test_evidence_is_1_on_average_where_nothing_happens():
    mean, variance = 4.0, 9.0
    found = distribution(mean, variance)
    assert sum(float(found.pmf(y)) * evidence(y, mean, variance) for y in range(400)) == pytest.approx(1.0, abs=1e-6)


def test_mid_p_counts_half_of_the_count_itself():
    assert mid_p(2, 1.0, 1.0) == pytest.approx(float(stats.poisson(1).sf(2)) + 0.5 * float(stats.poisson(1).pmf(2)))


def test_q_values_are_those_of_benjamini_and_hochberg():
    ps = [0.01, 0.04, 0.03, 0.5]
    assert q_values(ps) == pytest.approx(list(stats.false_discovery_control(ps)))
    assert q_values([]) == []


def test_e_values_are_flagged_from_the_number_of_tests_over_rate_and_place_on():
    assert flags([100.0, 14.0, 1.0], rate=0.1) == [True, False, False]
    assert flags([31.0, 16.0, 1.0], rate=0.1) == [True, True, False]
    assert flags([]) == []


def test_the_prior_of_agencies_that_differ_is_wide_and_of_equal_ones_narrow():
    days = [100.0] * 6
    wide, narrow = fit([2, 5, 30, 60, 200, 3], days), fit([50, 49, 51, 50, 52, 48], days)
    assert wide.mean == pytest.approx(0.5)
    assert narrow.mean == pytest.approx(0.5)
    assert wide.level()[1] > 100 * narrow.level()[1]
    assert wide.level(7.0)[0] - wide.level()[0] == pytest.approx(math.log(7))


def test_of_agencies_without_a_case_nothing_is_learnt():
    with pytest.raises(ValueError, match="no cases"):
        fit([0, 0], [10.0, 10.0])
