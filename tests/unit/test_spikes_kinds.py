"""Each kind of alert, over journals of one agency."""

from datetime import date, timedelta

import numpy as np
import pytest

from benchmarks.spikes.journal import case, fold, profile, tick
from mekong.schemas.alerts import MOST_EVENTS, Kind, State, Tier
from mekong.schemas.wire import dump, load
from mekong.streams.core.spikes.agency import AgencyDetectors
from mekong.streams.core.spikes.case import read
from mekong.streams.core.spikes.kinds import bulk
from mekong.streams.core.spikes.rules import Rules, SeriesRules
from mekong.streams.core.spikes.seen import Seen
from mekong.streams.core.spikes.series.calendar import Calendar
from mekong.streams.core.spikes.series.regressors import Regressors
from mekong.streams.core.spikes.series.series import Series
from mekong.streams.core.spikes.statistics.shape import ARRIVALS
from mekong.streams.core.spikes.store import DetectorStore

AGENCY = "VN-CUSTOMS"
FIRST = date(2024, 1, 1).toordinal()


class Log:
    """A journal, day by day."""

    def __init__(self, phases=()):
        self.entries, self.number, self.day = [profile(AGENCY, phases=phases)], 0, FIRST - 1

    def begin_day(self):
        self.day += 1
        self.entries.append(tick(AGENCY, self.day))

    def cases(self, count, day=None, **options):
        found = []
        for _ in range(count):
            self.number += 1
            found.append(case(AGENCY, self.number, self.day if day is None else day, self.day, **options))
        self.entries += found
        return found

    def alerts(self, kind=None, rules=None):
        found, _ = fold(AGENCY, self.entries, rules or Rules())
        return [alert for alert in found if kind in {None, alert.kind}]


@pytest.fixture
def log():
    """A hundred days of two cases a day."""
    found, rng = Log(), np.random.default_rng(8)
    for _ in range(100):
        found.begin_day()
        found.cases(int(rng.poisson(2.0)))
    found.begin_day()
    return found


def quiet(log, days=8, cases=2):
    for _ in range(days):
        log.begin_day()
        log.cases(cases)
    log.begin_day()


def test_a_spike_opens_on_the_record_that_crosses_and_says_what_stands_out(log):
    for entry in log.cases(10):
        entry["content"]["route"] = [{"role": "origin", "country": "LA"}, {"role": "destination", "country": "VN"}]
        entry["content"]["concealment_methods"] = []
    (alert,) = log.alerts()
    assert (alert.kind, alert.state) == (Kind.SPIKE, State.OPEN)
    assert alert.raised_at.date().toordinal() == log.day
    assert alert.observed == alert.smallest
    assert alert.observed < 10
    assert alert.interval_90.high < alert.observed
    assert alert.stands_out[0].value == "LA>VN"
    assert "Stands out: route Laos → Vietnam in " in alert.sentences.en
    assert f"BETWEEN '{date.fromordinal(log.day)}'" in alert.sql
    assert alert.explain.p < 1e-3
    assert len(alert.event_ids) + alert.more == alert.observed


def test_one_event_is_one_alert_though_the_group_and_all_groups_are_unusual(log):
    log.cases(14)
    assert len({alert.series for alert in log.alerts()}) == 1


def test_a_spike_escalates_once_and_is_cleared_when_it_is_usual_again(log):
    log.cases(40)
    quiet(log, 12)
    found = log.alerts(Kind.SPIKE)
    assert [alert.state for alert in found] == [State.OPEN, State.ESCALATED, State.CLEARED]
    assert len({alert.alert_id for alert in found}) == 3
    assert len({alert.opened for alert in found}) == 1
    assert found[1].tier is Tier.SEVERE
    assert "At its height, " in found[2].sentences.en


def test_an_alert_names_50_events_and_counts_the_rest(log):
    log.cases(80)
    log.begin_day()
    opened, height = log.alerts(Kind.SPIKE, Rules(spike={"open_p": 1e-30, "severe_p": 1e-40}))
    assert opened.observed < height.observed
    assert len(height.event_ids) == MOST_EVENTS
    assert height.more == height.observed - MOST_EVENTS > 0


