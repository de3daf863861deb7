"""Many simulated phases against the published figures; tolerances are stated beside each."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from random import Random
from statistics import mean, median

import pytest

from mekong.producers.simulate import simulate
from mekong.producers.simulation.calendar import PHI
from mekong.producers.simulation.cases import TWINS, poisson
from mekong.producers.simulation.goods import MULTI_LINE
from mekong.producers.simulation.history import AGAIN_CORRECTED, CORRECTED, IMPLICIT, WITHDRAWN
from mekong.producers.simulation.phases import CITES, TOTALS
from mekong.producers.simulation.weights import LARGEST_G, MEAN_G, MEDIAN_G, SIGMA_ABOVE, drug_grams, mean_of_halves
from tests.amount import PART, examples

ANY_ID = "00000000-0000-8000-8000-000000000000"
WORLDS = 4 if PART == 1 else 2
SEEDS = range(WORLDS)
PHASES = ("I", "II", "IV", "V", "VII")


def spread(expected, worlds=WORLDS):
    """Three standard errors of a mean over that many worlds: counts vary by chance, with variance PHI times the mean."""
    return 3 * (PHI * expected / worlds) ** 0.5


@pytest.fixture(scope="module")
def sent():
    """All messages, by phase and seed."""
    return {phase: [simulate(phase, seed, event_id=lambda *_: ANY_ID).messages for seed in SEEDS] for phase in PHASES}


@pytest.fixture(scope="module")
def worlds(sent):
    """The first report of every case that is not withdrawn, with its arrival, by phase and seed."""
    return {phase: [first_reports(messages) for messages in each] for phase, each in sent.items()}


def first_reports(messages):
    gone = {message.case_no for _, message in messages if message.message_type == "withdrawal"}
    cases = {}
    for at, message in messages:
        if message.message_type == "seizure" and message.case_no not in gone:
            cases.setdefault(message.case_no, (at, message))
    return cases


def first_groups(cases):
    return Counter(message.lines[0].commodity_group for _, message in cases.values())


@pytest.mark.parametrize("phase", PHASES)
def test_the_cases_of_a_phase_are_as_many_as_published(worlds, phase):
    """The mean over the worlds within three standard errors, each world within four deviations."""
    published = TOTALS[f"OMD-{phase}"].cases
    each = [len(cases) for cases in worlds[phase]]
    assert mean(each) == pytest.approx(published, abs=spread(published))
    assert all(abs(one - published) < spread(published, worlds=9 / 16) for one in each)


@pytest.mark.parametrize("phase", PHASES)
def test_drugs_precursors_and_wildlife_share_the_cases_as_published(worlds, phase):
    published = TOTALS[f"OMD-{phase}"]
    groups = [first_groups(cases) for cases in worlds[phase]]
    assert mean(sum(one[group] for group in CITES) for one in groups) == pytest.approx(published.cites, abs=spread(published.cites))
    assert mean(one["precursor"] for one in groups) == pytest.approx(published.precursors, abs=spread(published.precursors))
    drugs = published.cases - published.cites - published.precursors
    assert mean(one["drug"] for one in groups) == pytest.approx(drugs, abs=spread(drugs))


def test_viet_nam_and_australia_report_in_phase_v_what_is_published():
    """123 cases of Viet Nam and more than 90 of Australia, where nothing is planted."""
    counts = []
    for seed in SEEDS:
        found = {message.case_no: message.agency[:2] for _, message in simulate("V", seed, planted=False).messages}
        counts.append(Counter(found[number] for number in found if "-W" not in number))
    assert mean(one["VN"] for one in counts) == pytest.approx(123, abs=spread(123))
    assert mean(one["AU"] for one in counts) == pytest.approx(95, abs=spread(95))


def test_in_phase_ii_nine_countries_report(worlds):
    for cases in worlds["II"]:
        assert len({message.agency[:2] for _, message in cases.values()}) == 9


def test_members_are_very_uneven_and_report_about_three_cases_a_week(worlds):
    for cases in worlds["V"]:
        sizes = sorted(Counter(message.agency for _, message in cases.values()).values(), reverse=True)
        assert 2.2 < sum(sizes) / 29 / 22 < 3.2
        assert sum(sizes[:5]) > 0.35 * sum(sizes)
        assert sizes[-1] < 10


def test_about_one_case_in_five_has_several_lines(worlds):
    share = mean(len(message.lines) > 1 for cases in worlds["V"] for _, message in cases.values())
    assert share == pytest.approx(MULTI_LINE, abs=0.02)


def test_about_one_row_in_77_is_the_same_in_all_fields(worlds):
    shares = []
    for phase in ("IV", "V"):
        for cases in worlds[phase]:
            counted = Counter(
                (json.dumps(message.model_dump(mode="json", exclude={"case_no", "reported_at", "lines"})), line.model_dump_json())
                for _, message in cases.values()
                for line in message.lines
            )
            shares.append(1 - len(counted) / sum(counted.values()))
    assert mean(shares) == pytest.approx(TWINS, abs=0.003)


def test_reports_take_minutes_to_a_year(worlds):
    days = []
    for at, message in (one for cases in worlds["V"] for one in cases.values()):
        if "T" in message.seized_at:
            days.append((at - type(at).fromisoformat(message.seized_at)) / timedelta(days=1))
    assert 0 < min(days) < 10 / 1440
    assert 200 < max(days) <= 366
    assert 0.02 < mean(one > 8 for one in days) < 0.06


def test_warnings_and_feedback_come_in_the_published_proportions(sent):
    """6 warnings in phase I; about 19 of Viet Nam in phase V; one feedback to six warnings."""
    small = examples(20)
    kinds = [Counter(message.message_type for _, message in simulate("I", seed).messages) for seed in range(small)]
    assert mean(one["warning"] for one in kinds) == pytest.approx(6, abs=spread(6, worlds=small))
    viet_nam = [sum(one.message_type == "warning" and one.agency == "VN-CUSTOMS" for _, one in each) for each in sent["V"]]
    assert mean(viet_nam) == pytest.approx(19 * 108 / 123, abs=spread(17))
    total = Counter(one.message_type for phase in sent.values() for each in phase for _, one in each)
    assert total["feedback"] / total["warning"] == pytest.approx(1 / 6, rel=0.2)


def test_some_messages_correct_withdraw_or_repeat(sent):
    kinds = Counter(message.message_type for each in sent["V"] for _, message in each)
    assert kinds["correction"] / kinds["seizure"] == pytest.approx(CORRECTED * (1 - IMPLICIT) / (1 - AGAIN_CORRECTED), rel=0.2)
    assert kinds["withdrawal"] / kinds["seizure"] == pytest.approx(WITHDRAWN, rel=0.3)


def test_drug_weights_have_the_published_median_mean_and_largest():
    assert mean_of_halves(SIGMA_ABOVE) == pytest.approx(MEAN_G, rel=0.001)
    drawn = [drug_grams(chance) for chance in [Random(11)] for _ in range(40_000)]
    assert median(drawn) == pytest.approx(MEDIAN_G, rel=0.08)
    assert mean(drawn) == pytest.approx(MEAN_G, rel=0.15)
    assert max(drawn) <= LARGEST_G


def test_fewer_cases_fall_on_sundays_than_on_fridays(worlds):
    days = Counter(
        type(at).fromisoformat(message.seized_at).weekday()
        for cases in worlds["V"]
        for at, message in cases.values()
        if "T" in message.seized_at
    )
    assert days[6] / days[4] == pytest.approx(0.65 / 1.15, rel=0.15)


@pytest.mark.parametrize("expected", [0.3, 4.0, 75.0])
def test_a_poisson_count_has_its_mean_as_its_variance(expected):
    chance = Random(3)
    drawn = [poisson(chance, expected) for _ in range(5_000)]
    assert mean(drawn) == pytest.approx(expected, rel=0.05)
    assert mean((one - expected) ** 2 for one in drawn) == pytest.approx(expected, rel=0.1)
