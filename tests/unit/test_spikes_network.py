"""All members together: the same in any interleaving of their partitions."""

from datetime import date

import numpy as np
import pytest

from benchmarks.spikes.journal import case
from mekong.schemas.alerts import Kind, State, Tier
from mekong.schemas.wire import encode
from mekong.streams.core.spikes.network.clocks import Clocks, Expected
from mekong.streams.core.spikes.rules import Rules
from tests.unit.members import AGENCIES, FIRST, PARTITIONS, folded, in_step, parsed, partitions


def one_after_the_other(logs):
    """Each partition is read to its end before the next is begun, the last agency's first."""
    return [entry for log in reversed(logs.values()) for day in log for entry in day]


def shuffled(logs, seed):
    """Any partition may be read on at any moment, by a few entries."""
    rng, waiting, found = np.random.default_rng(seed), {agency: one_after_the_other({agency: log}) for agency, log in logs.items()}, []
    while any(waiting.values()):
        agency = rng.choice([agency for agency, log in waiting.items() if log])
        count = int(rng.integers(1, 60))
        found += waiting[agency][:count]
        waiting[agency] = waiting[agency][count:]
    return found


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


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(one_after_the_other, id="one after the other"),
        pytest.param(lambda logs: shuffled(logs, 1), id="in any order"),
        pytest.param(lambda logs: shuffled(logs, 2), id="in another order"),
    ],
)
def test_the_interleaving_of_partitions_and_the_cut_into_runs_leave_no_trace(read):
    logs = partitions()
    logs["LA-CUSTOMS"] = [*[[] for _ in range(30)], *logs["LA-CUSTOMS"][:1], *logs["LA-CUSTOMS"][31:]]  # joins a month later
    states = {}, {}
    plain = [encode(alert) for alert in folded(in_step(logs), state=states[0])]
    assert plain
    assert [encode(alert) for alert in folded(read(logs), run=50, state=states[1])] == plain
    assert parsed(states[1]) == parsed(states[0])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("joins", [1, 30, 85])
def test_who_reads_it_all_later_learns_what_one_that_was_there_did(joins, seed):
    logs, states = partitions(), ({}, {})
    logs["LA-CUSTOMS"] = [*[[] for _ in range(joins)], *logs["LA-CUSTOMS"][:1], *logs["LA-CUSTOMS"][joins + 1 :]]
    was_there = Expected(set(PARTITIONS.values()) - {PARTITIONS["LA-CUSTOMS"]})  # the partition had no entries when it began
    told = [encode(alert) for alert in folded(in_step(logs), run=7, state=states[0], expected=was_there)]
    assert [encode(alert) for alert in folded(shuffled(logs, seed), run=50, state=states[1])] == told
    assert parsed(states[1]) == parsed(states[0])


@pytest.mark.parametrize("read", [one_after_the_other, lambda logs: shuffled(logs, 3)], ids=["one after the other", "in any order"])
def test_in_a_replay_all_agencies_of_one_partition_may_be_months_apart(read):
    logs, together = partitions(), dict.fromkeys(AGENCIES, 0)
    plain = [encode(alert) for alert in folded(in_step(logs), partitions=together, is_replay=True)]
    assert any(b'"SPIKE"' in alert for alert in plain)
    assert [encode(alert) for alert in folded(read(logs), run=50, partitions=together, is_replay=True)] == plain


def test_a_member_whose_clock_stands_is_not_waited_for_once_its_partition_has_gone_on():
    logs = partitions()
    logs["LA-CUSTOMS"] = [*logs["LA-CUSTOMS"][:40], *[[] for _ in range(51)]]
    together = PARTITIONS | {"LA-CUSTOMS": PARTITIONS["VN-CUSTOMS"]}
    found = [encode(alert) for alert in folded(in_step(logs), partitions=together)]
    assert any(b'"SPIKE"' in alert for alert in found)
    apart = [entry for entry in in_step(logs) if entry["agency"] != "TH-CUSTOMS"] + one_after_the_other({"TH": logs["TH-CUSTOMS"]})
    assert [encode(alert) for alert in folded(apart, partitions=together)] == found


def test_what_comes_from_a_member_that_was_lost_counts_on_the_day_on_which_it_comes():
    clocks = Clocks({"by": {}, "fronts": {}})
    for agency in AGENCIES[:2]:
        clocks.meet(agency, 0)
        clocks.tick(agency, "2024-01-01T00:00:00Z")
    assert clocks.day_of("LA-CUSTOMS") == FIRST + 2  # new: by then nobody is further
    for day in range(2, 20):
        clocks.tick("TH-CUSTOMS", f"2024-01-{day:02d}T00:00:00Z")
    assert clocks.today() == clocks.day_of("LA-CUSTOMS") == FIRST + 18
    clocks.tick("LA-CUSTOMS", "2024-01-17T00:00:00Z")
    assert clocks.day_of("LA-CUSTOMS") == FIRST + 18  # it still has to catch up
    clocks.tick("LA-CUSTOMS", "2024-01-19T00:00:00Z")
    clocks.tick("TH-CUSTOMS", "2024-01-20T00:00:00Z")
    assert clocks.today() == clocks.day_of("LA-CUSTOMS") == FIRST + 18  # and is waited for again


def test_nothing_is_over_before_every_partition_that_holds_entries_has_ticked():
    clocks = Clocks({"by": {}, "fronts": {}}, Expected({3, 5}))
    clocks.meet("LA-CUSTOMS", 3)
    clocks.tick("LA-CUSTOMS", "2024-01-01T00:00:00Z")
    assert clocks.today() is None
    clocks.meet("VN-CUSTOMS", 5)
    assert clocks.today() is None  # a member's old cases may come before its first tick, more than one run of them
    clocks.tick("VN-CUSTOMS", "2024-01-01T00:00:00Z")
    assert clocks.today() == FIRST + 2