def test_fewer_cases_than_the_rules_want_are_no_spike():
    log = Log()
    for _ in range(120):
        log.begin_day()
        if log.day == FIRST:
            log.cases(1)
    log.cases(2)
    log.begin_day()
    assert log.alerts(Kind.SPIKE) == []


def test_a_withdrawn_case_counts_no_more(log):
    found = log.cases(4)
    for entry in found:
        log.entries.append(entry | {"version": 2, "status": "withdrawn", "contribution": None, "supersedes": entry["contribution"]})
    log.cases(4)
    log.begin_day()
    assert log.alerts() == []


def test_a_correction_moves_a_case_to_another_day(log):
    found = log.cases(9)
    assert log.alerts(Kind.SPIKE)
    entries = list(log.entries)
    log.entries = [entry for entry in entries if entry not in found]
    for place, entry in enumerate(found):
        moved = entry["contribution"] | {"day": date.fromordinal(log.day - 20 - place).isoformat()}
        log.entries.append(entry | {"contribution": moved})
    log.begin_day()
    assert log.alerts(Kind.SPIKE) == []


def test_a_case_that_is_corrected_again_and_again_stands_out_no_more_than_once(log):
    (first,) = log.cases(1)
    first["content"]["concealment_methods"] = ["on_body"]
    log.entries += [first | {"version": version, "supersedes": first["contribution"]} for version in range(2, 15)]
    for entry in log.cases(9):
        entry["content"]["concealment_methods"] = ["luggage"]
    (alert,) = log.alerts(Kind.SPIKE)
    assert [(one.value, one.events) for one in alert.stands_out] == [("luggage", alert.observed - 1)]


def test_late_reports_of_a_closed_day_raise_a_retro_spike_once(log):
    log.cases(15, day=log.day - 30)
    quiet(log, 3)
    log.cases(1, day=log.day - 34)
    quiet(log, 3)
    (alert,) = log.alerts(Kind.RETRO_SPIKE)
    assert alert.bucket.start <= date.fromordinal(FIRST + 70) <= alert.bucket.end
    assert alert.late_share > 0.5
    assert alert.raised_at.date().toordinal() == FIRST + 101
    assert log.alerts(Kind.BULK_REPORT) == []


def test_a_backlog_of_usual_days_is_a_bulk_report_and_no_spike(log):
    for _ in range(10):
        log.begin_day()
    for back in range(1, 11):
        log.cases(2, day=log.day - back, batch="backlog")
    quiet(log, 3)
    (alert,) = log.alerts()
    assert alert.kind is Kind.BULK_REPORT
    assert alert.tier is Tier.NOTICE
    assert alert.observed == 20
    assert "in 1 sendings" in alert.sentences.en
    assert "received_at" in alert.sql


def test_a_history_trains_and_tells_nobody():
    log = Log()
    log.begin_day()
    for back in range(1, 200):
        log.cases(9 if back == 50 else 3, day=log.day - back, batch="history")
    log.cases(3)
    for _ in range(20):
        log.begin_day()
        log.cases(3)
    log.begin_day()
    assert log.alerts() == []
    log.cases(16)
    alert = log.alerts()[0]
    assert alert.expected == pytest.approx(3.0, rel=0.3)


def test_a_few_stray_old_cases_are_no_history():
    log = Log()
    for _ in range(30):
        log.begin_day()
        log.cases(3)
        log.cases(1, day=log.day - 2_000)
    log.begin_day()
    assert log.alerts() == []


def test_a_member_of_an_active_phase_that_stops_is_silent_until_it_reports_again():
    start = date.fromordinal(FIRST + 40)
    log = Log(phases=[(start, start + timedelta(days=150))])
    for _ in range(80):
        log.begin_day()
        log.cases(2)
    for _ in range(31):
        log.begin_day()
    log.cases(1)
    opened, cleared = log.alerts(Kind.SILENCE)
    assert (opened.state, cleared.state) == (State.OPEN, State.CLEARED)
    assert opened.observed == 0
    assert opened.expected > 5
    assert opened.alert_id != cleared.alert_id
    assert opened.opened == cleared.opened == date.fromordinal(FIRST + 80)
    assert "reports again after 30 days" in cleared.sentences.en


