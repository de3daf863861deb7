"""The detectors in the state of a lane: cut into transactions, written as bytes, read again."""

import numpy as np

from benchmarks.spikes.journal import case, profile, tick
from mekong.schemas.wire import encode
from mekong.streams.core.draft import Draft
from mekong.streams.core.journal import Entry
from mekong.streams.core.spikes.agency import AgencyDetectors
from mekong.streams.core.spikes.fold import MARK, fold_agencies, fold_network, is_current, is_detectors
from mekong.streams.core.spikes.network.clocks import Expected
from mekong.streams.core.spikes.series.track import PARTS

AGENCIES = ("LA-CUSTOMS", "VN-CUSTOMS")
FIRST = 738_900


def journal(days=70):
    """Two agencies of one partition, one of which reports ten cases on day 60, and one large one on day 65."""
    rng, found, number = np.random.default_rng(4), [profile(agency) for agency in AGENCIES], 0
    for day in range(days):
        for agency in AGENCIES:
            found.append(tick(agency, FIRST + day))
            for place in range(int(rng.poisson(0.7)) + 9 * (day == 60) + (day == 65)):
                number += 1
                found.append(case(agency, number, FIRST + day, FIRST + day))
                kg = "900" if (day, place) == (65, 0) else "1"
                found[-1]["enriched"]["lines"] = [{"code": "heroin", "base_quantity": kg, "base_unit": "kg"}]
    return [Entry(2 * offset, entry) for offset, entry in enumerate(found)]


def folded(entries, run, fold):
    state, alerts = {}, []
    for first in range(0, len(entries), run):
        changes = {}
        alerts += fold(Draft(state, changes), entries[first : first + run])
        for key, value in changes.items():
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
    return alerts, state


def test_alerts_name_the_entry_that_raised_them_whatever_the_transactions():
    entries = journal()
    plain, state = folded(entries, 10**6, fold_agencies)
    assert {alert.kind for alert in plain} >= {"SPIKE", "MAJOR"}
    for alert in plain:
        (entry,) = [entry for offset, entry in entries if offset == alert.journal_offset]
        assert entry["agency"] == alert.agency
    for run in (1, 17):
        alerts, again = folded(entries, run, fold_agencies)
        assert [encode(alert) for alert in alerts] == [encode(alert) for alert in plain]
        assert again == state


def test_they_are_those_that_the_agency_s_detectors_raise_by_themselves():
    entries = journal()
    alerts, _ = folded(entries, 23, fold_agencies)
    watch = AgencyDetectors.from_stored("VN-CUSTOMS", {}.get)
    mine = [alert for _, entry in entries if entry["agency"] == "VN-CUSTOMS" for alert in watch.take(entry)]
    found = [alert.model_copy(update={"journal_offset": None}) for alert in alerts if alert.agency == "VN-CUSTOMS"]
    assert [encode(alert) for alert in found] == [encode(alert) for alert in mine]


def test_a_track_writes_the_parts_that_are_forgotten_when_series_begin_anew():
    watch = AgencyDetectors.from_stored("VN-CUSTOMS", {}.get)
    written = set()
    for _, entry in journal(450):
        if entry["agency"] == "VN-CUSTOMS":
            watch.take(entry)
            written |= {name.partition("/")[0] for name in watch.stored() if "/" in name} if entry["kind"] == "tick" else set()
    assert written - {"batches", "known", "seen"} == set(PARTS)


def test_a_day_that_was_judged_leaves_nothing_of_its_own_in_the_network_s_state():
    expected = Expected({0}, AGENCIES, is_replay=True)
    for run in (5, 10**6):
        alerts, state = folded(journal(), run, lambda draft, entries: fold_network(draft, entries, 0, expected))
        assert {alert.kind for alert in alerts} >= {"SPIKE"}
        assert {key.split(b"/")[2] for key in state if b"/day/" in key} == {b"%d" % (FIRST + 69)}


def test_the_mark_says_which_detectors_wrote_the_state_and_what_is_theirs():
    _, state = folded(journal(10), 7, fold_agencies)
    assert is_current(state)
    assert not is_current({**state, MARK: b"0"})
    assert all(map(is_detectors, state))
    assert not any(map(is_detectors, [b"@position/journal.v1/0", b"VN-CUSTOMS/day/2026-05-01", b"VN-CUSTOMS/clock"]))
