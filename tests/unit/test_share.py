"""What is shared with whom: alerts once their journal was read, messages with those they name, hours by the member's own clock."""

import itertools
import json
from datetime import date
from functools import partial

import pytest

from schemas import wire
from schemas.alerts import Kind, State, alert_id
from schemas.control import AgencyProfile, Membership
from schemas.errors import Refused
from schemas.notifications import Shared
from streams.core.draft import Draft
from streams.core.notices.share import fold_alerts, fold_journal
from streams.core.notices.visible import Matter, phases_of, visible_to

VN, LA, TH, KR = "VN-CUSTOMS", "LA-CUSTOMS", "TH-CUSTOMS", "KR-CUSTOMS"
MONTH = {"bucket": {"size": "month", "start": "2026-05-01", "end": "2026-05-31"}}
DAY, LATER = date(2026, 5, 3), date(2026, 9, 1)


class Record:
    key = None

    def __init__(self, value, offset=0):
        self.value, self.offset = wire.dump(value), offset


def membership(phase="OMD-VII", starts="2026-04-01", ends="2026-08-31", groups=(), role="member"):
    return Membership(operation="OMD", phase=phase, role=role, starts_on=starts, ends_on=ends, commodity_groups=groups)


def profile(agency, *memberships, offset="+07:00"):
    found = {"kind": "customs", "country": agency[:2], "region": "South-eastern Asia", "utc_offset": offset, "memberships": memberships}
    return AgencyProfile(agency=agency, name=agency, **found)


def registered(agency, *memberships, received="2026-05-01T00:00:00.000Z", offset="+07:00"):
    found = profile(agency, *memberships, offset=offset).model_dump(mode="json")
    return {"kind": "agency", "format": 1, "agency": agency, "received_at": received, "profile": found}


def tick(agency, at):
    return {"kind": "tick", "format": 1, "agency": agency, "at": at, "received_at": at}


def version(agency, event, family="case", received="2026-05-03T08:00:00.000Z", number=1, status="current", **content):
    return {
        "kind": "version",
        "format": 1,
        "event_id": event,
        "agency": agency,
        "case_no": event,
        "family": family,
        "version": number,
        "status": status,
        "received_at": received,
        "content": content,
    }


def alert(agency=VN, raised="2026-05-03T08:00:00Z", events=(), group="drug", **more):
    series = "/".join(part for part in (agency or "network", group) if part)
    return {
        "format": 1,
        "alert_id": str(alert_id(Kind.SPIKE, series, raised, State.OPEN)),
        "kind": "SPIKE",
        "state": "open",
        "tier": "SPIKE",
        "series": series,
        **({"agency": agency} if agency else {"network": True}),
        **({"commodity_group": group} if group else {}),
        "bucket": {"size": "day", "start": "2026-05-03", "end": "2026-05-03"},
        "raised_at": raised,
        "event_ids": list(events),
        "sentences": {"en": "x", "vi": "x", "zh": "x"},
        **more,
    }


class World:
    """A share lane; each call is one committed run."""

    def __init__(self):
        self.state = {}
        self.read = 0

    def _commit(self, fold, values):
        changes = {}
        records = [Record(value, self.read + place) for place, value in enumerate(values)]
        told = [(one.member, json.loads(wire.dump(one.shared))) for one in fold(Draft(self.state, changes), records)]
        for key, value in changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        return told

    def journal(self, *entries, partition=0):
        told = self._commit(partial(fold_journal, partition=partition), entries)
        self.read += len(entries)
        return told

    def alerts(self, *alerts):
        return self._commit(fold_alerts, alerts)


def whom(told, kind=None):
    return [member for member, shared in told if kind in (None, shared["kind"])]


