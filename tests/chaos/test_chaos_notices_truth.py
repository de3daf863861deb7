"""The truth about alerts, notifications and deliveries, by hand; and each check of it with one thing gone wrong."""

import json
from collections import Counter
from datetime import date

import pytest
from chaos_notices import Phase, shares, wanted
from chaos_subscribers import DEAD, Wish
from chaos_told import (
    Arrival,
    Event,
    check_alerts,
    check_arrivals,
    check_deliveries,
    check_nobody_waits,
    check_notifications,
    check_reader,
    check_shared,
)
from chaos_topics import Differences

VN, LA, TH, CN = "VN-CUSTOMS", "LA-CUSTOMS", "TH-CUSTOMS", "CN-CUSTOMS"
PHASE = Phase(date(2026, 5, 1), date(2026, 5, 31), (VN, LA), ("drug",))
REMINDER = {"event_id": "w", "feedback_by": "2026-05-04T01:00:00Z", "missing": [VN]}
WISHES = (Wish("duty", VN, budget=1), Wish("lao", LA), Wish(DEAD, VN))


def alert(name, agency=VN, group="drug", day="2026-05-03", **more):
    found = {"alert_id": name, "commodity_group": group, "series": f"{agency}/{group}", "tier": "SPIKE", "rules": "1"}
    return {**found, "bucket": {"start": day, "end": day}, **({"agency": agency} if agency else {}), **more}


def entry(family, agency, name, number=1, status="current", **content):
    found = {"kind": "version", "family": family, "agency": agency, "event_id": name, "version": number}
    return {**found, "status": status, "content": content}


def shared(kind, hours, about=None):
    at = f"2026-05-{4 + hours // 24:02}T{hours % 24:02}:00:00Z"
    return {"kind": kind, "at": at, **({"alert" if kind == "alert" else "message": about} if about else {})}


@pytest.mark.parametrize(
    ("raised", "seen_by"),
    [
        pytest.param(alert("a"), {VN, LA}, id="of a member of the phase"),
        pytest.param(alert("a", group=None), {VN, LA}, id="over all groups"),
        pytest.param(alert("a", group="timber"), {VN}, id="goods that are not in scope"),
        pytest.param(alert("a", day="2026-06-01"), {VN}, id="after the phase"),
        pytest.param(alert("a", CN), {CN}, id="of another agency"),
        pytest.param(alert("a", None), {VN, LA}, id="over all members"),
        pytest.param(alert("a", None, "timber"), set(), id="over all members, not in scope"),
    ],
)
def test_the_truth_knows_who_sees_an_alert_once_however_often_it_was_raised(raised, seen_by):
    assert shares([raised, raised], [], (VN, LA, TH, CN), PHASE) == Counter({(member, ("alert", "a")): 1 for member in seen_by})


def test_the_truth_knows_who_gets_a_warning_and_its_answer():
    journal = [
        entry("feedback", LA, "f", in_reply_to="w"),
        entry("warning", VN, "w", to=[LA, "SG-CUSTOMS"]),
        entry("warning", VN, "w", 2, to=[TH]),
        entry("warning", VN, "w", 3, "withdrawn"),
        entry("feedback", LA, "f", 2, "withdrawn"),
        entry("feedback", TH, "g", in_reply_to="nothing"),
        entry("case", VN, "c"),
        entry("feedback", TH, "h", 4, in_reply_to="c"),
    ]
    found = {(member, *told[::2]) for member, told in shares([], journal, (VN, LA, TH), PHASE)}
    assert found == {
        *((member, "warning", "1") for member in (VN, LA)),
        *((member, "warning", number) for member in (VN, LA, TH) for number in "23"),
        *((member, "feedback", number) for member in (VN, LA) for number in "12"),
        *((member, "feedback", "4") for member in (VN, TH)),
    }


