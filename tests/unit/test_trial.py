"""A test of the connection gets its receipt, and leaves no trace in the journal or the state."""

from __future__ import annotations

from mekong.deploy.cli.receipts import line_of
from mekong.schemas.receipts import Receipt
from mekong.schemas.rejected import Reason
from mekong.schemas.trial import trial_message
from mekong.schemas.wire import decode, dump
from tests.unit.test_intake_fold import AGENCY, registered, said_of, seizure

TEST = (trial_message(AGENCY, "test 1"), ())


def test_a_test_of_the_connection_has_a_receipt_with_a_reason_of_its_own():
    (said,) = [one for one in said_of(TEST) if one.receipt]
    assert said.entry is None
    receipt = decode(dump(said.receipt), Receipt)
    assert (receipt.case_no, receipt.reason, receipt.version) == ("test 1", Reason.TEST_MESSAGE, None)
    assert line_of(receipt).endswith("test 1  test  this message was a test of the connection: it arrived, and nothing of it was kept")


def test_a_test_changes_no_state_and_no_answer_to_other_messages():
    without, with_tests = {}, {}
    plain = said_of((seizure(), ()), (seizure(case_no="2"), ()), changes=without)
    tested = said_of(TEST, (seizure(), ()), TEST, (seizure(case_no="2"), ()), TEST, changes=with_tests)
    assert without == with_tests
    entries = [[one.entry["case_no"] for one in said if one.entry and "case_no" in one.entry] for said in (plain, tested)]
    assert entries == [["1", "2"], ["1", "2"]]


def test_a_disabled_agency_is_told_so_instead():
    (profile, headers) = registered(status="disabled", reason="its key was stolen", number=2)
    (said,) = [one for one in said_of((profile, headers), TEST) if one.receipt]
    assert said.receipt["reason"] == "agency_disabled"