@pytest.mark.parametrize(
    ("matter", "sees"),
    [
        pytest.param(Matter(VN, DAY, DAY), True, id="its own"),
        pytest.param(Matter(LA, DAY, DAY), False, id="another's"),
        pytest.param(Matter(LA, DAY, DAY, named=frozenset({VN})), True, id="another's that names it"),
        pytest.param(Matter(LA, DAY, DAY, frozenset({("OMD", "OMD-VII")})), True, id="of a phase that both are in"),
        pytest.param(Matter(LA, DAY, DAY, frozenset({("OMD", "OMD-VI")})), False, id="of a phase that it is not in"),
        pytest.param(
            Matter(LA, date(2026, 9, 1), date(2026, 9, 1), frozenset({("OMD", "OMD-VII")})), False, id="after its part in the phase"
        ),
        pytest.param(Matter(LA, DAY, DAY, frozenset({("OMD", "OMD-VII")}), is_red=True), False, id="red, and it is not named"),
        pytest.param(Matter(LA, DAY, DAY, named=frozenset({VN}), is_red=True), True, id="red, and it is named"),
        pytest.param(Matter(VN, DAY, DAY, is_red=True), True, id="red, and its own"),
        pytest.param(Matter(None, DAY, DAY, frozenset({("OMD", "OMD-VII")})), True, id="over all members of its phase"),
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


def test_an_alert_behind_which_a_red_case_stands_is_for_its_agency_and_those_it_is_released_to():
    world = World()
    members = [registered(agency, membership()) for agency in (VN, LA, TH)]
    red = {"tlp": "TLP:RED", "release_to": [TH]}
    world.journal(*members, version(VN, "e1", handling=red), tick(VN, "2026-05-03T09:00:00.000Z"))
    assert whom(world.alerts(alert(events=["e0", "e1"]))) == [TH, VN]
    world.journal(version(VN, "e1", number=2, handling={"tlp": "TLP:AMBER"}))
    assert whom(world.alerts(alert(raised="2026-05-03T08:01:00Z", events=["e1"], opened="2026-05-03"))) == [LA, TH, VN]


def contributed(day, *groups, precision="day"):
    return {"day": day, "precision": precision, "groups": {group: [1, 1] for group in groups}}


RED = {"tlp": "TLP:RED", "release_to": [TH]}


@pytest.mark.parametrize(
    ("case", "changed", "red"),
    [
        pytest.param(contributed("2026-05-03", "drug"), {}, True, id="of its day and goods"),
        pytest.param(contributed("2026-05-03", "drug"), {"group": None}, True, id="all goods together"),
        pytest.param(contributed("2026-05-03", "cigarettes"), {}, False, id="of other goods"),
        pytest.param(contributed("2026-05-02", "drug"), {}, False, id="of another day"),
        pytest.param(contributed("2026-05-02", "drug"), {"opened": "2026-05-01", "state": "cleared"}, True, id="since it opened"),
        pytest.param(
            contributed("2026-04-02", "drug"), {"kind": "BULK_REPORT", "group": None}, True, id="came on the day of a bulk report"
        ),
        pytest.param(contributed("2026-05-03", "drug"), {"kind": "MAJOR"}, False, id="not the case it is about"),
        pytest.param(contributed("2026-05-01", "drug", precision="month"), MONTH, True, id="only its month is known"),
        pytest.param(None, {}, False, id="counted nowhere"),
    ],
)
def test_a_red_case_that_an_alert_counts_without_naming_it_hides_it_from_who_may_not_know(case, changed, red):
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA, TH)))
    world.journal(tick(VN, "2026-05-03T02:00:00.000Z"), {**version(VN, "e1", handling=RED), "contribution": case})
    assert whom(world.alerts(alert(events=["e0"], more=70, **changed))) == ([TH, VN] if red else [LA, TH, VN])


def test_a_red_case_that_moved_to_another_day_hides_the_alerts_of_both_until_it_is_red_no_more():
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA, TH)))
    world.journal({**version(VN, "e1"), "contribution": contributed("2026-05-03", "drug")})
    moved = {"contribution": contributed("2026-05-09", "drug"), "supersedes": contributed("2026-05-03", "drug")}
    world.journal({**version(VN, "e1", number=2, handling=RED), **moved}, tick(VN, "2026-05-03T09:00:00.000Z"))
    assert whom(world.alerts(alert())) == [TH, VN]
    world.journal({**version(VN, "e1", number=3), "contribution": moved["contribution"], "supersedes": moved["contribution"]})
    assert whom(world.alerts(alert(raised="2026-05-03T08:01:00Z", kind="RETRO_SPIKE"))) == [LA, TH, VN]
    assert not [key for key in world.state if key.startswith(b"red-on")]


