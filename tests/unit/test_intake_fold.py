"""What no client of ours sends: a receipt each, and the messages behind it are taken."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from schemas import wire
from schemas.batches import BATCH_HEADER
from schemas.control import CONTROL_HEADER, AgencyProfile, sign
from schemas.errors import Fatal
from streams.core.draft import Draft
from streams.core.intake import fold, take
from streams.core.intake.control import Deployment
from streams.core.intake.fold import AHEAD, MAX_INTERNAL_RUN, Intake

SECRET, AGENCY, TOPIC, NOW_MS = b"secret", "VN-CUSTOMS", "in.VN-CUSTOMS.v1", 1_780_000_000_000
TEAK = {"commodity_group": "timber", "substance_or_taxon": "Teak", "quantity": 9 * 10**8, "unit": "kg"}


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes
    headers: tuple


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
    records = [Record(offset, NOW_MS, *one) for offset, one in enumerate([registered(), *sent])]
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


@pytest.mark.parametrize(("header", "outcome"), [(BATCH_HEADER, "accepted"), (CONTROL_HEADER, "rejected")])
def test_a_header_without_a_value_is_an_empty_one(header, outcome):
    found = receipts((seizure(case_no="1"), ((header, None),)), (seizure(case_no="2"), ()))
    assert [one["outcome"] for one in found] == [outcome, "accepted"]


@pytest.fixture(params=[(fold, "check"), (take, "enrich"), (take, "receipt")], ids=["reading", "enriching", "answering"])
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
    assert list(state) == [f"{AGENCY}/profile".encode()]


@pytest.mark.usefixtures("defect")
def test_a_deploy_that_fails_at_every_message_stops_before_it_has_refused_them_all():
    with pytest.raises(Fatal, match=f"{MAX_INTERNAL_RUN} messages in a row"):
        receipts(*[(seizure(case_no=f"BAD{n}"), ()) for n in range(MAX_INTERNAL_RUN)])


def test_a_profile_counts_from_where_it_stands():
    profile, header = registered(number=2, region="Europe")
    found = entries((seizure(case_no="1"), ()), (profile, header), (seizure(case_no="2"), ()))
    assert [one["enriched"]["agency_region"] for one in found if one["kind"] == "version"] == ["Asia", "Europe"]


def test_times_at_the_edge_of_the_calendar_are_refused_one_by_one_and_are_no_defect_of_ours():
    sent = [(seizure(case_no=str(n), reported_at="0001-01-01T00:00:00+07:00"), ()) for n in range(MAX_INTERNAL_RUN + 1)]
    found = receipts(*sent, (seizure(case_no="good"), ()))
    assert {(one["reason"], one["field"]) for one in found[:-1]} == {("bad_date", "reported_at")}
    assert found[-1]["outcome"] == "accepted"


def test_lines_that_weigh_what_no_ship_carries_are_refused_together_too():
    one, two = receipts((seizure(lines=[TEAK]), ()), (seizure(case_no="2", lines=[TEAK, TEAK]), ()))
    assert one["outcome"] == "accepted"
    assert (two["reason"], two["field"]) == ("bad_quantity", "lines")
    assert two["detail"].startswith("weigh over 1,000,000,000 kg together")
