"""The fold over one agency's journal: any cut into runs and any order inside a day gives the same; and what a p-value must be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.spikes.batch import Batch, run
from benchmarks.spikes.journal import case, fold, profile, tick
from mekong.schemas.wire import dump, encode, load
from mekong.streams.core.spikes.series.series import Series
from mekong.streams.core.spikes.statistics import negbin
from mekong.streams.core.spikes.statistics.model import Outlook
from mekong.streams.core.spikes.statistics.shape import DAY, WEEK
from mekong.streams.core.spikes.statistics.verdict import Open, critical, judge
from tests.amount import examples

AGENCY = "VN-CUSTOMS"
FIRST = 738_900

days = st.lists(st.lists(st.tuples(st.sampled_from(["drug", "fauna"]), st.integers(0, 60)), max_size=5), min_size=10, max_size=60)
"""Of each day of arrival, the groups of what comes and how many days ago it was seized."""


def journal(plan, shuffled=None):
    entries, number = [profile(AGENCY)], 0
    for place, arrivals in enumerate(plan):
        entries.append(tick(AGENCY, FIRST + place))
        today = []
        for group, delay in arrivals:
            number += 1
            late = delay if delay > 45 else 0  # most come in time
            today.append(
                case(AGENCY, number, FIRST + place - late, FIRST + place, group=group, size="month" if number % 31 == 0 else "day")
            )
        entries += shuffled(today) if shuffled else today
    return [*entries, tick(AGENCY, FIRST + len(plan))]


@settings(deadline=None, max_examples=examples(25))
@given(days, st.integers(1, 40))
def test_any_cut_into_runs_gives_the_same_state_and_alerts_byte_for_byte(plan, length):
    entries = journal(plan)
    alerts, state = fold(AGENCY, entries)
    again, cut = fold(AGENCY, entries, run=length)
    assert cut == state
    assert [encode(alert) for alert in again] == [encode(alert) for alert in alerts]


@settings(deadline=None, max_examples=examples(25))
@given(days, st.randoms(use_true_random=False))
def test_the_order_of_arrival_inside_a_day_leaves_no_trace_in_what_is_kept(plan, random):
    def shuffled(entries):
        found = list(entries)
        random.shuffle(found)
        return found

    _, state = fold(AGENCY, journal(plan))
    _, turned = fold(AGENCY, journal(plan, shuffled))
    assert kept(turned) == kept(state)


def kept(state):
    """All but what the record that crossed a critical count had seen of its day."""
    found = {name: load(value) for name, value in state.items()}
    for name, part in found.items():
        if name.startswith("now/"):
            del part["standing"]
    return found


@settings(deadline=None, max_examples=examples(40))
@given(st.lists(st.integers(0, 12), min_size=20, max_size=150), st.data())
def test_any_order_in_which_counts_come_and_a_replay_give_the_series_of_the_order_of_events(counts, data):
    in_order, late = (Series.begin(DAY, FIRST, DAY.row) for _ in range(2))
    delayed = data.draw(st.lists(st.integers(0, len(counts) - 1), max_size=10, unique=True))
    for place, count in enumerate(counts):
        in_order.add(in_order.newest, count)
        late.add(late.newest, 0 if place in delayed else count)
        in_order.close(DAY.row, ())
        late.close(DAY.row, ())
    for place in data.draw(st.permutations(delayed)):
        for _ in range(counts[place]):
            late.add(FIRST + place, 1)
    late.relearn(DAY.row)
    late.look_ahead(DAY.row, ())
    assert dump(late.stored()) == dump(in_order.stored())


bands = st.builds(
    lambda means, q, phi, shares: Open(Outlook(means, [q] * 3, [q] * len(WEEK.windows)), phi, shares),
    st.lists(st.floats(0.01, 200), min_size=3, max_size=3),
    st.floats(0.001, 4),
    st.floats(1, 8),
    st.lists(st.floats(0.05, 1), min_size=3, max_size=3),
)
counts3 = st.lists(st.integers(0, 60), min_size=3, max_size=3)


@given(bands, counts3, st.integers(0, 2), st.integers(1, 30))
def test_more_cases_are_never_more_probable(band, counts, place, more):
    p = judge(WEEK, counts, band, place).p
    raised = [count + more * (i == place) for i, count in enumerate(counts)]
    assert judge(WEEK, raised, band, place).p <= p * (1 + 1e-9)


@given(bands, counts3, st.integers(0, 2), st.floats(1e-8, 0.4))
def test_the_critical_count_and_no_smaller_one_is_less_probable(band, counts, place, p):
    found = critical(WEEK, counts, band, place, p)
    at = [found if i == place else count for i, count in enumerate(counts)]
    below = [found - 1 if i == place else count for i, count in enumerate(counts)]
    assert judge(WEEK, at, band, place).p < p
    assert found == 1 or judge(WEEK, below, band, place).p >= p


@given(st.integers(0, 300), st.floats(0.01, 300), st.floats(1, 20))
def test_a_tail_falls_with_the_count_and_rises_with_the_mean(y, mean, phi):
    assert negbin.tail(y + 1, mean, phi * mean) <= negbin.tail(y, mean, phi * mean) <= 1
    assert negbin.tail(y, 2 * mean, phi * 2 * mean) >= negbin.tail(y, mean, phi * mean) - 1e-12


@pytest.mark.parametrize(
    ("mean", "phi", "most"),
    [
        pytest.param(0.5, 1.0, 0.013, id="rare"),
        pytest.param(3.0, 1.0, 0.013, id="some"),
        pytest.param(25.0, 1.0, 0.013, id="many"),
        pytest.param(3.0, 2.0, 0.015, id="some, spread"),
        pytest.param(25.0, 4.0, 0.015, id="many, very spread"),
        pytest.param(0.5, 4.0, 0.021, id="rare and very spread: robust weights take its tail for spikes"),
    ],
)
def test_under_the_null_alarms_are_about_as_rare_as_they_say(mean, phi, most):
    rng = np.random.default_rng((11, int(10 * mean), int(phi)))
    shape = (300, 260)
    counts = rng.poisson(mean, shape) if phi == 1 else rng.negative_binomial(mean / (phi - 1), 1 / phi, shape)
    p = run(Batch(WEEK, len(counts)), counts, 1, 104, np.zeros((shape[1], 2))).p
    assert 0.003 < (p < 0.01).mean() < most
    assert 0.02 < (p < 0.05).mean() < 0.08
