"""What no client of ours sends: a receipt each, and the messages behind it are taken."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from schemas import wire
from schemas.batches import BATCH_HEADER
from schemas.control import CONTROL_HEADER, AgencyProfile, sign
from streams.core.draft import Draft
from streams.core.intake.control import Deployment
from streams.core.intake.fold import MAX_INTERNAL_RUN, Intake

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


def receipts(*sent):
    """Of messages with their headers, from a registered agency."""
    profile = wire.encode(
        AgencyProfile(agency=AGENCY, name="Viet Nam Customs", kind="customs", country="VN", region="Asia", utc_offset="+07:00")
    )
    arrived = [(profile, ((CONTROL_HEADER, sign(SECRET, TOPIC, profile)),)), *sent]
    records = [Record(offset, NOW_MS, *one) for offset, one in enumerate(arrived)]
    said = Intake(Deployment(SECRET, clock_is_on=True)).fold(Draft({}, {}), TOPIC, AGENCY, records)
    return [one.receipt for one in said if one.receipt]


@pytest.mark.parametrize(("header", "outcome"), [(BATCH_HEADER, "accepted"), (CONTROL_HEADER, "rejected")])
def test_a_header_without_a_value_is_an_empty_one(header, outcome):
    found = receipts((seizure(case_no="1"), ((header, None),)), (seizure(case_no="2"), ()))
    assert [one["outcome"] for one in found] == [outcome, "accepted"]


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
