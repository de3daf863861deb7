"""What no client of ours sends: a receipt each, and the messages behind it are taken."""

from __future__ import annotations

import json

import pytest

from mekong.schemas import wire
from mekong.schemas.batches import BATCH_HEADER, CORRELATION_HEADER
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile, Tick, sign
from mekong.schemas.errors import Fatal
from mekong.schemas.limits import CORRELATION_LENGTH
from mekong.schemas.raw_records import UNREADABLE
from mekong.schemas.times import from_ms
from mekong.streams.core.aside import MOST_IN_A_ROW, RUN
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake import alone, fold, take
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.feed import feed_key
from mekong.streams.core.intake.fold import AHEAD, Intake
from tests.fakes import Record

SECRET, AGENCY, TOPIC, NOW_MS = b"secret", "VN-CUSTOMS", "in.VN-CUSTOMS.v1", 1_780_000_000_000
TEAK = {"commodity_group": "timber", "substance_or_taxon": "Teak", "quantity": 9 * 10**8, "unit": "kg"}


def seizure(**changed):
    lines = [{"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 1, "unit": "kg"}]
    message = {"message_type": "seizure", "agency": AGENCY, "case_no": "1", "seized_at": "2026-05-03", "lines": lines}
    return json.dumps(message | changed).encode()


def registered(**changed):
    """The record that makes the agency known."""
    known = {"name": "Viet Nam Customs", "kind": "customs", "country": "VN", "region": "Asia", "utc_offset": "+07:00"}
    profile = wire.encode(AgencyProfile(agency=AGENCY, **known | changed))
    return profile, ((CONTROL_HEADER, sign(SECRET, TOPIC, profile)),)


def said_of(*sent, changes=None):
    """What messages with their headers give, from a registered agency; ``changes`` holds the state afterwards."""
    records = [Record(offset, value, timestamp=NOW_MS, headers=headers) for offset, (value, headers) in enumerate([registered(), *sent])]
    draft = Draft({}, {} if changes is None else changes)
    return list(Intake(Deployment(SECRET, clock_is_on=True)).fold(draft, TOPIC, AGENCY, records))


def receipts(*sent):
    return [one.receipt for one in said_of(*sent) if one.receipt]


def entries(*sent):
    return [one.entry for one in said_of(*sent) if one.entry]


@pytest.mark.parametrize(
    ("changed", "noticed"),
    [
        pytest.param({}, [], id="nothing to look at"),
        pytest.param({"to": ["LA-CUSTOMS", AGENCY]}, [("warns_itself", "to")], id="to itself"),
        pytest.param({"to": ["LA-CUSTMS", "LA-CUSTOMS"]}, [("unlisted_agency", "to")], id="to an agency that is mistyped"),
        pytest.param({"feedback_by": "2026-05-28T20:26:39Z"}, [("date_passed", "feedback_by")], id="a second before it came"),
        pytest.param({"feedback_by": "2026-05-28T20:26:40Z"}, [], id="the moment it came"),
    ],
)
def test_a_warning_that_goes_nowhere_or_asks_for_a_time_that_passed_is_taken_with_a_notice(changed, noticed):
    warning = {"message_type": "warning", "agency": AGENCY, "case_no": "w", "to": ["LA-CUSTOMS"], "commodity_groups": ["drug"]}
    (found,) = receipts((json.dumps(warning | changed).encode(), ()))
    assert found["outcome"] == "accepted"
    assert [(one["code"], one["field"]) for one in found.get("warnings", ())] == noticed


MEMBERS = {"members": [AGENCY, "LA-CUSTOMS", "TH-BORDER-PATROL"]}


def sent_by_a_member(message):
    body = {"agency": AGENCY, "case_no": "w", **message}
    profile, headers = registered(**MEMBERS)
    records = [Record(0, profile, None, NOW_MS, headers), Record(1, json.dumps(body).encode(), None, NOW_MS)]
    draft = Draft({}, {})
    return list(Intake(Deployment(SECRET, clock_is_on=True)).fold(draft, TOPIC, AGENCY, records))[-1].receipt


@pytest.mark.parametrize(
    ("changed", "until"),
    [
        pytest.param({}, "2026-08-26T20:26:40.000Z", id="90 days"),
        pytest.param({"feedback_by": "2026-06-01T00:00:00Z"}, "2026-06-01T00:00:00.000Z", id="its feedback"),
        pytest.param({"feedback_by": "2027-06-01T00:00:00Z"}, "2026-08-26T20:26:40.000Z", id="90 days though its feedback is due later"),
    ],
)
def test_the_sender_of_a_warning_is_told_how_long_it_waits_for_an_agency_that_is_not_registered(changed, until):
    to = ["LA-CUSTOMS", "TH-BORDER-PATROL", "TH-CUSTOMS"]
    found = sent_by_a_member({"message_type": "warning", "to": to, "commodity_groups": ["drug"], **changed})
    (notice,) = found["warnings"]
    assert (found["outcome"], notice["code"], notice["field"]) == ("accepted", "unregistered_agency", "to")
    assert notice["detail"] == (
        f"TH-CUSTOMS is not registered yet: it receives this if it is registered before {until}; then the warning expires for it"
    )


RED = {"tlp": "TLP:RED", "release_to": ["LA-CUSTMS"]}


@pytest.mark.parametrize(
    ("message", "field", "near"),
    [
        pytest.param({"to": ["LA-CUSTOMS", "VN-CUSTOM"]}, "to.1", "VN-CUSTOMS", id="of the code list"),
        pytest.param({"to": ["TH-BORDER-PATOL"]}, "to.0", "TH-BORDER-PATROL", id="of the deployment"),
        pytest.param({"to": ["LA-CUSTOMS"], "handling": RED}, "handling.release_to.0", "LA-CUSTOMS", id="released to"),
        pytest.param({"to": ["XX-NOBODY"]}, "to.0", None, id="like none"),
    ],
)
def test_a_message_for_an_agency_that_does_not_exist_is_refused_with_the_nearest_names(message, field, near):
    found = sent_by_a_member({"message_type": "warning", "commodity_groups": ["drug"], **message})
    assert (found["outcome"], found["reason"], found["field"]) == ("rejected", "unknown_code", field)
    assert "is on no list of agencies" in found["detail"]
    assert (f"did you mean {near}" in found["detail"]) if near else ("did you mean" not in found["detail"])


@pytest.mark.parametrize(("header", "outcome"), [(BATCH_HEADER, "accepted"), (CONTROL_HEADER, "rejected")])
def test_a_header_without_a_value_is_an_empty_one(header, outcome):
    found = receipts((seizure(case_no="1"), ((header, None),)), (seizure(case_no="2"), ()))
    assert [one["outcome"] for one in found] == [outcome, "accepted"]


@pytest.fixture(params=[(fold, "check"), (alone, "enrich"), (take, "receipt")], ids=["reading", "enriching", "answering"])
def defect(request, monkeypatch):
    """Something of ours that fails at every case whose number begins with BAD."""
    module, name = request.param
    real = getattr(module, name)

    def failing(*given):
        if "BAD" in repr(given):
            raise RuntimeError("a defect")
        return real(*given)

    monkeypatch.setattr(module, name, failing)


@pytest.mark.usefixtures("defect")
@pytest.mark.parametrize("before", [0, 1, AHEAD - 1, AHEAD])
def test_a_defect_costs_the_one_message_it_is_at_and_is_told_in_its_turn(before):
    good = [(seizure(case_no=str(n)), ()) for n in range(before)]
    found = receipts(*good, (seizure(case_no="BAD"), ()), (seizure(case_no="good"), ()), (seizure(case_no="good"), ()))
    assert [one["source_offset"] for one in found] == list(range(1, before + 4))
    assert [one["outcome"] for one in found] == [*["accepted"] * before, "rejected", "accepted", "duplicate"]
    assert (found[before]["reason"], found[before]["case_no"]) == ("internal", "BAD")


@pytest.mark.usefixtures("defect")
def test_what_a_defect_left_half_done_is_taken_back():
    state = {}
    said_of((seizure(case_no="BAD"), ()), changes=state)
    assert set(state) == {f"{AGENCY}/profile".encode(), feed_key(AGENCY), RUN}


@pytest.mark.usefixtures("defect")
def test_a_deploy_that_fails_at_every_message_stops_before_it_has_refused_them_all():
    with pytest.raises(Fatal, match=f"{MOST_IN_A_ROW} messages in a row"):
        receipts(*[(seizure(case_no=f"BAD{n}"), ()) for n in range(MOST_IN_A_ROW)])


@pytest.mark.usefixtures("defect")
def test_defects_in_a_row_are_counted_over_restarts_and_a_message_that_is_taken_ends_the_row():
    state = {}
    said_of(*[(seizure(case_no=f"BAD{n}"), ()) for n in range(MOST_IN_A_ROW - 1)], changes=state)
    with pytest.raises(Fatal, match=f"{MOST_IN_A_ROW} messages in a row"):
        said_of((seizure(case_no="BAD"), ()), changes=dict(state))
    said_of((seizure(case_no="good"), ()), (seizure(case_no="BAD"), ()), changes=state)
    assert state[RUN] == b"1"


def test_a_failure_that_does_not_come_again_costs_nothing(monkeypatch):
    real, failures = alone.enrich, [KeyError("once")]

    def failing(*given):
        if failures:
            raise failures.pop()
        return real(*given)

    monkeypatch.setattr(alone, "enrich", failing)
    state = {}
    (found,) = [one.receipt for one in said_of((seizure(), ()), changes=state) if one.receipt]
    assert found["outcome"] == "accepted"
    assert RUN not in state


@pytest.mark.parametrize("failure", [MemoryError(), OSError("too many open files")])
@pytest.mark.parametrize("part", [(fold, "check"), (alone, "enrich")])
def test_a_failure_that_says_nothing_of_the_message_rejects_none(monkeypatch, failure, part):
    def failing(*_):
        raise failure

    monkeypatch.setattr(*part, failing)
    with pytest.raises(type(failure)):
        said_of((seizure(), ()))


def test_a_profile_counts_from_where_it_stands():
    profile, header = registered(number=2, region="Europe")
    found = entries((seizure(case_no="1"), ()), (profile, header), (seizure(case_no="2"), ()))
    assert [one["enriched"]["agency_region"] for one in found if one["kind"] == "version"] == ["Asia", "Europe"]


def test_times_at_the_edge_of_the_calendar_are_refused_one_by_one_and_are_no_defect_of_ours():
    sent = [(seizure(case_no=str(n), reported_at="0001-01-01T00:00:00+07:00"), ()) for n in range(MOST_IN_A_ROW + 1)]
    found = receipts(*sent, (seizure(case_no="good"), ()))
    assert {(one["reason"], one["field"]) for one in found[:-1]} == {("bad_date", "reported_at")}
    assert found[-1]["outcome"] == "accepted"


def test_lines_that_weigh_what_no_ship_carries_are_refused_together_too():
    one, two = receipts((seizure(lines=[TEAK]), ()), (seizure(case_no="2", lines=[TEAK, TEAK]), ()))
    assert one["outcome"] == "accepted"
    assert (two["reason"], two["field"]) == ("bad_quantity", "lines")
    assert two["detail"].startswith("weigh over 1,000,000,000 kg together")


@pytest.mark.parametrize("name", ["\udcff\udcfe", UNREADABLE, "x-\udc80"])
def test_a_header_name_that_is_not_utf8_is_a_rejection_and_the_next_message_is_taken(name):
    odd = ((CONTROL_HEADER, b"0"), (name, b"1"))
    found = receipts((seizure(case_no="1"), odd), (b"", ((name, b""),)), (seizure(case_no="2"), (("tên", b"1"),)))
    assert [(one["outcome"], one.get("reason")) for one in found] == [
        ("rejected", "invalid_utf8"),
        ("rejected", "invalid_utf8"),
        ("accepted", None),
    ]


@pytest.mark.parametrize("status", ["disabled", "removed"])
def test_an_agency_that_is_not_active_is_answered_with_the_reason_and_its_time_stands_only_when_it_was_removed(status):
    profile, control = registered(number=2, status=status, reason="its key was stolen")
    tick = wire.encode(Tick(at=from_ms(NOW_MS)))
    signed_tick = (tick, ((CONTROL_HEADER, sign(SECRET, TOPIC, tick)),))
    said = said_of((profile, control), (seizure(), ()), signed_tick, registered(number=3), (seizure(), ()))
    told = [one.receipt for one in said if one.receipt]
    assert [(one["outcome"], one.get("reason")) for one in told] == [("rejected", "agency_disabled"), ("accepted", None)]
    assert f"is {status}: its key was stolen" in told[0]["detail"]
    kinds = [one.entry["kind"] for one in said if one.entry]
    assert kinds == ["agency", "agency", *(["tick"] if status == "disabled" else []), "agency", "version"]


@pytest.mark.parametrize("value", [b"5f0b1c9e-3a0d-4c1e-9b52-0a4d4f6f7c11", b"row 17 of May.xlsx", b"x" * CORRELATION_LENGTH])
def test_the_senders_correlation_id_is_in_the_receipt_whatever_became_of_the_message(value):
    header = ((CORRELATION_HEADER, value),)
    found = receipts(
        (seizure(), header), (seizure(), header), (b"no JSON", header), (b"", header), (seizure(case_no="2", seized_at="2026-05"), ())
    )
    assert [one.get("correlation_id") for one in found] == [value.decode()] * 4 + [None]
    assert [one["outcome"] for one in found] == ["accepted", "duplicate", "rejected", "rejected", "accepted"]
    assert all("warnings" not in one for one in found)


@pytest.mark.parametrize("value", [b"x" * (CORRELATION_LENGTH + 1), b"\xff", "tên".encode(), b"two\nlines"])
def test_a_correlation_id_that_cannot_be_in_a_receipt_is_named_in_it_and_the_message_counts(value):
    header = ((CORRELATION_HEADER, value),)
    found = said_of((seizure(), header), (b"", header))[1:]
    assert [(one.receipt["outcome"], [notice["code"] for notice in one.receipt["warnings"]]) for one in found] == [
        ("accepted", ["correlation_not_echoed"]),
        ("rejected", ["correlation_not_echoed"]),
    ]
    assert all("correlation_id" not in one.receipt for one in found)
    assert found[0].entry["flags"] == []


@pytest.mark.parametrize("value", [None, b""])
def test_an_empty_correlation_id_is_none(value):
    (found,) = receipts((seizure(), ((CORRELATION_HEADER, value),)))
    assert not {"correlation_id", "warnings"} & set(found)


def test_the_entry_of_a_message_is_the_same_with_and_without_a_correlation_id():
    named, plain = (seizure(), ((CORRELATION_HEADER, b"7"),)), (seizure(), ())
    assert wire.dump(entries(named)) == wire.dump(entries(plain))
