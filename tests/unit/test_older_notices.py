"""State that format 1 of ``share`` and ``notify`` left (``states/*-1.json``): it is changed once, and gone on with."""

import json
from pathlib import Path

import pytest

from mekong.schemas import wire
from mekong.streams.core.draft import MOST_BYTES, Draft
from mekong.streams.core.notices import older
from mekong.streams.core.notices.notify import fold_shared, fold_subscriptions
from tests.fakes import written
from tests.unit.sharing import LA, RED, TH, VN, World, alert, membership, registered, tick, version, whom

STATES = Path(__file__).parent / "states"


def stored(name):
    return {key.encode(): value.encode() for key, value in json.loads((STATES / f"{name}.json").read_text()).items()}


def changed(state, changes):
    return {key: value for key, value in (state | changes).items() if value is not None}


@pytest.fixture
def world():
    found = World()
    found.state = stored("share-1")
    found.state = changed(found.state, older.of_share(found.state))
    found.read = 14
    return found


@pytest.mark.parametrize(("name", "convert"), [("share-1", older.of_share), ("notices-1", older.of_notify)])
def test_older_state_is_changed_once(name, convert):
    state = stored(name)
    once = changed(state, convert(state))
    assert once != state
    assert convert(once) == {}
    assert convert({}) == {}


def test_messages_that_waited_are_kept_once_and_come_in_the_order_they_came(world):
    assert len([key for key in world.state if key.startswith(b"kept/")]) == 5  # w0, w1, w2, w1 again, w9: not one for each that waits
    told = world.journal(registered(TH, membership()), partition=2)
    assert [(shared["message"]["event_id"], shared["message"]["version"]) for _, shared in told] == [
        ("w0", 1),
        ("w1", 1),
        ("w2", 1),
        ("w1", 2),
        ("w9", 1),
    ]
    assert len([key for key in world.state if key.startswith(b"kept/")]) == 4  # those that wait for XX-NOBODY too


def test_alerts_that_were_held_go_out_in_their_order_when_the_journal_is_there(world):
    world.read = 1_000
    assert [shared["alert"]["commodity_group"] for who, shared in world.journal(tick(VN, "2026-05-03T11:00:00.000Z"))[1:] if who == VN] == [
        "drug"
    ]
    assert [shared["alert"]["commodity_group"] for who, shared in world.journal(tick(VN, "2026-05-03T11:01:00.000Z")) if who == VN] == [
        "fauna"
    ]


def test_red_cases_of_older_state_still_hide_what_counts_them_until_they_are_red_no_more(world):
    world.journal(registered(TH, membership()), partition=2)
    world.read = 2_000
    world.journal(tick(VN, "2026-05-03T11:00:00.000Z"))
    assert whom(world.alerts(alert(raised="2026-05-03T10:30:00Z", state="cleared"))) == [TH, VN]  # r0 and r1 are for TH, r2 for LA too
    part = {"day": "2026-05-03", "precision": "day", "groups": {"drug": [1, 1]}}
    for number, case in ((3, "r0"), (2, "r1")):
        world.journal({**version(VN, case, number=number), "contribution": part, "supersedes": part})
    assert whom(world.alerts(alert(raised="2026-05-03T10:31:00Z", state="cleared"))) == [LA, TH, VN]
    world.journal({**version(VN, "r2", number=2), "contribution": part, "supersedes": part})
    assert not [key for key in world.state if key.startswith((b"red-on", b"red-came"))]


def test_feedback_that_waited_for_what_it_answers_comes(world):
    assert [shared["message"]["event_id"] for who, shared in world.journal(version(VN, "later", handling=RED)) if who == VN] == ["f1", "f2"]


class Notices:
    """A notify lane on older state."""

    def __init__(self):
        state = stored("notices-1")
        self.state = changed(state, older.of_notify(state))

    def commit(self, fold, *arguments):
        changes = {}
        found = list(fold(Draft(self.state, changes), *arguments))
        self.state = changed(self.state, changes)
        return found

    def hour(self, at):
        shared = {"format": 1, "kind": "hour", "at": at, "member": VN, "utc_offset": "+07:00"}
        return self.commit(fold_shared, VN, [written(shared)])


def test_what_waited_for_the_end_of_quiet_hours_and_for_the_digest_goes_out_and_what_was_due_is_reminded_of():
    notices = Notices()
    morning = notices.hour("2026-05-04T02:00:00.000Z")
    digests = {one.subscription: one for one in morning if one.reason == "digest"}
    assert sorted(digests) == ["duty", "office"]
    assert len(digests["duty"].items) == 6
    due = [one.items[0]["event_id"][-1] for one in morning if one.reason == "reminder" and one.subscription == "duty"]
    assert due == ["0", "3"]
    assert [
        one.items[0]["event_id"][-1]
        for one in notices.hour("2026-05-06T02:00:00.000Z")
        if one.subscription == "duty" and one.reason == "reminder"
    ] == [
        "1",
        "4",
        "2",
    ]
    assert not [key for key in notices.state if key.startswith((b"item/", b"quiet/", b"digest/", b"due-by/"))]


def test_mutes_and_answers_that_came_early_hold():
    notices = Notices()
    notices.hour("2026-05-04T02:00:00.000Z")
    muted = {"series": "VN-CUSTOMS/cigarettes", "state": "open", "tier": "SEVERE", "kind": "SPIKE", "agency": VN, "explain": {}}
    muted["sentences"] = dict.fromkeys(("en", "vi", "zh"), "More cases than usual.")
    shared = {"format": 1, "kind": "alert", "at": "2026-05-04T02:00:00.000Z", "member": VN, "utc_offset": "+07:00", "alert": muted}
    notices.commit(fold_shared, VN, [written(shared)])
    assert wire.load(notices.state[b"box/duty"])["held_back"] == 1
    assert wire.load(notices.state[b"box/office"])["held_back"] == 0
    wish = {"id": "later", "member": VN, "channel": {"channel": "stream"}, "changed_at": "2026-05-04T00:00:00.000Z"}
    (test,) = notices.commit(fold_subscriptions, [written(wish)])
    assert test.reason == "test"


def test_a_value_over_the_limit_becomes_small_records():
    state = stored("share-1")
    member = wire.load(state[b"agency/TH-CUSTOMS"])
    raw = state[b"kept/TH-CUSTOMS/w0/1"]
    for number in range(12_000):
        name = f"TH-CUSTOMS/warning-{number}/1"
        member["kept"].append(name)
        state[f"kept/{name}".encode()] = raw.replace(b'"w0"', b'"warning-%d"' % number)
    state[b"agency/TH-CUSTOMS"] = wire.dump(member)
    assert len(state[b"agency/TH-CUSTOMS"]) > MOST_BYTES
    assert max(map(len, changed(state, older.of_share(state)).values())) < 5_000
