"""The intake core: any split of an agency's log into runs, any crash and replay, gives the same journal, receipts and state."""

import json
from collections import Counter
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import wire
from schemas.control import CONTROL_HEADER, AgencyProfile, Tick, sign
from schemas.journal import JOURNAL_ENTRY
from schemas.receipts import Receipt
from schemas.times import from_ms
from streams.core.draft import Draft
from streams.core.intake.control import Deployment
from streams.core.intake.fold import Intake
from streams.core.intake.restore import restore

SECRET = b"secret of the test"
AGENCY = "VN-CUSTOMS"
TOPIC = f"in.{AGENCY}.v1"
NOW_MS = 1_780_000_000_000  # 2026-05-28


class Record(NamedTuple):
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    headers: tuple


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


messages = st.one_of(
    seizures(),
    st.builds(lambda number: {"message_type": "withdrawal", "agency": AGENCY, "case_no": f"case {number}"}, st.integers(0, 4)),
    st.builds(
        lambda number: {"message_type": "warning", "agency": AGENCY, "case_no": f"case {number}", "to": ["LA-CUSTOMS"]}, st.integers(3, 6)
    ),
)
raws = st.one_of(messages.map(lambda message: (json.dumps(message).encode(), ())), st.binary(max_size=20).map(lambda raw: (raw, ())))
ticks = st.integers(-9, 9).map(lambda minutes: control(Tick(at=from_ms(NOW_MS + minutes * 60_000))))


@st.composite
def logs(draw):
    found = [PROFILE, *draw(st.lists(st.one_of(raws, raws, raws, ticks), max_size=40))]
    return [Record(offset, NOW_MS + offset, None, value, headers) for offset, (value, headers) in enumerate(found)]


def run(log, cuts, state=None):
    intake, state, entries, receipts = Intake(Deployment(SECRET, clock_is_on=True)), dict(state or {}), [], []
    for first, last in zip([0, *cuts], [*cuts, len(log)], strict=True):
        changes = {}
        for said in intake.fold(Draft(state, changes), TOPIC, AGENCY, log[first:last]):
            entries += [wire.dump(said.entry)] if said.entry else []
            receipts += [wire.dump(said.receipt)] if said.receipt else []
        state.update(changes)
    return state, entries, receipts


@settings(deadline=None, max_examples=100)
@given(logs(), st.lists(st.integers(0, 40), max_size=6))
def test_any_split_of_the_log_into_runs_gives_the_same_journal_and_receipts(log, cuts):
    cuts = sorted(min(cut, len(log)) for cut in cuts)
    assert run(log, cuts) == run(log, [])


@settings(deadline=None, max_examples=100)
@given(logs(), st.integers(0, 40))
def test_a_replay_from_the_stored_position_gives_the_rest_of_the_same_journal(log, crash):
    crash = min(crash, len(log))
    state, entries, receipts = run(log[:crash], [])
    rest_state, rest_entries, rest_receipts = run(log[crash:], [], state)
    assert (rest_state, entries + rest_entries, receipts + rest_receipts) == run(log, [])


@settings(deadline=None, max_examples=100)
@given(logs())
def test_every_message_has_exactly_one_receipt_and_everything_said_is_in_the_schema(log):
    _, entries, receipts = run(log, [])
    said = [wire.decode(raw, Receipt) for raw in receipts]
    assert [receipt.source_offset for receipt in said] == [record.offset for record in log if not record.headers]
    journal = [JOURNAL_ENTRY.validate_json(raw) for raw in entries]
    versions = [entry for entry in journal if entry.kind == "version"]
    assert Counter((entry.event_id, entry.version) for entry in versions) == Counter(
        {(r.event_id, r.version) for r in said if r.outcome in {"accepted", "corrected", "withdrawn"}}
    )


@settings(deadline=None, max_examples=100)
@given(logs())
def test_an_exact_re_send_of_a_whole_log_changes_nothing(log):
    state, entries, _ = run(log, [])
    again = [record._replace(offset=record.offset + len(log)) for record in log if not record.headers]
    re_state, more, receipts = run(again, [], state)
    outcomes = {wire.load(raw)["outcome"] for raw in receipts}
    # a re-send can only newly be taken where it was refused for want of what came after it (a correction before its seizure)
    if outcomes <= {"duplicate", "stale", "rejected"}:
        assert not more
        assert re_state == state
    assert entries == run(log, [])[1]


@settings(deadline=None, max_examples=100)
@given(logs())
def test_the_state_restored_from_the_journal_is_the_state_that_was_lost(log):
    state, entries, _ = run(log, [])
    changes = {}
    for entry in entries:
        restore(Draft({}, changes), wire.load(entry))
    assert changes == state
