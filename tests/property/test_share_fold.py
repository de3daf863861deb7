"""Share: any split into runs gives the same, and so does any interleaving of the partitions, once the members are known."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from mekong.schemas import wire
from mekong.schemas.times import to_text
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.share import fold_alerts, fold_journal
from tests.amount import examples
from tests.fakes import written

AGENCIES = ("VN-CUSTOMS", "LA-CUSTOMS", "TH-CUSTOMS")
START = datetime(2026, 5, 1, tzinfo=UTC)


JOURNALS = {agency: partial(fold_journal, partition=number) for number, agency in enumerate(AGENCIES)}
"""The fold of each agency's partition."""


def text(minute):
    return to_text(START + timedelta(minutes=minute))


def registered(agency, phases):
    part = {"operation": "OMD", "role": "member", "starts_on": "2026-05-01", "ends_on": "2026-06-30", "commodity_groups": []}
    profile = {
        "agency": agency,
        "name": agency,
        "kind": "customs",
        "country": agency[:2],
        "region": "Asia",
        "utc_offset": "+07:00",
        "memberships": [{**part, "phase": phase} for phase in sorted(phases)],
    }
    return {"kind": "agency", "format": 1, "agency": agency, "received_at": text(0), "profile": profile}


def version(agency, number, minute, family, content):
    return {
        "kind": "version",
        "format": 1,
        "agency": agency,
        "event_id": f"{agency} {family} {number}",
        "case_no": str(number),
        "family": family,
        "version": 1,
        "status": "current",
        "received_at": text(minute),
        "content": content,
    }


@st.composite
def partitions(draw, *, counted=False):
    """The profiles, and partitions: of the journal one for each agency, and of the alerts two. Every alert has what raised it.

    ``counted``: a case counts on its day, so an alert of that day has it behind it also when it does not name it.
    """
    profiles = [registered(agency, draw(st.sets(st.sampled_from(["OMD-VII", "OMD-VIII"])))) for agency in AGENCIES]
    journal, alerts = {agency: [] for agency in AGENCIES}, [[], []]
    minutes = sorted(draw(st.lists(st.integers(1, 60 * 24 * 4), max_size=25)))
    for number, minute in enumerate(minutes, 1):
        agency = draw(st.sampled_from(AGENCIES))
        what = draw(st.sampled_from(["tick", "case", "red", "warning", "feedback"]))
        if what == "tick":
            entry = {"kind": "tick", "format": 1, "agency": agency, "at": text(minute), "received_at": text(minute)}
        elif what == "warning":
            entry = version(agency, number, minute, "warning", {"to": sorted(draw(st.sets(st.sampled_from(AGENCIES), min_size=1)))})
        elif what == "feedback":
            of = f"{draw(st.sampled_from(AGENCIES))} {draw(st.sampled_from(['warning', 'case']))} {draw(st.integers(0, 25))}"
            entry = version(agency, number, minute, "feedback", {"in_reply_to": of})
        else:
            red = {"tlp": "TLP:RED", "release_to": [draw(st.sampled_from(AGENCIES))]}
            entry = version(agency, number, minute, "case", {"handling": red} if what == "red" else {})
            entry["contribution"] = {"day": text(minute)[:10], "groups": {"drug": [1, 1]}} if counted else None
        journal[agency].append(entry | {"offset": number})
        if what in {"tick", "case", "red"} and draw(st.booleans()):
            over_all = draw(st.booleans())
            day = text(minute + 7 * 60)[:10]
            alert = {
                "format": 1,
                "kind": "SPIKE",
                "state": "open",
                "alert_id": f"alert {number}",
                "series": "network" if over_all else agency,
                **({} if over_all else {"agency": agency, "journal_offset": number}),
                "bucket": {"start": day, "end": day},
                "raised_at": f"{day}T23:59:59Z" if over_all else text(minute),
                "event_ids": [entry["event_id"]] if what != "tick" else [],
            }
            alerts[0 if over_all else AGENCIES.index(agency) % 2] += [alert] * draw(st.integers(1, 2))  # a series is in one
    for agency in AGENCIES:
        end = text(60 * 24 * 7)
        journal[agency].append({"kind": "tick", "format": 1, "agency": agency, "at": end, "received_at": end, "offset": len(minutes) + 1})
    return profiles, [*((JOURNALS[agency], part) for agency, part in journal.items()), *((fold_alerts, part) for part in alerts)]


def begun(profiles):
    return [(JOURNALS[profile["agency"]], profile) for profile in profiles]


def interleaved(parts, random):
    """One order in which a lane may read the partitions: each in its own order."""
    waiting = [(fold, list(part)) for fold, part in parts]
    while waiting := [(fold, part) for fold, part in waiting if part]:
        fold, part = random.choice(waiting)
        yield fold, part.pop(0)


def run(steps, cuts=(), state=None):
    """Steps in runs: a run ends at each cut, and where the source changes; a cut also commits."""
    state, changes, told = dict(state or {}), {}, []
    steps, first = list(steps), 0
    for last in range(1, len(steps) + 1):
        if last == len(steps) or last in cuts or steps[last][0] is not steps[first][0]:
            fold = steps[first][0]
            records = [written(value, value.get("offset", 0)) for _, value in steps[first:last]]
            told += [(one.member, one.key, wire.dump(one.shared)) for one in fold(Draft(state, changes), records)]
            first = last
        if last in cuts or last == len(steps):
            for key, value in changes.items():
                if value is None:
                    state.pop(key, None)
                else:
                    state[key] = value
            changes = {}
    return state, told


