"""Rules files, hysteresis, completeness, calendar: the small parts."""

from datetime import date

import pytest

from mekong.schemas.alerts import State, Tier
from mekong.schemas.codes import code_list
from mekong.schemas.errors import Refused
from mekong.streams.core.spikes.rules import DEFAULT, SeriesRules, SpikeRules, read
from mekong.streams.core.spikes.series import completeness
from mekong.streams.core.spikes.series.calendar import Calendar, holidays_of
from mekong.streams.core.spikes.series.fitting import fitting, start_of
from mekong.streams.core.spikes.series.hysteresis import Standing, rise, settle
from mekong.streams.core.spikes.statistics.verdict import Verdict

RULES = SpikeRules()


def verdict(p, observed=9):
    return Verdict(100, 1, observed, 2.0, 4.0, p, 1.0, 1.0, 1.0)


def test_an_empty_file_gives_the_default_rules():
    assert read("") == DEFAULT
    assert read("").version == DEFAULT.version


def test_a_rule_changes_the_version():
    changed = read("[spike]\nopen_p = 0.01\n")
    assert changed.spike.open_p == 0.01
    assert changed.version != DEFAULT.version


@pytest.mark.parametrize(
    ("text", "line", "names"),
    [
        pytest.param("[spike]\nopen_p = 0.001\nopen_q = 2\n", 3, "spike.open_q", id="an unknown key"),
        pytest.param("# mine\n[spikes]\nopen_p = 0.001\n", 2, "spikes", id="an unknown section"),
        pytest.param("[spike]\n\nopen_p = 1.5\n", 3, "spike.open_p", id="no probability"),
        pytest.param('[bulk]\nmin_cases = "ten"\n', 2, "bulk.min_cases", id="no number"),
        pytest.param("[spike]\nopen_p = 0.2\n", 1, "severe_p <= open_p < clear_p", id="thresholds that contradict each other"),
        pytest.param("[silence]\nmin_days = 0\n", 2, "silence.min_days", id="less than there can be"),
        pytest.param("[spike\nopen_p = 0.2\n", 1, "line 1", id="no TOML"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_line(text, line, names):
    with pytest.raises(Refused) as refused:
        read(text, "my.toml")
    assert f"line {line}" in str(refused.value)
    assert names in str(refused.value)
    assert "my.toml" in str(refused.value)


@pytest.mark.parametrize(("p", "tier"), [(0.005, Tier.NOTICE), (0.0005, Tier.SPIKE), (1e-6, Tier.SEVERE)])
def test_a_tier_goes_by_how_improbable_it_is(p, tier):
    assert DEFAULT.tier(p) is tier


# p of one bucket after the other, and what is told of it
#   .0005 opens; ten times less alone does not escalate: it must be SEVERE too; usual twice in a row clears
@pytest.mark.parametrize(
    ("ps", "told"),
    [
        pytest.param([0.5, 0.002], [], id="usual"),
        pytest.param([5e-4], [State.OPEN], id="opens"),
        pytest.param([5e-4, 4e-5], [State.OPEN], id="ten times less probable and not severe"),
        pytest.param([5e-4, 1e-6], [State.OPEN, State.ESCALATED], id="severe"),
        pytest.param([5e-4, 1e-6, 1e-12], [State.OPEN, State.ESCALATED], id="escalates once"),
        pytest.param([1e-6, 1e-12], [State.OPEN], id="severe from the start"),
        pytest.param([5e-4, 0.5, 0.5], [State.OPEN, State.CLEARED], id="two usual buckets clear it"),
        pytest.param([5e-4, 0.5, 0.01, 0.5], [State.OPEN], id="one between begins again"),
        pytest.param([5e-4, 0.5, 0.5, 5e-4], [State.OPEN, State.CLEARED, State.OPEN], id="opens again when cleared"),
    ],
)
def test_an_alert_opens_escalates_and_clears(ps, told):
    standing, found = Standing(), []
    for p in ps:
        for step in (rise, settle):
            standing, said = step(standing, verdict(p), RULES)
            found += [said] if said else []
        standing = Standing.from_stored(standing.stored())
    assert found == told


def test_the_height_of_a_spike_is_remembered():
    standing, _ = rise(Standing(), verdict(5e-4, 9), RULES)
    standing, _ = settle(standing, verdict(2e-5, 14), RULES)
    assert standing.peak.observed == 14
    assert (standing.peak.bucket, standing.peak.length) == (verdict(2e-5, 14).bucket, verdict(2e-5, 14).length)


def test_a_second_look_must_be_ten_times_less_probable():
    assert rise(Standing(), verdict(5e-4), RULES, 10.0)[1] is None
    assert rise(Standing(), verdict(5e-5), RULES, 10.0)[1] is State.OPEN


def delays_of(*reports):
    delays = completeness.begin()
    for today, by_delay in enumerate(reports):
        completeness.record(delays, by_delay, today)
    return delays


def test_delays_say_which_share_should_be_in():
    delays = delays_of(*[{0: 5, 1: 3, 9: 2}] * 50)
    shares = completeness.shares(delays, range(8))
    assert shares[0] == pytest.approx(0.5, abs=0.03)
    assert shares[1] == pytest.approx(0.8, abs=0.03)
    assert shares == sorted(shares)
    assert shares[7] == 1.0


def test_nobody_is_late_at_first():
    assert completeness.shares(completeness.begin(), [0, 1]) == [1.0, 1.0]


def test_a_bulk_reporter_is_not_taken_for_a_slow_one():
    delays = delays_of(*[dict.fromkeys(range(7), 2)] * 30)
    slow = completeness.shares(delays, [0])
    for day in range(60):
        completeness.record_day(delays, 8 if day % 7 == 0 else 0, 8)
    assert slow[0] < 0.3
    assert completeness.shares(delays, [0]) == [1.0]


def test_holidays_are_of_a_country_and_a_year():
    assert date(2026, 4, 30).toordinal() in holidays_of("VN")
    assert date(2026, 5, 4).toordinal() not in holidays_of("VN")
    assert holidays_of("XX") == frozenset()


def test_every_country_of_an_agency_has_holidays_in_every_year():
    for entry in code_list("agencies").values():
        years = {date.fromordinal(day).year for day in holidays_of(entry.fields["country"])}
        assert years >= set(range(2018, 2027)), entry.code  # those of Sri Lanka are published a year ahead


def test_a_bucket_knows_its_share_of_holidays_and_phase_days():
    first = date(2026, 4, 27).toordinal()  # a Monday
    calendar = Calendar("VN", ((first + 3, first + 20),))
    holidays, phase = calendar.shares("week", (first - 1) // 7)
    assert holidays == pytest.approx(3 / 7)
    assert phase == pytest.approx(4 / 7)
    assert calendar.shares("day", first + 3) == (1.0, 1.0)


def test_the_bucket_follows_how_often_there_is_a_case_and_what_is_known_of_its_date():
    rules, since, today = SeriesRules(), 1_000, 1_200
    rare, often = dict.fromkeys(range(1_010, 1_200, 19), 1), dict.fromkeys(range(1_000, 1_200), 1)
    assert fitting((10, 0), rare, since, today, None, rules).name == "week"
    assert fitting((200, 0), often, since, today, None, rules).name == "day"
    assert fitting((10, 11), often, since, today, None, rules).name == "month"


def test_a_series_of_weeks_goes_back_to_days_only_well_above_the_border():
    rules = SeriesRules()
    counts = dict.fromkeys(range(1_000, 1_200, 4), 1)
    assert fitting((50, 0), counts, 1_000, 1_200, "week", rules).name == "week"
    assert fitting((50, 0), counts, 1_000, 1_200, None, rules).name == "day"


def test_a_history_begins_behind_its_stray_oldest_cases():
    counts = {10: 1, **dict.fromkeys(range(500, 540), 1)}
    assert start_of(counts, 600) == 501
    assert start_of({10: 1, 590: 3}, 600) == 600
