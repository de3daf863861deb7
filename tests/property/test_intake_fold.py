"""The intake core: any split of an agency's log into runs, any crash and replay, gives the same journal, receipts and state."""

import json
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from mekong.schemas import wire
from mekong.schemas.batches import EDITION_HEADER
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile, Tick, sign
from mekong.schemas.journal import JOURNAL_ENTRY
from mekong.schemas.receipts import Receipt
from mekong.schemas.times import from_ms
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.feed import Feed, feed_key, restore_feed
from mekong.streams.core.intake.fold import Intake
from mekong.streams.core.intake.restore import restore
from tests.amount import examples
from tests.fakes import Record

SECRET = b"secret of the test"
AGENCY = "VN-CUSTOMS"
TOPIC = f"in.{AGENCY}.v1"
NOW_MS = 1_780_000_000_000  # 2026-05-28


def control(record):
    value = wire.encode(record)
    return value, ((CONTROL_HEADER, sign(SECRET, TOPIC, value)),)


PROFILE = control(AgencyProfile(agency=AGENCY, name="Viet Nam Customs", kind="customs", country="VN", region="Asia", utc_offset="+07:00"))


@st.composite
def seizures(draw):
    lines = [
        {
            "commodity_group": "drug",
            "substance_or_taxon": draw(st.sampled_from(["Heroin", "Ketamine", "no such thing"])),
            "quantity": draw(st.integers(1, 9)),
            "unit": "kg",
        }
        for _ in range(draw(st.integers(1, 2)))
    ]
    return {
        "message_type": draw(st.sampled_from(["seizure", "seizure", "correction"])),
        "agency": AGENCY,
        "case_no": f"case {draw(st.integers(0, 4))}",
        "seized_at": draw(st.sampled_from(["2026-05-03", "2026-05", "2026", "2026-05-03T10:00+07:00", "2031-01-01"])),
        "lines": lines,
    }


unordered = st.one_of(
    seizures(),
    st.builds(lambda number: {"message_type": "withdrawal", "agency": AGENCY, "case_no": f"case {number}"}, st.integers(0, 4)),
    st.builds(
        lambda number: {"message_type": "warning", "agency": AGENCY, "case_no": f"case {number}", "to": ["LA-CUSTOMS"]}, st.integers(3, 6)
    ),
)
orders = st.one_of(
    st.just({}),
    st.integers(0, 12).map(lambda number: {"revision": number}),
    st.integers(1, 9).map(lambda day: {"reported_at": f"2026-05-0{day}T10:00:00Z"}),
)
messages = st.builds(lambda message, order: message | order, unordered, orders)
editions = st.one_of(st.just(()), st.integers(1, 9).map(lambda day: ((EDITION_HEADER, f"2026-05-0{day}T00:00:00Z".encode()),)))
raws = st.one_of(
    st.tuples(messages.map(lambda message: json.dumps(message).encode()), editions), st.binary(max_size=20).map(lambda raw: (raw, ()))
)
ticks = st.integers(-9, 9).map(lambda minutes: control(Tick(at=from_ms(NOW_MS + minutes * 60_000))))


@st.composite
def logs(draw):
    found = [PROFILE, *draw(st.lists(st.one_of(raws, raws, raws, ticks), max_size=40))]
    return [Record(offset, value, None, NOW_MS + offset, headers) for offset, (value, headers) in enumerate(found)]


def without_dropped(state):
    return {key: value for key, value in state.items() if value is not None}


def is_message(record):
    return not any(name == CONTROL_HEADER for name, _ in record.headers)


def run(log, cuts, state=None):
    intake, state, entries, receipts = Intake(Deployment(SECRET, clock_is_on=True)), dict(state or {}), [], []
    for first, last in zip([0, *cuts], [*cuts, len(log)], strict=True):
        changes = {}
        for said in intake.fold(Draft(state, changes), TOPIC, AGENCY, log[first:last]):
            entries += [wire.dump(said.entry)] if said.entry else []
            receipts += [wire.dump(said.receipt)] if said.receipt else []
        state.update(changes)
    return without_dropped(state), entries, receipts


@settings(deadline=None, max_examples=examples(100))
@given(logs(), st.lists(st.integers(0, 40), max_size=6))
def test_any_split_of_the_log_into_runs_gives_the_same_journal_and_receipts(log, cuts):
    cuts = sorted(min(cut, len(log)) for cut in cuts)
    assert run(log, cuts) == run(log, [])


@settings(deadline=None, max_examples=examples(100))
@given(logs(), st.integers(0, 40))
def test_a_replay_from_the_stored_position_gives_the_rest_of_the_same_journal(log, crash):
    crash = min(crash, len(log))
    state, entries, receipts = run(log[:crash], [])
    rest_state, rest_entries, rest_receipts = run(log[crash:], [], state)
    assert (rest_state, entries + rest_entries, receipts + rest_receipts) == run(log, [])


