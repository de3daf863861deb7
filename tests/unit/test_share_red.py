"""TLP:RED: an alert behind which a red case stands, named or only counted, is for its agency and those that may know."""

import pytest

from tests.unit.sharing import (
    KR,
    LA,
    MONTH,
    RED,
    TH,
    VN,
    World,
    alert,
    membership,
    registered,
    tick,
    version,
    whom,
)


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


def test_an_alert_over_all_members_that_counts_red_cases_is_for_those_who_may_know_of_each():
    world = World()
    world.journal(*(registered(agency, membership()) for agency in (VN, LA, TH, KR)))
    for agency, event, to in ((VN, "e1", [TH, LA]), (LA, "e2", [TH])):
        red = version(agency, event, handling={"tlp": "TLP:RED", "release_to": to})
        world.journal({**red, "contribution": contributed("2026-05-03", "drug")})
    world.journal(*(tick(agency, "2026-05-05T00:00:00.000Z") for agency in (VN, LA, TH, KR)))
    assert whom(world.alerts(alert(agency=None, raised="2026-05-03T23:59:59Z"))) == [LA, TH]
