"""The counts core: any split of the journal into runs gives the same counts, and they equal a recount from scratch."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from mekong.schemas.counts import Window
from mekong.schemas.times import minute_of, to_text
from mekong.streams.core.counts.book import Book
from mekong.streams.core.counts.fold import fold
from mekong.streams.core.draft import Draft
from mekong.streams.core.journal import read
from tests.amount import examples
from tests.fakes import written

START = datetime(2026, 5, 1, tzinfo=UTC)
MINUTES = {window.value: window.minutes for window in Window if window.minutes}  # tests/unit/test_windows.py says what they mean
DAYS = {window.value: window.days for window in Window if window.days}
GROUPS = ("drug", "fauna", "timber")


@st.composite
def contributions(draw):
    precision = draw(st.sampled_from(["time", "day", "month", "year"]))
    at = START + timedelta(minutes=draw(st.integers(0, 60 * 24 * 70)))
    day = {"time": at.date(), "day": at.date(), "month": at.date().replace(day=1), "year": date(2026, 1, 1)}[precision]
    groups = draw(st.dictionaries(st.sampled_from(GROUPS), st.tuples(st.integers(1, 3), st.integers(0, 10**9)), min_size=1))
    phase = draw(st.sampled_from([None, "OMD-V"])) if precision != "year" else None
    return {
        "precision": precision,
        "day": day.isoformat(),
        "minute": minute_of(at) if precision == "time" else None,
        "phase": phase,
        "groups": groups,
    }


@st.composite
def journals(draw):
    """Versions of a few cases of two agencies, each superseding the last, with ticks between them."""
    agencies = ("VN-CUSTOMS", "LA-CUSTOMS")
    current, entries, now = {}, [], dict.fromkeys(agencies, START)
    entries += [{"kind": "agency", "format": 1, "agency": agency, "profile": {"utc_offset": "+07:00"}} for agency in agencies]
    for _ in range(draw(st.integers(1, 40))):
        agency = draw(st.sampled_from(agencies))
        if draw(st.integers(0, 3)) == 0:
            now[agency] += timedelta(minutes=draw(st.integers(1, 60 * 24 * 9)))
            entries.append({"kind": "tick", "format": 1, "agency": agency, "at": to_text(now[agency])})
            continue
        case = (agency, draw(st.integers(0, 6)))
        new = None if case in current and draw(st.booleans()) else draw(contributions())
        entries.append({"kind": "version", "format": 1, "agency": agency, "supersedes": current.get(case), "contribution": new})
        current[case] = new
    for agency in agencies:
        entries.append({"kind": "tick", "format": 1, "agency": agency, "at": to_text(now[agency] + timedelta(minutes=1))})
    return entries, current


def run(entries, cuts):
    """The journal folded in runs cut at ``cuts``, each committed before the next; state and everything told."""
    records = [written(entry, offset) for offset, entry in enumerate(entries)]
    state, told = {}, []
    for first, last in zip([0, *cuts], [*cuts, len(records)], strict=True):
        changes = {}
        told += [(agency, *what) for agency, what in fold(Draft(state, changes), read(records[first:last]))]
        state.update(changes)
    return state, told


@settings(deadline=None, max_examples=examples(150))
@given(journals(), st.lists(st.integers(0, 40), max_size=6))
def test_any_split_of_the_journal_into_runs_gives_the_same_counts(journal, cuts):
    entries, _ = journal
    cuts = sorted(min(cut, len(entries)) for cut in cuts)
    assert run(entries, cuts) == run(entries, [])


@settings(deadline=None, max_examples=examples(150))
@given(journals(), st.integers(0, 40), st.integers(0, 40))
def test_a_crash_after_any_run_and_a_replay_from_the_stored_position_changes_nothing(journal, crash, cut):
    entries, _ = journal
    crash, cut = sorted((min(crash, len(entries)), min(cut, len(entries))))
    whole, _ = run(entries, [])
    state, _ = run(entries[:crash], [])  # committed with its position; what came behind it is lost and folded again
    changes = {}
    list(fold(Draft(state, changes), read([written(entry, offset) for offset, entry in enumerate(entries)][crash:])))
    assert {**state, **changes} == whole


@st.composite
def busy_days(draw):
    """One agency: cases of some hours before and after now, a change of its offset, and ticks minutes or hours apart."""
    now, entries = START, [{"kind": "agency", "format": 1, "agency": "VN-CUSTOMS", "profile": {"utc_offset": "+07:00"}}]
    for _ in range(draw(st.integers(1, 60))):
        what = draw(st.integers(0, 9))
        if what < 2:
            at = now + timedelta(minutes=draw(st.integers(-1_500, 1_500)))
            new = {"precision": "time", "day": at.date().isoformat(), "minute": minute_of(at), "phase": None, "groups": {"drug": (1, 5)}}
            entries.append({"kind": "version", "format": 1, "agency": "VN-CUSTOMS", "supersedes": None, "contribution": new})
        elif what == 2 and draw(st.booleans()):
            offset = draw(st.sampled_from(["+07:00", "-05:00", "+13:00"]))
            entries.append({"kind": "agency", "format": 1, "agency": "VN-CUSTOMS", "profile": {"utc_offset": offset}})
        else:
            now += timedelta(minutes=draw(st.sampled_from([1, 1, 1, 2, 30, 58, 59, 60, 61, 700, 1_439, 1_440])))
            entries.append({"kind": "tick", "format": 1, "agency": "VN-CUSTOMS", "at": to_text(now)})
    return entries


@settings(deadline=None, max_examples=examples(300))
@given(busy_days())
def test_a_tick_that_is_passed_over_as_quiet_had_nothing_to_tell(entries):
    _, told = run(entries, [])
    with patch.object(Book, "is_quiet", return_value=False):
        _, every = run(entries, [])
    assert something(told) == something(every)


def test_a_quiet_minute_reads_and_writes_next_to_nothing():
    entries = [{"kind": "agency", "format": 1, "agency": "VN-CUSTOMS", "profile": {"utc_offset": "+07:00"}}]
    entries += [{"kind": "tick", "format": 1, "agency": "VN-CUSTOMS", "at": to_text(START + timedelta(minutes=n))} for n in range(1_440)]
    with patch.object(Book, "minutes", autospec=True, side_effect=Book.minutes) as summed:
        run(entries, [])
    assert summed.call_count == 2 * len(MINUTES)  # at the first tick, and when the local day ends


def something(told):
    """What tells a count or a bucket."""
    return [(agency, counts, buckets) for agency, counts, buckets in told if counts or buckets]


@settings(deadline=None, max_examples=examples(150))
@given(journals())
def test_the_newest_counts_equal_a_recount_from_scratch(journal):
    entries, current = journal
    _, told = run(entries, [])
    newest = {}
    for agency, counts, _ in told:
        for count in counts:
            newest[agency, count["window"], count["start"], count["commodity_group"]] = (count["cases"], count["lines"], count["mass_mg"])
    ticks = {entry["agency"]: datetime.fromisoformat(entry["at"]) for entry in entries if entry["kind"] == "tick"}
    assert {key: value for key, value in newest.items() if any(value)} == recount(current, ticks)


def recount(current, ticks):
    truth = Counter()
    for (agency, _), found in current.items():
        if found is None or found["precision"] == "year":
            continue
        minute, today = minute_of(ticks[agency]), (ticks[agency] + timedelta(hours=7)).date()
        day = date.fromisoformat(found["day"])
        windows = [("month", found["day"][:7] + "-01")] + ([("phase", found["phase"])] if found["phase"] else [])
        if found["precision"] in {"time", "day"}:
            windows.append(("day", found["day"]))
            windows += [(name, "") for name, days in DAYS.items() if today - timedelta(days=days) < day <= today]
        if found["precision"] == "time":
            windows += [(name, "") for name, length in MINUTES.items() if minute - length < found["minute"] <= minute]
        every = [*found["groups"].items(), (None, tuple(map(sum, zip(*found["groups"].values(), strict=True))))]
        for window, start in windows:
            for group, (lines, mg) in every:
                for index, amount in enumerate((1, lines, mg)):
                    truth[agency, window, start, group, index] += amount
    keys = {key[:4] for key, value in truth.items() if value}
    return {key: tuple(truth[(*key, index)] for index in range(3)) for key in keys}