@settings(deadline=None, max_examples=examples(100))
@given(logs())
def test_every_message_has_exactly_one_receipt_and_everything_said_is_in_the_schema(log):
    _, entries, receipts = run(log, [])
    said = [wire.decode(raw, Receipt) for raw in receipts]
    assert [receipt.source_offset for receipt in said] == [record.offset for record in log if is_message(record)]
    journal = [JOURNAL_ENTRY.validate_json(raw) for raw in entries]
    versions = [entry for entry in journal if entry.kind == "version"]
    assert Counter((entry.event_id, entry.version) for entry in versions) == Counter(
        {(r.event_id, r.version) for r in said if r.outcome in {"accepted", "corrected", "withdrawn"}}
    )


@settings(deadline=None, max_examples=examples(100))
@given(logs())
def test_an_exact_re_send_of_a_whole_log_changes_nothing(log):
    state, entries, _ = run(log, [])
    again = [record._replace(offset=record.offset + len(log)) for record in log if is_message(record)]
    re_state, more, receipts = run(again, [], state)
    outcomes = {wire.load(raw)["outcome"] for raw in receipts}
    # a re-send can only newly be taken where it was refused for want of what came after it (a correction before its seizure),
    # or where a correction without an order says again what is meant
    if outcomes <= {"duplicate", "stale", "rejected"}:
        assert not more
        for one in (state, re_state):
            one.pop(feed_key(AGENCY), None)  # what is sent again is counted again
        assert re_state == state
    assert entries == run(log, [])[1]


@settings(deadline=None, max_examples=examples(200))
@given(st.lists(seizures(), max_size=12), st.integers(0, 12))
def test_a_sender_that_numbers_what_it_says_of_a_case_may_repeat_its_last_messages(sent, repeated):
    numbered = [{**message, "case_no": "1", "revision": number} for number, message in enumerate(sent)]
    log = [PROFILE, *((json.dumps(message).encode(), ()) for message in numbered)]
    log = [
        Record(offset, value, None, NOW_MS, headers)
        for offset, (value, headers) in enumerate([*log, *log[len(log) - min(repeated, len(sent)) :]])
    ]
    _, entries, receipts = run(log, [])
    assert entries == run(log[: len(sent) + 1], [])[1]
    assert {wire.load(raw)["outcome"] for raw in receipts[len(sent) :]} <= {"duplicate", "stale", "rejected"}


@settings(deadline=None, max_examples=examples(100))
@given(st.lists(seizures(), min_size=1, max_size=8).flatmap(lambda sent: st.tuples(st.just(sent), st.permutations(range(len(sent))))))
def test_whichever_of_numbered_messages_comes_last_the_newest_is_current(sent_and_order):
    """All of other content: the same content again is a duplicate, which raises no order."""
    sent, order = sent_and_order
    numbered = [
        json.dumps(
            {**message, "message_type": "seizure", "case_no": "1", "seized_at": "2026-05", "admin1": str(number), "revision": number}
        ).encode()
        for number, message in enumerate(sent)
    ]
    log = [
        Record(offset, value, None, NOW_MS, headers)
        for offset, (value, headers) in enumerate([PROFILE, *((numbered[at], ()) for at in order)])
    ]
    _, entries, _ = run(log, [])
    newest = run([log[0], Record(1, numbered[-1], None, NOW_MS)], [])[1]
    assert wire.load(entries[-1])["content_hash"] == wire.load(newest[-1])["content_hash"]


@settings(deadline=None, max_examples=examples(100))
@given(logs())
def test_the_state_restored_from_the_journal_is_the_state_that_was_lost(log):
    state, entries, receipts = run(log, [])
    changes, ticks = {}, {}
    for entry in map(wire.load, entries):
        restore(Draft({}, changes), entry)
        ticks |= {TOPIC: entry["source"]["offset"]} if entry["kind"] == "tick" else {}
    feed = Feed(Draft({}, changes), AGENCY)
    for receipt in map(wire.load, receipts):
        restore_feed(feed, receipt, ticks)
    feed.save()
    assert without_dropped(changes) == state


@settings(deadline=None, max_examples=examples(100))
@given(logs())
def test_each_message_is_counted_by_exactly_one_tick_or_waits_for_the_next(log):
    state, entries, receipts = run(log, [])
    counted = [entry["feed"] for entry in map(wire.load, entries) if "feed" in entry]
    if feed_key(AGENCY) in state:
        counted.append(wire.load(state[feed_key(AGENCY)]))
    said = [wire.load(raw) for raw in receipts]
    assert sum(one["messages"] for one in counted) == len(said)
    assert sum(one["rejected"] for one in counted) == sum(one["outcome"] == "rejected" for one in said)
    delays = sum(cases for one in counted for cases in one.get("delays", {}).values())
    assert delays == sum(len(one.get("seized_at", "")) >= len("2026-05-03") for one in said)
