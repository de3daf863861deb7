"""State is many small records: n items and 4n of them leave values of the same size, and each costs the same.

A feeder grows what stands behind some kinds of keys (tests/unit/key_patterns.py) in runs of ``RUN`` items, each a transaction.
"""

from collections import Counter

import pytest

from benchmarks.spikes import journal
from mekong.streams.core.draft import MOST_BYTES, Draft
from mekong.streams.core.journal import Entry
from mekong.streams.core.notices.notify import fold_answers, fold_shared, fold_subscriptions
from mekong.streams.core.notices.share import fold_alerts, fold_journal
from mekong.streams.core.spikes.fold import fold_network
from mekong.streams.core.spikes.network.clocks import Expected
from mekong.streams.core.watch import fold as watched
from tests.fakes import written
from tests.unit.key_patterns import FED, kind_of
from tests.unit.sharing import RED, TH, VN, alert, registered, tick, version
from tests.unit.test_intake_fold import said_of, seizure

RUN, FEW = 50, 200
FIRST = 738_900


class Counted(Draft):
    """Counts what is read and written."""

    def __init__(self, state, changes):
        super().__init__(state, changes)
        self.steps = 0

    def raw(self, key):
        self.steps += 1
        return super().raw(key)

    def put_raw(self, key, value):
        self.steps += 1
        super().put_raw(key, value)


class Fed:
    """A lane's state, with the size of the largest value of each kind and the cost of each run."""

    def __init__(self):
        self.state, self.largest, self.costs = {}, Counter(), []

    def run(self, fold, *arguments):
        changes = {}
        draft = Counted(self.state, changes)
        list(fold(draft, *arguments))
        self.costs.append((draft.steps, sum(len(key) + len(value or b"") for key, value in changes.items())))
        for key, value in changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
                self.largest[kind_of(key)] = max(self.largest[kind_of(key)], len(value))

    def feed(self, fold, items, *arguments):
        for first in range(0, len(items), RUN):
            self.run(fold, items[first : first + RUN], *arguments)

    def cost(self):
        """Steps and bytes of a run, at the end."""
        last = self.costs[-3:]
        return [sum(run[part] for run in last) / len(last) for part in (0, 1)]


def warnings(fed, count):
    fed.run(fold_journal, [written(registered(VN)), written(tick(VN, "2026-05-03T02:00:00.000Z"))], 0)
    fed.feed(fold_journal, [written(version(VN, f"{number:09d}", "warning", to=[TH, "XX-NOBODY"])) for number in range(count)], 0)


def early_feedback(fed, count):
    fed.run(fold_journal, [written(registered(VN))], 0)
    fed.feed(fold_journal, [written(version(VN, f"{number:09d}", "feedback", in_reply_to="later")) for number in range(count)], 0)


def red_cases(fed, count):
    fed.run(fold_journal, [written(registered(VN)), written(tick(VN, "2026-05-03T02:00:00.000Z"))], 0)
    part = {"day": "2026-05-03", "precision": "day", "groups": {"drug": [1, 1]}}
    fed.feed(fold_journal, [written(version(VN, f"{number:09d}", handling=RED) | {"contribution": part}) for number in range(count)], 0)


def held_alerts(fed, count):
    red = written({**version(VN, "e1", handling=RED), "contribution": None})
    fed.run(fold_journal, [written(registered(VN)), red], 0)
    fed.run(fold_alerts, [written(alert(journal_offset=0, events=["e1"], opened="2026-05-03"))])
    fed.feed(fold_alerts, [written(alert(raised=f"at {number:09d}", journal_offset=10**9)) for number in range(count)])


def wish(number=0):
    quiet = {"start": "00:00", "end": "23:00"}
    return {
        "id": f"duty-{number}",
        "member": VN,
        "channel": {"channel": "stream"},
        "quiet": quiet,
        "changed_at": "2026-05-01T00:00:00Z",
    }


def shared(kind, **more):
    return written({"format": 1, "kind": kind, "at": "2026-05-03T02:00:00Z", "member": VN, "utc_offset": "+07:00", **more})


def subscriptions(fed, count):
    fed.feed(fold_subscriptions, [written(wish(number)) for number in range(count)])


def waiting_alerts(fed, count):
    fed.run(fold_subscriptions, [written(wish())])
    told = {**alert(raised="x"), "explain": {"bits": 1.0}}
    fed.feed(lambda draft, records: fold_shared(draft, VN, records), [shared("alert", alert=told) for _ in range(count)])
    fed.run(lambda draft, records: fold_shared(draft, VN, records), [shared("hour")])
    fed.feed(lambda draft, records: fold_shared(draft, VN, records), [shared("alert", alert=told) for _ in range(count)])


def mutes(fed, count):
    fed.run(fold_subscriptions, [written(wish())])
    mute = {"subscription": "duty-0", "kind": "mute", "at": "2026-05-03T00:00:00Z", "until": "2026-06-03T00:00:00Z"}
    fed.feed(fold_answers, [written({**mute, "series": f"series {number:09d}"}, number) for number in range(count)])


def warnings_due(fed, count):
    entries = [version(VN, f"{number:09d}", "warning", to=[TH], feedback_by="2027-01-01T00:00:00Z") for number in range(count)]
    fed.run(lambda draft, records: fold_shared(draft, VN, records), [shared("hour")])
    fed.feed(lambda draft, records: fold_shared(draft, VN, records), [shared("warning", message=entry) for entry in entries])


