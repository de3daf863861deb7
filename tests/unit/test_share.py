"""What is shared with whom: alerts once their journal was read, messages with those they name, hours by the member's own clock."""

import itertools
from datetime import date

import pytest

from mekong.schemas import wire
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import Shared
from mekong.streams.core.notices.visible import Subject, phases_of, visible_to
from tests.unit.sharing import (
    DAY,
    KR,
    LA,
    RED,
    TH,
    VN,
    World,
    alert,
    membership,
    profile,
    registered,
    tick,
    version,
    whom,
)


@pytest.mark.parametrize(
    ("matter", "sees"),
    [
        pytest.param(Subject(VN, DAY, DAY), True, id="its own"),
        pytest.param(Subject(LA, DAY, DAY), False, id="another's"),
        pytest.param(Subject(LA, DAY, DAY, named=frozenset({VN})), True, id="another's that names it"),
        pytest.param(Subject(LA, DAY, DAY, frozenset({("OMD", "OMD-VII")})), True, id="of a phase that both are in"),
        pytest.param(Subject(LA, DAY, DAY, frozenset({("OMD", "OMD-VI")})), False, id="of a phase that it is not in"),
        pytest.param(
            Subject(LA, date(2026, 9, 1), date(2026, 9, 1), frozenset({("OMD", "OMD-VII")})), False, id="after its part in the phase"
        ),
        pytest.param(Subject(LA, DAY, DAY, frozenset({("OMD", "OMD-VII")}), is_red=True), False, id="red, and it is not named"),
        pytest.param(Subject(LA, DAY, DAY, named=frozenset({VN}), is_red=True), True, id="red, and it is named"),
        pytest.param(Subject(VN, DAY, DAY, is_red=True), True, id="red, and its own"),
        pytest.param(Subject(None, DAY, DAY, frozenset({("OMD", "OMD-VII")})), True, id="over all members of its phase"),
    ],
)
def test_a_member_sees_its_own_what_names_it_and_what_is_of_its_phases(matter, sees):
    assert visible_to(profile(VN, membership()), matter) is sees


def test_goods_out_of_scope_are_in_no_phase_and_all_goods_together_in_each():
    found = [profile(VN, membership(groups=("drug",)))]
    assert phases_of(found, DAY, DAY, "timber") == frozenset()
    assert phases_of(found, DAY, DAY, "drug") == phases_of(found, DAY, DAY, None) == {("OMD", "OMD-VII")}


def test_an_alert_is_for_its_agency_and_for_those_of_its_phase():
    world = World()
    world.journal(registered(VN, membership()), registered(LA, membership()), registered(TH), registered(KR, membership(role="observer")))
    world.journal(tick(VN, "2026-05-03T08:00:00.000Z"))
    told = world.alerts(alert())
    assert whom(told) == [KR, LA, VN]
    shared = [Shared.model_validate(one) for _, one in told]
    assert {(one.kind, one.region, one.utc_offset) for one in shared} == {("alert", "South-eastern Asia", "+07:00")}
    assert shared[0].alert == alert()


def test_an_alert_waits_until_the_journal_of_its_agency_was_read_up_to_what_raised_it():
    world = World()
    assert world.alerts(alert(raised="2026-05-03T08:00:00.123Z")) == []
    assert world.journal(registered(VN, received="2026-05-03T07:00:00.000Z")) == []
    assert whom(world.journal(version(VN, "e1", received="2026-05-03T08:00:00.123Z"))) == [VN]
    assert not [key for key in world.state if key.startswith(b"held/")]


def test_an_alert_of_a_replay_waits_for_the_tick_of_the_datas_own_time():
    world = World()
    world.journal(registered(VN, received="2026-11-22T10:00:00.000Z"))
    assert world.alerts(alert(raised="2019-05-04T00:00:00Z")) == []
    assert whom(world.journal({**tick(VN, "2019-05-04T00:00:00.000Z"), "received_at": "2026-11-22T10:00:01.000Z"}), "alert") == [VN]


def test_an_alert_that_comes_twice_is_shared_once():
    world = World()
    world.journal(registered(VN), tick(VN, "2026-05-03T09:00:00.000Z"))
    assert whom(world.alerts(alert(), alert())) == [VN]
    assert world.alerts(alert()) == []


def test_an_alert_over_all_members_waits_until_each_clock_has_left_its_day():
    world = World()
    world.journal(registered(VN, membership()), registered(LA, membership()), registered(TH))
    world.journal(tick(VN, "2026-05-03T17:01:00.000Z"), tick(LA, "2026-05-03T16:59:00.000Z"), tick(TH, "2026-05-03T17:01:00.000Z"))
    assert world.alerts(alert(agency=None, raised="2026-05-03T23:59:59Z")) == []
    told = world.journal(tick(LA, "2026-05-03T17:00:00.000Z"))
    assert whom(told, "alert") == [LA, VN]


def test_an_alert_over_all_members_waits_for_a_partition_that_is_days_behind_in_being_read():
    world = World()
    world.journal(registered(VN, membership()))
    world.journal(registered(LA, membership()), registered(TH, membership()), partition=1)
    world.journal(tick(VN, "2026-05-20T00:00:00.000Z"))
    assert world.alerts(alert(agency=None, raised="2026-05-03T23:59:59Z", events=["e1"])) == []  # LA and TH have not ticked
    world.journal(tick(LA, "2026-05-01T00:00:00.000Z"), tick(TH, "2026-05-01T00:00:00.000Z"), partition=1)
    told = world.journal(version(LA, "e1", handling={"tlp": "TLP:RED", "release_to": [TH]}), partition=1)
    assert whom(told, "alert") == []
    assert whom(world.journal(tick(TH, "2026-05-04T00:00:00.000Z"), partition=1), "alert") == []  # LA may be read on to there
    assert whom(world.journal(tick(TH, "2026-05-05T00:00:00.000Z"), partition=1), "alert") == [LA, TH]  # its clock has stopped


