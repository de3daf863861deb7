"""What members got of the alerts, held against what there is and what they may see."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from mekong.deploy.verify.members import Sharing, check_members
from mekong.deploy.verify.states import MOST_BYTES, State
from mekong.schemas import wire
from mekong.schemas.topics import ALERTS, JOURNAL, MEMBER_ALERTS
from tests.fakes import Record
from tests.unit.sharing import LA, TH, VN, alert, membership, registered, version

CASE = "0b0f7f0e-65a5-5d5c-9df0-0a1f6b1f7a10"


def held(entries, alerts, got, aside=()):
    """The check, and its figures that are not 0."""
    sharing = Sharing()
    sharing.aside = {(ALERTS.name, 0, offset) for offset in aside}
    for number, entry in enumerate(entries):
        sharing.see_entry(Record(number, wire.dump(entry), topic=JOURNAL.name))
    for number, one in enumerate(alerts):
        sharing.see_alert(Record(number, wire.dump(one), topic=ALERTS.name))
    for member, one in got:
        sharing.see_shared(Record(0, wire.dump({"kind": "alert", "alert": one}), topic=MEMBER_ALERTS.of(member)))
    found = check_members(sharing)
    figures = ("missing", "doubled", "foreign", "different")
    return {figure: number for figure in figures if (number := getattr(found, figure))}


def red(number=1, status="current", **content):
    return version(VN, CASE, number=number, status=status, **content)


MEMBERS = [registered(VN, membership()), registered(LA, membership()), registered(TH)]
RAISED = alert(VN, events=[CASE], journal_offset=3, opened="2026-05-03")
TLP_RED = {"handling": {"tlp": "TLP:RED", "release_to": [TH]}}
AMBER = {"handling": {"tlp": "TLP:AMBER"}}


@pytest.mark.parametrize(
    ("entries", "got", "found"),
    [
        pytest.param([], [(VN, RAISED), (LA, RAISED)], {}, id="its own agency, and a member of the phase"),
        pytest.param([], [(VN, RAISED)], {}, id="who else saw it hangs on the moment"),
        pytest.param([], [(LA, RAISED)], {"missing": 1}, id="its own agency did not get it"),
        pytest.param([], [(VN, RAISED), (VN, RAISED)], {"doubled": 1}, id="twice"),
        pytest.param([], [(VN, RAISED), (TH, RAISED)], {"foreign": 1}, id="to who is of no phase"),
        pytest.param([registered(TH, membership())], [(VN, RAISED), (TH, RAISED)], {}, id="who was of the phase at some time"),
        pytest.param([], [(VN, {**RAISED, "observed": 9})], {"different": 1}, id="altered"),
        pytest.param([], [(VN, RAISED), (VN, {**RAISED, "alert_id": "x"})], {"foreign": 1}, id="one that nobody raised"),
        pytest.param([red(**TLP_RED)], [(VN, RAISED), (TH, RAISED)], {}, id="red, to whom it is released"),
        pytest.param([red(**TLP_RED)], [(VN, RAISED), (LA, RAISED)], {"foreign": 1}, id="red, to another"),
        pytest.param([red(**TLP_RED), red(2, **AMBER)], [(VN, RAISED), (LA, RAISED)], {}, id="red at first only"),
        pytest.param([red(**AMBER), red(2, **TLP_RED)], [(VN, RAISED), (LA, RAISED)], {}, id="shared before it was red"),
        pytest.param([red(**TLP_RED), red(2, "withdrawn")], [(VN, RAISED), (LA, RAISED)], {"foreign": 1}, id="taken back, it stays red"),
    ],
)
def test_each_kind_of_wrong_sharing_is_counted_by_itself(entries, got, found):
    assert held([*MEMBERS, *entries], [RAISED, RAISED], got) == found


def test_an_alert_that_share_has_set_aside_must_not_come():
    assert held(MEMBERS, [RAISED], [], aside=[0]) == {}


def test_an_alert_that_waits_for_an_older_journal_need_not_have_come():
    assert held(MEMBERS, [{name: value for name, value in RAISED.items() if name != "journal_offset"}], []) == {}


class Stored(NamedTuple):
    key: bytes
    value: bytes | None


def test_the_largest_value_of_a_state_is_that_of_the_newest_record_of_a_key():
    state = State()
    for size in (10, MOST_BYTES + 1, MOST_BYTES):
        state.see(Stored(b"a", b"x" * size))
    assert state.largest == MOST_BYTES
    state.see(Stored(b"a", None))
    assert state.largest == MOST_BYTES // 4
    assert State().largest == 0


def test_alerts_that_are_held_are_counted_until_they_go():
    state = State()
    for key, value in ((b"held/1", b"{}"), (b"held/2", b"{}"), (b"held/1", None), (b"told/2", b"{}")):
        state.see(Stored(key, value))
    assert state.held == {b"held/2"}