def test_the_truth_knows_what_a_subscription_wants_and_what_is_due():
    by = {"feedback_by": "2026-05-04T05:00:00Z"}
    told = [
        shared("warning", 1, entry("warning", LA, "w", to=[VN], **by)),
        shared("alert", 6, alert("a")),
        shared("hour", 2),
        shared("alert", 9, alert("b")),
        shared("hour", 5),
        shared("hour", 6),
        shared("warning", 6, entry("warning", VN, "x", to=[LA, TH], **by)),
        shared("alert", 6, alert("c", group="fauna")),
    ]
    assert wanted(Wish("duty", VN, groups=("drug",)), told) == Counter(
        [
            ("warning", "w", "1"),
            ("alert", "a"),
            ("alert", "b"),
            ("reminder", "w", "2026-05-04T05:00:00+00:00", VN),
            ("reminder", "x", "2026-05-04T05:00:00+00:00", LA, TH),
        ]
    )
    assert wanted(Wish("duty", VN, groups=("drug",)), told[:4])[("reminder", "w", "2026-05-04T05:00:00+00:00", VN)] == 0, "an hour at most"
    answer = shared("feedback", 2, entry("feedback", VN, "f", in_reply_to="w"))
    assert not [one for one in wanted(Wish("duty", VN), [answer, *told[:6]]) if one[0] == "reminder"]
    assert wanted(Wish("duty", VN, muted=("VN-CUSTOMS/drug",), tiers=("SPIKE",)), told[1:2]) == Counter()


class Case:
    """A small world in which all is well, until a test changes it."""

    def __init__(self):
        self.alerts = [alert("a"), alert("b"), alert("b", rules="chaos")]
        self.journal = [entry("warning", LA, "w", to=[VN])]
        told = [shared("hour", 1), shared("alert", 2, alert("a")), shared("alert", 3, alert("b"))]
        told.append(shared("warning", 4, entry("warning", LA, "w", to=[VN])))
        self.shared = {VN: list(told), LA: list(told)}
        self.notifications = [
            self.notified("1", "duty", "alert", alert("a"), at="2026-05-04T01:00:00Z"),
            self.notified("2", "duty", "digest", alert("b")),
            self.notified("3", "duty", "warning", entry("warning", LA, "w")),
            self.notified("4", "lao", "alert", alert("a")),
            self.notified("5", "lao", "alert", alert("b")),
            self.notified("6", DEAD, "digest", alert("a"), alert("b")),
            self.notified("7", DEAD, "warning", entry("warning", LA, "w")),
            self.notified("8", DEAD, "test"),
            self.notified("9", "lao", "alive"),
        ]
        self.deliveries = [self.delivered("1", 1, "retrying"), self.delivered("1", 2, "sent")]
        self.deliveries += [self.delivered(name, 1, "sent") for name in "23459"]
        self.deliveries += [self.delivered(name, number, "retrying") for name in "678" for number in (1, 2)]
        self.arrivals = [self.arrival(one) for one in self.notifications] + [self.arrival(self.notifications[0])]
        self.events = [Event(number, one["kind"], json.dumps(one)) for number, one in enumerate(told) if number]

    def notified(self, name, subscription, reason, *items, at="2026-05-04T08:00:00Z"):
        member = LA if subscription == "lao" else VN
        found = {"notification_id": name, "subscription": subscription, "member": member, "reason": reason}
        return {**found, "raised_at": at, "items": list(items)}

    def delivered(self, name, attempt, state):
        return {"notification_id": name, "attempt": attempt, "state": state}

    def arrival(self, one, *, is_signed=True):
        body = {"type": f"mekong.{one['reason']}", "data": {"subscription": one["subscription"]}}
        return Arrival(one["subscription"], one["notification_id"], json.dumps(body).encode(), is_signed)

    def differences(self):
        found = Differences()
        check_alerts(found, self.alerts, {"a", "b"}, "chaos")
        check_shared(found, self.shared, self.alerts, self.journal, PHASE)
        check_notifications(found, self.notifications, WISHES, self.shared, {DEAD: 1})
        check_deliveries(found, self.deliveries, self.notifications)
        check_arrivals(found, self.arrivals, self.notifications, WISHES)
        records = [(number, json.dumps(one)) for number, one in enumerate(self.shared[VN])]
        check_reader(found, VN, self.events, records)
        return found


