"""All members together, where old cases come first: whoever sends them, however many, and whatever is taken out of them again."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import NamedTuple

import pytest
from aiokafka import TopicPartition

from benchmarks.spikes.journal import case, fold, profile, tick
from mekong.schemas.alerts import Kind
from mekong.schemas.settings import Settings
from mekong.schemas.topics import JOURNAL
from mekong.schemas.wire import encode
from mekong.streams import relearn
from mekong.streams.agents import network
from mekong.streams.aside import LeftOut
from mekong.streams.core.journal import Entry
from mekong.streams.core.spikes.fold import MARK
from mekong.streams.core.spikes.network import sums
from mekong.streams.core.spikes.network.clocks import Expected
from mekong.streams.core.spikes.rules import Rules
from tests.amount import examples
from tests.unit.members import AGENCIES, FIRST, PARTITIONS, folded, in_step, parsed, partitions

TOGETHER = Expected(set(PARTITIONS.values()))


def old_cases(agency, count, first=0, age=1):
    """Of half a year, the newest ``age`` days old, sent on the first day."""
    found = [case(agency, first + n, FIRST - age - n % 150, FIRST, batch="history/old") for n in range(count)]
    for entry in found:
        entry["content"]["route"] = [{"role": "origin", "country": "MM"}, {"role": "destination", "country": "TH"}]
        entry["content"]["concealment_methods"] = ["luggage"]
        entry["enriched"] = {"lines": [{"code": "heroin", "base_quantity": "1", "base_unit": "kg"}]}
    return found


def begun(counts, later=None, days=12):
    """Members that all begin on the same day, with so many old cases each; ``later``: what comes on a day after it."""
    logs = {}
    for place, agency in enumerate(AGENCIES):
        logs[agency] = [[profile(agency), *old_cases(agency, counts[place], 10_000 * place)]]
        logs[agency] += [[tick(agency, FIRST + day), *((later or {}).get((agency, day), ()))] for day in range(days)]
    return logs


def withdrawn(entry):
    return {**entry, "version": 2, "status": "withdrawn", "contribution": None, "supersedes": entry["contribution"]}


def corrected(entry, **changed):
    return {**entry, "version": 2, "supersedes": entry["contribution"], "contribution": entry["contribution"] | changed}


def learnt(state, group):
    """The counts of a group's series."""
    found = parsed(state)
    return found[f"old/{group}"]["counts"] + found[f"closed/{group}"]["counts"] + found[f"now/{group}"]["series"]["counts"]


@pytest.mark.parametrize("counts", [(200, 300, 0), (300, 200, 0), (100, 300, 900)])
def test_the_old_cases_of_all_members_are_counted_whoever_has_more(counts):
    state = {}
    folded(in_step(begun(counts)), state=state, expected=TOGETHER)
    assert parsed(state)["now/drug"]["known"] == [sum(counts), 0]


def test_old_cases_may_all_be_withdrawn():
    old = old_cases(AGENCIES[0], 200)
    logs = begun((200, 300, 0), {(AGENCIES[0], 10): map(withdrawn, old)}, days=60)
    state = {}
    folded(in_step(logs), state=state, expected=TOGETHER, run=50)
    assert parsed(state)["now/drug"]["known"] == [300, 0]
    assert min(learnt(state, "drug")) == 0


def test_a_month_s_cases_from_before_the_series_began_anew_are_not_taken_out_of_it():
    thai, viet = AGENCIES[1:]
    months = [case(thai, n, FIRST, FIRST + 9, size="month") for n in range(30)]
    logs = {thai: [[profile(thai)]], viet: [[profile(viet)]]}
    for day in range(150):
        sent = [tick(thai, FIRST + day)]
        if day == 9:
            sent += months
        if day == 24:  # their days are known now
            sent += [corrected(one, precision="day", day="2024-01-06") for one in months]
        if day > 31 and date.fromordinal(FIRST + day).day == 28:
            sent += [case(thai, 100 * day + n, FIRST + day - 27, FIRST + day, size="month") for n in range(30)]
        logs[thai].append(sent)
        others = range(5 * (day >= 14))  # who joins reports more: the series begin anew
        logs[viet].append([tick(viet, FIRST + day), *(case(viet, 100 * day + n, FIRST + day, FIRST + day, group="fauna") for n in others)])
    state = {}
    folded(in_step(logs), state=state, run=20, partitions={thai: 0, viet: 1})
    assert min(parsed(state)["now/drug"]["months"].values()) > 0
    assert parsed(state)["now/drug"]["known"] == [0, 120]


def test_an_agency_s_stray_old_case_can_be_taken_out_of_its_series_too():
    agency = AGENCIES[2]
    stray = case(agency, 1, FIRST - 280, FIRST, group="fauna")
    moved = corrected(stray, groups={"timber": [1, 0]})
    later = [case(agency, 100 + n, FIRST - 900 + 8 * n, FIRST + 31, group="fauna") for n in range(21)]
    log = [profile(agency), stray, *(tick(agency, FIRST + day) for day in range(17)), moved]
    log += [*(tick(agency, FIRST + day) for day in range(17, 32)), *later, tick(agency, FIRST + 32)]
    _, state = fold(agency, log)
    assert parsed(state)["now/fauna"]["known"] == [21, 0]
    assert min(learnt(state, "fauna")) == 0