def old(number, day, **content):
    found = journal.case(VN, number, day, FIRST, batch=f"batch {number:09d}")
    found["content"] |= content
    found["enriched"] = {"lines": [{"code": "heroin", "base_quantity": str(1 + number % 90), "base_unit": "kg"}]}
    return Entry(number, found)


def network(draft, entries):
    return fold_network(draft, entries, 0, Expected({0}))


def begun(fed, fold):
    fed.run(fold, [Entry(0, journal.profile(VN)), Entry(1, journal.tick(VN, FIRST - 2)), Entry(2, journal.tick(VN, FIRST))])


def sendings(fed, count):
    begun(fed, watched)
    fed.feed(watched, [old(number, FIRST) for number in range(count)])


def values(fed, count):
    begun(fed, watched)
    fed.feed(watched, [old(number, FIRST, concealment_methods=[f"way {number:09d}"]) for number in range(count)])


def old_cases_of_all(fed, count):
    begun(fed, network)
    fed.feed(network, [old(number, FIRST - 1_000 - number) for number in range(count)])
    fed.run(network, [Entry(0, journal.case("LA-CUSTOMS", 1, FIRST, FIRST)), Entry(1, journal.tick("LA-CUSTOMS", FIRST))])


def values_of_all(fed, count):
    begun(fed, network)
    route = [{"role": "origin", "country": "MM"}, {"role": "destination", "country": "TH"}]
    made = [old(number, FIRST, route=route, concealment_methods=[f"way {number:09d}"]) for number in range(count)]
    for first in range(0, count, RUN):
        fed.run(network, made[first : first + RUN])
        fed.run(network, [Entry(first, journal.tick(VN, FIRST + 1 + first))])


def cases(fed, count):
    for first in range(0, count, RUN):
        changes = {}
        sent = [(seizure(case_no=f"{number:09d}", method_note=f"{number:09d}"), ()) for number in range(first, first + RUN)]
        said_of(*sent, changes=changes)
        fed.run(lambda draft, changes=changes: [draft.put_raw(key, value) for key, value in changes.items()])


FEEDERS = {
    "warnings": warnings,
    "early feedback": early_feedback,
    "red cases": red_cases,
    "held alerts": held_alerts,
    "subscriptions": subscriptions,
    "waiting alerts": waiting_alerts,
    "mutes": mutes,
    "warnings due": warnings_due,
    "sendings": sendings,
    "values": values,
    "old cases of all": old_cases_of_all,
    "values of all": values_of_all,
    "cases": cases,
}


@pytest.mark.parametrize("name", FEEDERS)
def test_values_and_costs_stay_flat_however_many_items_there_are(name):
    few, many = Fed(), Fed()
    FEEDERS[name](few, FEW)
    FEEDERS[name](many, 4 * FEW)
    written = {pattern for pattern, feeder in FED.items() if feeder == name}
    missing = written - few.largest.keys()
    assert not missing
    for pattern in written:
        assert many.largest[pattern] <= few.largest[pattern] * 1.2 + 50, pattern
        assert many.largest[pattern] < 20_000
    for now, before in zip(many.cost(), few.cost(), strict=True):
        assert now <= before * 1.3 + 10


def test_every_kind_of_key_has_a_feeder_and_every_feeder_a_kind():
    assert {*FED.values()} == {*FEEDERS}


DAYS_SINCE_2000, SOME_DAYS = 9_900, 660


@pytest.mark.parametrize("fold", [watched, network], ids=["watch", "network"])
def test_what_grows_with_the_days_since_2000_only_is_within_the_limit_after_all_of_them(fold):
    fed = Fed()
    begun(fed, fold)
    fed.run(fold, [old(number, FIRST - 500 - number) for number in range(SOME_DAYS)])
    fed.run(fold, [Entry(0, journal.tick(VN, FIRST + number)) for number in range(1, 4)])
    assert fed.largest
    for pattern, size in fed.largest.items():
        assert size * DAYS_SINCE_2000 / SOME_DAYS < MOST_BYTES or size < 20_000, pattern


def test_the_largest_warning_there_can_be_is_within_the_limit():
    agencies = [f"XX-{'A' * 36}-{number:02d}" for number in range(100)]
    said = {
        "to": agencies,
        "handling": {"release_to": agencies},
        "related_to": ["0" * 36] * 50,
        "method_note": "\x01" * 1_000,
        "substances_or_taxa": ["ก" * 120] * 20,
        "detection_methods": ["x" * 30] * 20,
        "concealment_methods": ["x" * 30] * 20,
        "route": [{"role": "destination", "country": "VN", "confidence": "confirmed", "locode": "VNHPH"}] * 30,
        "attachments": [{"sha256": "0" * 64, "uri": "https://" + "ก" * 290}] * 20,
    }
    fed = Fed()
    fed.run(fold_journal, [written(registered(VN)), written(version(VN, "w", "warning", **said))], 0)
    assert max(map(len, fed.state.values())) < MOST_BYTES / 2


def test_a_fold_that_writes_a_new_kind_of_key_fails():
    with pytest.raises(AssertionError, match="is of no kind"):
        Draft({}, {}).put_raw(b"new kind of key", b"x")