def test_a_warning_of_an_older_state_names_all_whom_it_went_to():
    world = World()
    world.journal(registered(VN), registered(LA), registered(TH))
    world.state[b"warning/w1"] = wire.compact(wire.dump({"f": 1, "from": VN, "to": [LA, VN]}))
    assert whom(world.journal(version(VN, "w1", "warning", number=2, status="withdrawn"))) == [LA, VN]


def test_an_alert_waits_for_the_very_entry_that_raised_it():
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA)))  # offsets 0 and 1
    world.journal(version(VN, "e0", received="2026-05-03T08:00:00.000Z"))  # 2
    assert world.alerts(alert(events=["e1"], journal_offset=3)) == []  # in the same millisecond
    assert whom(world.journal(version(VN, "e1", received="2026-05-03T08:00:00.000Z", handling=RED)), "alert") == [VN]


def test_a_warning_goes_to_whom_it_names_and_to_its_sender_at_once():
    world = World()
    world.journal(registered(VN, membership()), registered(LA, membership()), registered(TH, membership()))
    told = world.journal(version(VN, "w1", "warning", to=[LA]))
    assert whom(told) == [LA, VN]
    assert {shared["kind"] for _, shared in told} == {"warning"}
    assert {shared["at"] for _, shared in told} == {"2026-05-03T08:00:00.000Z"}


def test_who_is_no_longer_named_hears_the_correction_and_the_withdrawal():
    world = World()
    world.journal(registered(VN), registered(LA), registered(TH))
    world.journal(version(VN, "w1", "warning", to=[LA]))
    second = version(VN, "w1", "warning", number=2, to=[TH], method_note="for TH only", handling={"tlp": "TLP:RED"})
    told = world.journal({**second, "batch": "for TH.json", "source": {"topic": "in.VN-CUSTOMS.v1", "offset": 9}})
    assert {member: shared["message"]["content"].get("method_note") for member, shared in told} == {
        LA: None,
        TH: "for TH only",
        VN: "for TH only",
    }
    (dropped,) = [shared["message"] for member, shared in told if member == LA]
    assert (dropped["version"], dropped["content"], dropped["enriched"]) == (2, {"to": []}, {})
    assert dropped.keys().isdisjoint({"batch", "source", "content_hash"})
    told = world.journal({**version(VN, "w1", "warning", number=3, status="withdrawn", reason="found"), "batch": "for TH.json"})
    assert {member: (shared["message"]["content"].get("reason"), shared["message"].get("batch")) for member, shared in told} == {
        LA: (None, None),
        TH: ("found", "for TH.json"),
        VN: ("found", "for TH.json"),
    }


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_feedback_reaches_the_sender_of_its_warning_in_whatever_order_their_partitions_are_read(order):
    world = World()
    world.journal(registered(VN), registered(LA))
    parts = [
        [version(VN, "w1", "warning", to=[LA])],
        [version(LA, "f1", "feedback", in_reply_to="w1"), version(LA, "f1", "feedback", number=2, status="withdrawn")],
        [tick(VN, "2026-05-03T09:00:00.000Z")],
    ]
    told = [one for number in order for one in world.journal(*parts[number])]
    assert [(shared["kind"], shared["message"]["version"]) for member, shared in told if member == VN and shared["kind"] != "hour"] == [
        ("warning", 1),
        ("feedback", 1),
        ("feedback", 2),
    ]
    assert not [key for key in world.state if key.startswith(b"early/")]


@pytest.mark.parametrize("is_early", [False, True])
def test_feedback_to_a_case_reaches_whose_case_it_is_whichever_is_read_first(is_early):
    world = World()
    world.journal(registered(VN, membership()), registered(LA), registered(TH, membership()))
    parts = [[version(VN, "e1")], [version(LA, "f1", "feedback", in_reply_to="e1")]]
    told = [one for part in (reversed(parts) if is_early else parts) for one in world.journal(*part)]
    assert whom(told, "feedback") == [LA, VN]
    assert whom(world.journal(version(LA, "f1", "feedback", number=2, status="withdrawn")), "feedback") == [LA, VN]
    assert not [key for key in world.state if key.startswith(b"early/")]


def test_a_warning_to_an_agency_that_is_not_registered_waits_for_it():
    world = World()
    world.journal(registered(VN))
    assert whom(world.journal(version(VN, "w1", "warning", to=[LA, TH]))) == [VN]
    assert whom(world.journal(registered(LA))) == [LA]
    assert whom(world.journal(registered(LA, membership()))) == []


def test_an_hour_is_told_when_the_members_own_clock_passes_into_it():
    world = World()
    world.journal(registered(VN, offset="+05:45"))
    told = world.journal(*[tick(VN, f"2026-05-03T{at}:00.000Z") for at in ("08:00", "08:14", "08:15", "08:16", "09:14", "12:00")])
    assert [shared["at"][11:16] for _, shared in told] == ["08:00", "08:15", "12:00"]


def test_a_newer_format_is_refused_not_misread():
    with pytest.raises(Refused, match="format 2"):
        World().journal({**tick(VN, "2026-05-03T08:00:00.000Z"), "format": 2})
    with pytest.raises(Refused, match="format 2"):
        World().alerts({**alert(), "format": 2})