def test_old_cases_sent_as_history_are_counted_and_are_no_news():
    logs = partitions()
    for entry in (entry for log in logs.values() for day in log for entry in day):
        entry["batch"] = "history/old.jsonl"
    assert {alert.kind for alert in folded(in_step(logs))} <= {Kind.SPIKE}  # what has been counted on its day is judged


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


def test_members_that_join_and_report_more_than_all_others_are_no_spike_of_all_members():
    logs = partitions(spike_on=-1)
    for agency in AGENCIES[1:]:  # a month of days without them, then ten cases a day
        number = 10_000
        for place, day in enumerate(logs[agency][1:]):
            day[:] = [day[0]]
            for _ in range(10 * (place >= 45)):
                number += 1
                day.append(case(agency, number, FIRST + place, FIRST + place))
    assert not [alert for alert in folded(in_step(logs)) if alert.kind is Kind.SPIKE]


def test_late_reports_of_days_before_the_series_began_anew_are_no_history_of_them():
    logs = partitions(spike_on=-1)
    for agency in AGENCIES[1:]:  # they join after a month and a half, and a third of what they report is ten days old
        number = 10_000
        for place, day in enumerate(logs[agency][1:]):
            day[:] = [day[0]]
            for late in [0] * (10 * (place >= 45)) + [10] * (5 * (45 < place < 85)):
                number += 1
                day.append(case(agency, number, FIRST + place - late, FIRST + place))
    assert not [alert for alert in folded(in_step(logs)) if alert.kind in {Kind.SPIKE, Kind.RETRO_SPIKE}]


def with_time(logs):
    """The same, with the partitions' own ticks: each partition is of one agency here."""
    return {agency: [log[0], *([time(agency, day), *log[day + 1]] for day in range(len(log) - 1))] for agency, log in logs.items()}


def time(agency, day):
    return {"kind": "time", "agency": agency, "at": f"{date.fromordinal(FIRST + day)}T01:00:00Z"}


def silent_from(day, *said):
    """The logs of all; one agency, alone in its partition, says nothing more from a day on."""
    logs = partitions()
    logs["LA-CUSTOMS"] = [*logs["LA-CUSTOMS"][:day], [*said], *[[] for _ in range(90 - day)]]
    return logs


def test_an_agency_that_falls_silent_alone_in_its_partition_does_not_stop_the_networks_days():
    assert not any(b'"SPIKE"' in encode(alert) for alert in folded(in_step(silent_from(40))))
    assert any(b'"SPIKE"' in encode(alert) for alert in folded(in_step(with_time(silent_from(40)))))


@pytest.mark.parametrize("is_back_on", [61, 89])
@pytest.mark.parametrize(
    "read",
    [
        pytest.param(one_after_the_other, id="one after the other"),
        pytest.param(lambda logs: shuffled(logs, 1), id="in any order"),
        pytest.param(lambda logs: shuffled(logs, 2), id="in another order"),
    ],
)
def test_what_is_judged_without_a_parked_agency_hangs_on_no_order(read, is_back_on):
    order = {"kind": "source", "agency": "LA-CUSTOMS", "order": {"action": "park"}}
    logs, all_days = silent_from(40, order), partitions()["LA-CUSTOMS"]
    logs["LA-CUSTOMS"][is_back_on] = [
        order | {"order": {"action": "unpark"}},
        *(entry for day in all_days[40 : is_back_on + 1] for entry in day),
    ]
    logs["LA-CUSTOMS"][is_back_on + 1 :] = all_days[is_back_on + 1 :]
    logs = with_time(logs)
    plain = [encode(alert) for alert in folded(in_step(logs))]
    assert any(b'"SPIKE"' in alert for alert in plain)
    assert [encode(alert) for alert in folded(read(logs), run=50)] == plain


@pytest.mark.parametrize("status", ["parked", "profile"])
def test_an_agency_that_is_away_is_waited_for_no_day_longer_and_again_when_it_has_caught_up(status):
    clocks = Clocks({"by": {}, "fronts": {}}, Expected({0}))
    for agency in AGENCIES[:2]:
        clocks.meet(agency, 0)
    for day in range(1, 8):
        clocks.tick("LA-CUSTOMS", f"2024-01-{day:02d}T00:00:00Z")
        clocks.tick("TH-CUSTOMS", f"2024-01-{day + 1:02d}T00:00:00Z")
    assert clocks.today() == FIRST + 6  # a clock that is one day behind is not lost
    clocks.set_away("LA-CUSTOMS", status, is_away=True)
    assert clocks.today() == FIRST + 7
    clocks.pass_to(0, "2024-01-12T00:00:00Z")
    clocks.tick("TH-CUSTOMS", "2024-01-12T00:00:00Z")
    clocks.set_away("LA-CUSTOMS", status, is_away=False)
    clocks.tick("LA-CUSTOMS", "2024-01-10T00:00:00Z")
    assert clocks.today() == clocks.day_of("LA-CUSTOMS") == FIRST + 11  # it still has to catch up
    clocks.tick("LA-CUSTOMS", "2024-01-12T00:00:00Z")
    clocks.tick("TH-CUSTOMS", "2024-01-13T00:00:00Z")
    assert clocks.today() == FIRST + 11  # and is waited for again