@pytest.mark.parametrize("spike_on", [60, 80])
def test_who_sends_more_old_cases_than_one_run_holds_costs_no_alert(spike_on):
    logs = partitions(spike_on=spike_on)
    lao = [profile(AGENCIES[0]), *old_cases(AGENCIES[0], 500, 50_000), *(entry for day in logs[AGENCIES[0]][31:] for entry in day)]
    thai, viet = ([entry for day in logs[agency] for entry in day] for agency in AGENCIES[1:])
    whole = [encode(alert) for alert in folded(lao + thai + viet, expected=TOGETHER)]
    assert any(b'"SPIKE"' in alert for alert in whole)
    in_turn = [entry for first in range(0, 1_000, 400) for log in (lao, thai, viet) for entry in log[first : first + 400]]
    assert [encode(alert) for alert in folded(in_turn, run=400, expected=TOGETHER)] == whole


def test_every_combination_is_counted_but_those_of_a_case_that_has_too_many_to_say_anything():
    cases = examples(4_000)
    methods = cases * 5 // 8
    sent = {(agency, 5): old_cases(agency, cases) for agency in AGENCIES[:2]}
    for (agency, _), entries in sent.items():
        for n, entry in enumerate(entries):
            entry["content"]["concealment_methods"] = [f"method {n % methods:04d} of {agency}"]
    (strange,) = old_cases(AGENCIES[2], 1, first=90_000)
    strange["content"]["concealment_methods"] = [f"method {n}" for n in range(sums.MOST_COMBINATIONS + 1)]
    logs = begun((0, 0, 0), sent | {(AGENCIES[2], 5): [strange]})
    states = {}, {}
    folded([entry for agency in AGENCIES for day in logs[agency] for entry in day], state=states[0], expected=TOGETHER)
    folded([entry for agency in reversed(AGENCIES) for day in logs[agency] for entry in day], state=states[1], expected=TOGETHER)
    assert parsed(states[0]) == parsed(states[1])
    seen = {name: part["n"] for name, part in parsed(states[0]).items() if name.startswith("seen/combination/")}
    assert len(seen) == 2 * methods  # nothing is left out: not the last of the alphabet, and not the first
    assert seen["seen/combination/heroin|MM>TH|method 0000 of TH-CUSTOMS"] == 2
    assert seen[f"seen/combination/heroin|MM>TH|method {methods - 1:04d} of TH-CUSTOMS"] == 1
    assert parsed(states[0])["known/combination"] | {"f": 1} == {"f": 1, "counted": 2 * cases, "once": 2 * (2 * methods - cases)}


def test_old_cases_in_the_sums_of_a_day_are_figures_not_names():
    state = {}
    folded([profile(AGENCIES[0]), *old_cases(AGENCIES[0], 3_000, age=100)], state=state, expected=TOGETHER)
    kept = {name: raw for name, raw in state.items() if name.startswith("day/")}
    assert max(map(len, kept.values())) < 1_000
    assert sum(map(len, kept.values())) < 120_000  # for any number of cases of 150 days


def test_one_case_with_two_goods_among_the_largest_is_told_once():
    logs = partitions(spike_on=-1)
    for entry in (entry for log in logs.values() for day in log for entry in day if entry["kind"] == "version"):
        with_goods(entry, {"cannabis": 1, "ketamine": 1})
    logs[AGENCIES[2]][86].append(with_goods(case(AGENCIES[2], 99_999, FIRST + 85, FIRST + 85), {"cannabis": 9, "ketamine": 5}))
    (alert,) = [alert for alert in folded(in_step(logs), Rules(major={"min_cases": 40})) if alert.kind is Kind.MAJOR]
    assert "9 kg of cannabis" in alert.sentences.en


def with_goods(entry, kilograms):
    entry["content"]["lines"] = [{"commodity_group": "drug"} for _ in kilograms]
    entry["enriched"] = {"lines": [{"code": code, "base_quantity": str(kg), "base_unit": "kg"} for code, kg in kilograms.items()]}
    return entry


class Lane:
    """What relearning needs of one."""

    name = "network-0"

    def __init__(self, state, positions):
        self.state, self.positions = state, positions

    async def change(self, changes):
        for key, value in changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value


class At(NamedTuple):
    """An entry where it stands in its partition."""

    offset: int
    entry: dict


def test_what_is_learnt_again_was_told_before_a_partition_began_that_was_empty_then(monkeypatch):
    logs = partitions()
    source = {TopicPartition(JOURNAL.name, PARTITIONS[agency]): [entry for day in logs[agency] for entry in day] for agency in AGENCIES[1:]}

    async def in_parts(tp, position, options, first):
        yield [At(offset, entry) for offset, entry in enumerate(source[tp][:position])][first:]

    async def expected_of(settings, options):  # the third member's partition holds its first entry by now
        return TOGETHER

    async def left_by(stage, options):
        return LeftOut({}, {})

    monkeypatch.setattr(relearn, "in_parts", in_parts)
    monkeypatch.setattr(relearn, "left_by", left_by)
    monkeypatch.setattr(network, "expected_of", expected_of)
    monkeypatch.setattr(network, "read", lambda records: [Entry(0, getattr(one, "entry", one)) for one in records])
    plan = network.plan(Settings())
    lane = Lane({MARK: b"1"}, {tp: len(entries) for tp, entries in source.items()})
    asyncio.run(plan.opened(lane, {}))

    last = FIRST + len(logs[AGENCIES[0]]) - 1
    joins = [profile(AGENCIES[0]), tick(AGENCIES[0], last)]
    told = dict(plan.fold(lane.state, {}, TopicPartition(JOURNAL.name, PARTITIONS[AGENCIES[0]]), joins))
    state, changes = lane.state, {}
    for agency in AGENCIES:
        told |= plan.fold(state, changes, TopicPartition(JOURNAL.name, PARTITIONS[agency]), [tick(agency, last + 1)])
    assert not told