def test_the_later_states_of_an_alert_are_for_no_more_than_its_first():
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA, TH)))
    world.journal(version(VN, "e1", handling=RED), tick(VN, "2026-05-03T09:00:00.000Z"))
    opened = {"opened": "2026-05-03"}
    assert whom(world.alerts(alert(events=["e1"], **opened))) == [TH, VN]
    assert whom(world.alerts(alert(raised="2026-05-03T08:00:01Z", events=["e2"], state="escalated", **opened))) == [TH, VN]
    assert whom(world.alerts(alert(raised="2026-05-03T08:00:02Z", events=["e3"], state="cleared", **opened))) == [TH, VN]
    assert not [key for key in world.state if key.startswith(b"red-alert")]


def test_a_red_case_counts_as_come_on_a_day_that_never_goes_back_as_the_detectors_have_it():
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA)))
    world.journal(tick(VN, "2026-05-03T18:00:00.000Z"))  # 1 hour into 4 May
    world.journal(registered(VN, membership(), offset="+05:00"), tick(VN, "2026-05-03T18:01:00.000Z"))  # 3 May again
    world.journal({**version(VN, "e1", handling=RED), "contribution": contributed("2026-04-01", "drug")})
    bulk = alert(kind="BULK_REPORT", group=None, bucket={"size": "day", "start": "2026-05-04", "end": "2026-05-04"}, more=70)
    assert whom(world.alerts(bulk)) == [VN]


@pytest.mark.parametrize(
    ("opened", "start", "end"), [("2026-05-05", "2026-05-02", "2026-05-05"), ("2026-05-02", "2026-05-04", "2026-05-05")]
)
def test_a_red_case_on_the_first_of_all_days_that_an_alert_is_about_hides_it(opened, start, end):
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA)))
    world.journal({**version(VN, "e1", handling=RED), "contribution": contributed("2026-05-02", "drug")})
    assert whom(world.alerts(alert(bucket={"size": "day", "start": start, "end": end}, opened=opened))) == [VN]


def test_a_red_case_that_was_corrected_twice_hides_alerts_of_every_day_and_goods_it_ever_had():
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA)))
    places = [("2026-05-03", "drug"), ("2026-05-03", "wildlife"), ("2026-05-09", "wildlife")]
    before = None
    for number, place in enumerate(places, 1):
        now = contributed(*place)
        world.journal({**version(VN, "e1", number=number, handling=RED), "contribution": now, "supersedes": before})
        before = now
    for place, (day, group) in enumerate(places):
        about = alert(raised=f"2026-05-03T07:00:0{place}Z", group=group, bucket={"size": "day", "start": day, "end": day})
        assert whom(world.alerts(about)) == [VN]


def test_state_of_an_older_version_is_gone_on_with():
    world = World()
    world.journal(registered(VN), registered(LA), registered(TH))
    world.state |= {
        b"warning/w1": wire.compact(wire.dump({"f": 1, "from": VN, "to": [LA, VN]})),
        b"red/e1": wire.compact(wire.dump({"f": 1, "to": [TH]})),
    }
    held = alert(raised="2026-05-03T09:00:00Z")
    assert world.alerts(held) == []
    member = json.loads(world.state[f"agency/{VN}".encode()])
    world.state[f"agency/{VN}".encode()] = wire.compact(wire.dump({**member, "held": [one[:2] for one in member["held"]]}))
    assert whom(world.journal(version(VN, "w1", "warning", number=2, status="withdrawn"))) == [LA, VN]
    told = world.journal(version(VN, "e1", number=2), tick(VN, "2026-05-03T10:00:00.000Z"))
    assert whom(told, "alert") == [VN]


def test_an_alert_over_all_members_that_counts_red_cases_is_for_those_who_may_know_of_each():
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA, TH, KR)))
    for agency, event, to in ((VN, "e1", [TH, LA]), (LA, "e2", [TH])):
        red = version(agency, event, handling={"tlp": "TLP:RED", "release_to": to})
        world.journal({**red, "contribution": contributed("2026-05-03", "drug")})
    world.journal(*(tick(agency, "2026-05-05T00:00:00.000Z") for agency in (VN, LA, TH, KR)))
    assert whom(world.alerts(alert(agency=None, raised="2026-05-03T23:59:59Z"))) == [LA, TH]


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