def test_outside_a_phase_nobody_is_silent(log):
    for _ in range(60):
        log.begin_day()
    assert log.alerts(Kind.SILENCE) == []


def test_a_member_that_never_reported_is_not_silent():
    start = date.fromordinal(FIRST)
    log = Log(phases=[(start, start + timedelta(days=150))])
    for _ in range(100):
        log.begin_day()
    assert log.alerts() == []


def with_goods(entry, code, kilograms):
    entry["enriched"] = {"lines": [{"code": code, "base_quantity": str(kilograms), "base_unit": "kg", "name": code}]}
    return entry


@pytest.mark.parametrize(
    ("code", "kilograms", "tier"),
    [
        pytest.param("heroin", 199, None, id="below its threshold"),
        pytest.param("heroin", 200, Tier.NOTICE, id="at it"),
        pytest.param("heroin", 800, Tier.SPIKE, id="four times"),
        pytest.param("heroin", 2_000, Tier.SEVERE, id="ten times"),
        pytest.param("tramadol", 999, None, id="another drug goes by its group"),
        pytest.param("tramadol", 1_000, Tier.NOTICE, id="at the group's"),
    ],
)
def test_a_major_case_is_told_at_once_by_how_far_it_is_above(log, code, kilograms, tier):
    with_goods(log.cases(1)[0], code, kilograms)
    found = log.alerts(Kind.MAJOR)
    assert [alert.tier for alert in found] == ([tier] if tier else [])
    if tier:
        assert found[0].raised_at.date().toordinal() == log.day
        assert found[0].event_ids


def test_a_species_goes_by_its_genus_and_lines_of_a_case_are_added_up(log):
    (entry,) = log.cases(1, group="fauna")
    with_goods(entry, "Manis javanica", 300)
    entry["enriched"]["lines"] *= 2
    entry["content"]["lines"] *= 2
    (alert,) = log.alerts(Kind.MAJOR)
    assert "600 kg" in alert.sentences.en


def test_a_major_case_is_told_once_though_it_is_corrected(log):
    (entry,) = log.cases(1)
    with_goods(entry, "heroin", 500)
    log.entries.append(entry | {"version": 2, "supersedes": entry["contribution"]})
    assert len(log.alerts(Kind.MAJOR)) == 1


def hide_all_in_luggage(log):
    for entry in log.entries:
        if entry["kind"] == "version":
            entry["content"]["concealment_methods"] = ["luggage"]


def test_that_nothing_was_hidden_is_never_new(log):
    hide_all_in_luggage(log)
    (entry,) = log.cases(1)
    entry["content"]["concealment_methods"] = ["none"]
    assert log.alerts(Kind.FIRST_SEEN) == []


def test_what_is_new_is_told_once_where_new_things_are_rare(log):
    hide_all_in_luggage(log)
    (entry,) = log.cases(1)
    entry["content"]["concealment_methods"] = ["on_body"]
    (again,) = log.cases(1)
    again["content"]["concealment_methods"] = ["on_body"]
    (alert,) = log.alerts(Kind.FIRST_SEEN)
    assert alert.tier is Tier.NOTICE
    assert str(alert.event_ids[0]) == entry["event_id"]
    assert "concealment" in alert.sentences.en


def test_what_is_new_is_told_however_many_values_are_known():
    state, rules = {}, Rules().first_seen
    store = DetectorStore("VN-CUSTOMS", Rules(), state.get)
    for number in range(5_000):
        Seen(store).count("route", f"way {number}", 40)
    state |= store.stored()
    seen = Seen(DetectorStore("VN-CUSTOMS", Rules(), state.get))
    assert seen.novelty("route", "way 4999", rules) is None
    assert seen.novelty("route", "another way", rules) == pytest.approx(1 / 200_001)
    for _ in range(2):
        seen.count("route", "another way")
    assert seen.novelty("route", "a third way", rules) == pytest.approx(1 / 200_003)  # none came exactly once


def test_where_something_is_new_all_the_time_nothing_is_news(log):
    for place, entry in enumerate(entry for entry in log.entries if entry["kind"] == "version"):
        entry["content"]["concealment_methods"] = [f"way {place}"]
    assert log.alerts(Kind.FIRST_SEEN) == []


