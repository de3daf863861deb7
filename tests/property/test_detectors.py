"""Each detector alone: shuffled within a day, cut into runs, and rebuilt, a journal gives the same state and the same alerts."""

from __future__ import annotations

from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.spikes.journal import case, fold, profile, tick
from mekong.schemas.wire import encode
from mekong.streams.core.spikes import agency
from mekong.streams.core.spikes.kinds import DETECTORS
from tests.amount import examples
from tests.property.test_spikes_fold import kept

AGENCY = "VN-CUSTOMS"
FIRST = 738_900
CASES = st.tuples(
    st.sampled_from(["drug", "fauna"]),
    st.sampled_from([0, 0, 0, 0, 3, 50]),
    st.sampled_from(["LA", "MM", "TH"]),
    st.sampled_from(["none", "vehicle", "body"]),
    st.integers(1, 25),
)
"""Group, days ago, origin, concealment, lines."""
PLANS = st.lists(st.lists(CASES, max_size=6), min_size=5, max_size=40)
EVERY = pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.kind)


@contextmanager
def alone(detector):
    with patch.object(agency, "DETECTORS", (detector,)):
        yield


def journal(plan, shuffled=list):
    entries, number = [profile(AGENCY)], 0
    for place, arrivals in enumerate([*plan, []]):
        entries.append(tick(AGENCY, FIRST + place))
        today = []
        for group, ago, origin, concealment, lines in arrivals:
            number += 1
            entry = case(AGENCY, number, FIRST + place - ago, FIRST + place, group=group)
            entry["content"]["route"] = [{"role": "origin", "country": origin}, {"role": "destination", "country": "VN"}]
            entry["content"]["concealment_methods"] = [concealment]
            entry["content"]["lines"] *= lines
            entry["enriched"]["lines"] *= lines
            today.append(entry)
        entries += shuffled(today)
    return entries


@EVERY
@settings(deadline=None, max_examples=examples(8))
@given(PLANS, st.integers(1, 30))
def test_cut_into_runs_and_rebuilt_it_gives_the_same_state_and_raises_nothing_twice(detector, plan, length):
    entries = journal(plan)
    with alone(detector):
        alerts, state = fold(AGENCY, entries)
        cut_alerts, cut = fold(AGENCY, entries, run=length)
        rebuilt, again = fold(AGENCY, entries)
    assert cut == again == state
    assert [encode(one) for one in cut_alerts] == [encode(one) for one in rebuilt] == [encode(one) for one in alerts]
    assert len({one.alert_id for one in alerts}) == len(alerts), f"{detector.kind}: the same alert_id twice"
    assert {one.kind for one in alerts} <= {detector.kind}


@EVERY
@settings(deadline=None, max_examples=examples(8))
@given(PLANS, st.randoms(use_true_random=False))
def test_the_order_inside_a_day_leaves_no_trace_in_what_it_keeps(detector, plan, random):
    with alone(detector):
        _, state = fold(AGENCY, journal(plan))
        _, shuffled = fold(AGENCY, journal(plan, lambda entries: random.sample(entries, len(entries))))
    assert kept(shuffled) == kept(state), f"{detector.kind}: what is kept depends on the order inside a day"