def test_a_world_in_which_all_is_well_has_no_differences():
    assert Case().differences() == []


def spoil(name, number, **changed):
    """A change of one record in a list of the case."""

    def do(case):
        getattr(case, name)[number] = {**getattr(case, name)[number], **changed}

    return do


@pytest.mark.parametrize(
    ("sabotage", "said"),
    [
        (lambda case: case.alerts.append(alert("a")), "alerts raised twice"),
        (lambda case: case.alerts.pop(0), "alerts written, but not there"),
        (lambda case: case.shared[LA].pop(), "shared: missing"),
        (lambda case: case.shared[VN].append(case.shared[VN][1]), "shared: too much"),
        (lambda case: case.shared.update({TH: case.shared[VN][1:2]}), "shared: too much"),
        (lambda case: case.notifications.pop(1), "duty: told: missing"),
        (lambda case: case.notifications.append(case.notified("x", "lao", "digest", alert("a"))), "lao: told: too much"),
        (lambda case: case.notifications.append(case.notified("x", "duty", "warning", entry("warning", LA, "w"))), "duty: told: too much"),
        (lambda case: case.notifications.append(case.notified("x", "duty", "reminder", REMINDER)), "duty: told: too much"),
        (lambda case: case.notifications.append(case.notified("1", "lao", "alive")), "ids of two notifications"),
        (lambda case: case.notifications.append(case.notified("x", "lao", "alive")), "lao: signs of life twice"),
        (lambda case: case.notifications.append(case.notified("x", "who", "alive")), "notifications of nobody"),
        (lambda case: case.notifications.pop(7), f"{DEAD}: told: missing"),
        (spoil("notifications", 3, member=VN), "lao: notifications for another member"),
        (spoil("notifications", 1, reason="alert"), "duty: over its budget of 1 a week"),
        (lambda case: case.deliveries.append(case.delivered("5", 2, "sent")), "its attempts are"),
        (lambda case: case.deliveries.pop(0), "its attempts are"),
        (spoil("deliveries", 2, state="parked"), "its attempts are"),
        (spoil("deliveries", -1, state="sent"), "its attempts are"),
        (lambda case: case.deliveries.pop(2), "notifications without an attempt"),
        (lambda case: case.deliveries.append(case.delivered("x", 1, "sent")), "deliveries of nothing"),
        (lambda case: case.arrivals.pop(3), "webhooks that never arrived"),
        (lambda case: case.arrivals.append(Arrival("lao", "x", b"{}", is_signed=True)), "webhooks of nothing"),
        (lambda case: case.arrivals.append(case.arrivals[0]._replace(is_signed=False)), "webhooks without a genuine signature"),
        (lambda case: case.arrivals.append(case.arrivals[0]._replace(body=case.arrivals[1].body)), "one id with two bodies"),
        (lambda case: case.arrivals.append(case.arrivals[0]._replace(path="elsewhere")), "one id with two bodies"),
        (spoil("notifications", 4, reason="digest"), "says another thing"),
        (lambda case: case.events.pop(0), "records it never saw"),
        (lambda case: case.events.append(case.events[-1]), "events twice"),
        (lambda case: case.events.reverse(), "out of order"),
        (lambda case: case.events.append(case.events.pop()._replace(data="{}")), "say something else"),
    ],
)  # fmt: skip
def test_each_thing_that_goes_wrong_is_found(sabotage, said):
    case = Case()
    sabotage(case)
    assert any(said in one for one in case.differences()), case.differences()


@pytest.mark.parametrize(("paths", "holds"), [("dld", True), ("ddl", True), ("dddl", False), ("dd", False), ("ldddd", True)])
def test_a_dead_receiver_that_delays_others_is_found(paths, holds):
    arrivals = [Arrival(DEAD if path == "d" else "lao", f"{path}{number}", b"", is_signed=True) for number, path in enumerate(paths)]
    found = Differences()
    check_nobody_waits(found, arrivals, {f"l{paths.find('l')}": "lao", "d0": DEAD})
    assert (found == []) == holds