def test_a_rare_series_is_judged_by_the_week_and_says_so():
    log, rng = Log(), np.random.default_rng(2)
    for _ in range(200):
        log.begin_day()
        log.cases(int(rng.poisson(0.08)))
    for _ in range(3):
        log.begin_day()
        log.cases(3)
    quiet(log, 8, 0)
    found = log.alerts(Kind.SPIKE)
    assert found[0].bucket.size == "week"
    assert found[0].bucket.start.weekday() == 0


def test_records_without_a_day_make_a_series_of_months():
    log = Log()
    first = date(2024, 1, 1)
    for month in range(26):
        start = date(first.year + month // 12, month % 12 + 1, 1).toordinal()
        log.day = start - 1
        log.begin_day()
        log.cases(60 if month == 24 else 10, size="month")
    found = log.alerts(Kind.SPIKE)
    assert {alert.bucket.size for alert in found} == {"month"}
    assert found[0].bucket.start == date(2026, 1, 1)


def test_the_alert_of_a_day_is_the_same_whatever_order_its_cases_came_in(log):
    log.cases(3)
    log.cases(9, group="fauna")
    _, plain = fold(AGENCY, [*log.entries, tick(AGENCY, log.day + 1)])
    _, turned = fold(AGENCY, [*log.entries[:-12], *reversed(log.entries[-12:]), tick(AGENCY, log.day + 1)])
    assert {name: value for name, value in plain.items() if name.startswith("closed")} == {
        name: value for name, value in turned.items() if name.startswith("closed")
    }


def test_a_series_restarts_in_days_when_it_grows():
    rules = Rules(series=SeriesRules(week_below=1.0))
    log, rng = Log(), np.random.default_rng(3)
    for day in range(400):
        log.begin_day()
        log.cases(int(rng.poisson(0.5 if day < 120 else 6.0)))
    log.begin_day()
    _, state = fold(AGENCY, log.entries, rules)
    assert load(state["now/"])["series"]["shape"] == "day"


@pytest.mark.parametrize("days", [5, 31, 32, 33, 80])
def test_days_of_arrival_that_waited_are_learnt_as_if_each_had_been_learnt_in_its_turn(days):
    counts, watch = np.random.default_rng(9).poisson(1.0, days), AgencyDetectors.from_stored(AGENCY, {}.get)
    series = None
    for place, count in enumerate(counts):
        watch.take(tick(AGENCY, FIRST + place))
        for number in range(count):
            watch.take(case(AGENCY, 1_000 * place + number, FIRST + place, FIRST + place))
        if series is None and count:
            series = Series.begin(ARRIVALS, FIRST + place, Regressors(ARRIVALS, Calendar()), level=Rules().series.prior.level())
        elif series is not None:
            series.close(Regressors(ARRIVALS, Calendar()), ())
        if series is not None:
            series.add(FIRST + place, int(count))
    watch.take(tick(AGENCY, FIRST + days))
    watch.store.who["today"] = FIRST + days - 1
    assert dump(bulk.learn(watch.store)["cases"].stored()) == dump(series.stored())


@pytest.mark.parametrize(("day", "told"), [(9, 0), (13, 0), (20, 1)])
def test_late_reports_of_days_in_which_the_rate_was_not_known_yet_tell_nothing(day, told):
    log = Log()
    for _ in range(40):
        log.begin_day()
        log.cases(1)
    log.begin_day()
    log.cases(60, day=FIRST + day)
    log.begin_day()
    assert len(log.alerts(Kind.RETRO_SPIKE)) == told


@pytest.mark.parametrize(("back", "is_news"), [(0, True), (7, True), (8, False), (400, False)])
def test_a_batch_called_history_is_believed_of_old_cases_only(back, is_news):
    entry = case(AGENCY, 1, FIRST + 400 - back, FIRST + 400, batch="history/trick")
    found = read(entry)
    assert found is not None
    assert found.is_history != is_news


def test_what_is_called_history_and_is_of_today_is_alerted_like_any_other(log):
    log.cases(40, batch="history/trick")
    assert log.alerts(Kind.SPIKE)
