"""All members together: the same in any interleaving of their partitions."""

from datetime import date

import numpy as np
import pytest

from benchmarks.spikes.journal import case, profile, tick
from schemas.alerts import Kind, State, Tier
from schemas.wire import dump, encode, load
from streams.core.spikes.network import Network
from streams.core.spikes.rules import Rules

FIRST = date(2024, 1, 1).toordinal()
AGENCIES = ("LA-CUSTOMS", "TH-CUSTOMS", "VN-CUSTOMS")


def partitions(days=90, spike_on=80):
    """Each agency's entries by day; on one day each has a few more than usual."""
    found = {}
    for seed, agency in enumerate(AGENCIES):
        rng, number, log = np.random.default_rng(seed), 0, [[profile(agency)]]
        for day in range(days):
            today = [tick(agency, FIRST + day)]
            for _ in range(int(rng.poisson(0.6)) + 4 * (day == spike_on)):
                number += 1
                entry = case(agency, number, FIRST + day, FIRST + day)
                entry["content"]["route"] = [{"role": "origin", "country": "MM"}, {"role": "destination", "country": "TH"}]
                entry["content"]["concealment_methods"] = ["luggage"]
                kilograms = 900 if number == 30 and agency == "TH-CUSTOMS" else 1 + number % 3
                entry["enriched"] = {"lines": [{"code": "heroin", "base_quantity": str(kilograms), "base_unit": "kg"}]}
                today.append(entry)
            log.append(today)
        found[agency] = log
    return found


def in_step(logs):
    return [entry for day in zip(*logs.values(), strict=True) for part in day for entry in part]


def one_behind(logs):
    """The first agency's partition is read a day later than the others', once all have had their first tick."""
    first, *others = logs.values()
    found = [entry for log in logs.values() for entry in [*log[0], log[1][0]]]
    for day in range(1, len(first) + 1):
        for log in others:
            found += log[day][day == 1 :] if day < len(log) else []
        found += first[day - 1][day == 2 :] if day > 1 else []
    return found


def folded(entries, rules=None, run=10**9):
    state, alerts, network = {}, [], None

    def get(name):
        return load(state[name]) if name in state else None

    for place, entry in enumerate(entries):
        if network is None or place % run == 0:
            if network:
                state.update({name: dump(value) for name, value in network.stored().items()})
            network = Network.from_stored(get, rules or Rules())
        alerts += network.take(entry)
    return alerts


def test_a_rise_in_all_members_together_is_told_of_all_members():
    spikes = [alert for alert in folded(in_step(partitions())) if alert.kind is Kind.SPIKE]
    assert [alert.state for alert in spikes][:1] == [State.OPEN]
    assert spikes[0].network
    assert spikes[0].agency is None
    assert spikes[0].series == "network/drug"
    assert spikes[0].bucket.end == date.fromordinal(FIRST + 80)
    assert spikes[0].observed >= 12
    assert len(spikes[0].event_ids) == spikes[0].observed
    assert "agency =" not in spikes[0].sql
    assert spikes[0].sentences.en.startswith("All members together")


@pytest.mark.parametrize("run", [7, 50])
def test_the_interleaving_of_partitions_and_the_cut_into_runs_leave_no_trace(run):
    logs = partitions()
    plain = sorted(encode(alert) for alert in folded(in_step(logs)))
    assert plain
    assert sorted(encode(alert) for alert in folded(one_behind(logs), run=run)) == plain


def test_a_member_whose_clock_stands_is_not_waited_for():
    logs = partitions()
    logs["LA-CUSTOMS"] = [*logs["LA-CUSTOMS"][:40], *[[] for _ in range(51)]]
    assert any(alert.kind is Kind.SPIKE for alert in folded(in_step(logs)))


def test_a_combination_no_member_ever_had_is_told_once():
    logs = partitions()
    for place in (70, 75):
        new = logs["VN-CUSTOMS"][place][-1]
        if new["kind"] == "tick":
            new = case("VN-CUSTOMS", 9_000 + place, FIRST + place - 1, FIRST + place - 1)
            new["enriched"] = {"lines": [{"code": "heroin"}]}
            logs["VN-CUSTOMS"][place].append(new)
        new["content"]["route"] = [{"role": "origin", "country": "LA"}, {"role": "destination", "country": "VN"}]
        new["content"]["concealment_methods"] = ["on_body"]
    (alert,) = [alert for alert in folded(in_step(logs)) if alert.kind is Kind.FIRST_SEEN]
    assert alert.tier is Tier.NOTICE
    assert "Laos → Vietnam" in alert.sentences.en
    assert alert.explain.p <= 0.05


def test_a_case_above_nearly_all_of_the_same_goods_is_major_unless_its_agency_has_told_of_it():
    rules = Rules(major={"min_cases": 40})
    found = [alert for alert in folded(in_step(partitions()), rules) if alert.kind is Kind.MAJOR]
    assert found == []  # 900 kg of heroin are over the declared 200
    logs = partitions()
    for log in logs.values():
        for entry in (entry for day in log for entry in day if entry["kind"] == "version"):
            line = entry["enriched"]["lines"][0]
            line["base_quantity"] = str(min(150, int(line["base_quantity"])))
    (alert,) = [alert for alert in folded(in_step(logs), rules) if alert.kind is Kind.MAJOR]
    assert "150 kg of Heroin" in alert.sentences.en
    assert "among the largest 0.5 %" in alert.sentences.en