@settings(deadline=None, max_examples=examples(40))
@given(partitions(), st.randoms(), st.sets(st.integers(1, 60)))
def test_any_split_into_runs_and_transactions_gives_the_same(found, random, cuts):
    profiles, parts = found
    steps = begun(profiles) + list(interleaved(parts, random))
    assert run(steps, cuts) == run(steps)


@settings(deadline=None, max_examples=examples(40))
@given(partitions(), st.randoms(), st.integers(0, 60))
def test_a_crash_and_a_replay_from_the_stored_position_give_the_rest_of_the_same(found, random, crash):
    profiles, parts = found
    steps = begun(profiles) + list(interleaved(parts, random))
    state, told = run(steps[:crash])
    rest_state, rest = run(steps[crash:], state=state)
    assert (rest_state, told + rest) == run(steps)


@settings(deadline=None, max_examples=examples(40))
@given(partitions(), st.randoms(), st.randoms())
def test_any_interleaving_of_the_partitions_tells_every_member_the_same(found, one, other):
    profiles, parts = found
    known = begun(profiles)
    first, second = (run(known + list(interleaved(parts, random)))[1] for random in (one, other))
    assert Counter(first) == Counter(second)


@settings(deadline=None, max_examples=examples(40))
@given(partitions(), st.randoms())
def test_what_is_the_members_own_or_names_it_does_not_hang_on_when_it_was_registered(found, random):
    profiles, parts = found
    late = [
        (fold, ([profile, *part] if fold is not fold_alerts else part))
        for (fold, part), profile in zip(parts, [*profiles, {}, {}], strict=True)
    ]
    before = run(begun(profiles) + list(interleaved(parts, random)))[1]
    after = run(interleaved(late, random))[1]
    assert own(before) == own(after)


def own(told):
    """Messages, hours, and alerts of a member's own series."""
    return Counter(one for one in told if wire.load(one[2])["kind"] != "alert" or one[0] == one[1])


@settings(deadline=None, max_examples=examples(40))
@given(partitions(), st.randoms())
def test_every_alert_reaches_its_agency_exactly_once_and_nothing_waits_for_ever(found, random):
    profiles, parts = found
    state, told = run(begun(profiles) + list(interleaved(parts, random)))
    raised = {(alert["agency"], alert["alert_id"]) for fold, part in parts if fold is fold_alerts for alert in part if "agency" in alert}
    assert Counter(
        (member, shared["alert"]["alert_id"])
        for member, key, raw in told
        if member == key and (shared := wire.load(raw))["kind"] == "alert"
    ) == Counter(raised)
    assert not [key for key in state if key.startswith((b"held/", b"kept/"))]


@settings(deadline=None, max_examples=examples(200))
@given(partitions(counted=True), st.randoms())
def test_no_red_case_is_behind_an_alert_that_goes_to_whom_it_does_not_name(found, random):
    profiles, parts = found
    entries = [entry for fold, part in parts if fold is not fold_alerts for entry in part if entry["kind"] == "version"]
    red = [entry for entry in entries if "handling" in entry["content"]]
    for member, _, raw in run(begun(profiles) + list(interleaved(parts, random)))[1]:
        alert = wire.load(raw).get("alert")
        for entry in red if alert else ():
            of_it = entry["contribution"]["day"] == alert["bucket"]["start"] and alert.get("agency") in {None, entry["agency"]}
            if entry["event_id"] in alert["event_ids"] or (of_it and number_of(entry["event_id"]) < number_of(alert["alert_id"])):
                assert member in {entry["agency"], *entry["content"]["handling"]["release_to"]}


def number_of(name):
    """Where it comes among all that the test made."""
    return int(name.split()[-1])


@st.composite
def newcomers(draw):
    """Partitions: a sender with warnings for agencies that are registered later, in time or not, each in a partition of its own."""
    sender, day = AGENCIES[0], 60 * 24
    days = sorted(draw(st.lists(st.integers(0, 300), min_size=1, max_size=12)))
    journal = {agency: [] for agency in AGENCIES}
    journal[sender].append(registered(sender, ()))
    for number, at in enumerate(days):
        by = draw(st.one_of(st.none(), st.integers(0, 300)))
        content = {"to": sorted(draw(st.sets(st.sampled_from(AGENCIES[1:]), min_size=1)))}
        content |= {"feedback_by": text(by * day)} if by is not None else {}
        journal[sender].append(version(sender, number, at * day, "warning", content))
    for agency in AGENCIES[1:]:
        journal[agency].append(registered(agency, ()) | {"received_at": text(draw(st.integers(0, 300)) * day)})
    for agency, part in journal.items():
        first = max(start_of(entry) for entry in part) if agency == sender else start_of(part[0])
        times = [text(number * day) for number in range(0, 500, 20)]
        ticks = [{"kind": "tick", "format": 1, "agency": agency, "at": at, "received_at": at} for at in times if at >= first]
        journal[agency] = [entry | {"offset": number} for number, entry in enumerate([*part, *ticks])]
    return [(partial(fold_journal, partition=number, partitions={0, 1, 2}), journal[agency]) for number, agency in enumerate(AGENCIES)]


def start_of(entry):
    return entry["received_at"]


@settings(deadline=None, max_examples=examples(60))
@given(newcomers(), st.randoms(), st.randoms())
def test_what_an_agency_hears_that_is_registered_late_does_not_hang_on_the_interleaving_and_nothing_is_kept_for_ever(parts, one, other):
    (left, first), (_, second) = (run(interleaved(parts, random)) for random in (one, other))
    assert Counter(first) == Counter(second)
    assert not [key for key in left if key.startswith((b"kept/", b"waiting"))]
