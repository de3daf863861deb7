"""Notify: any split gives the same; nothing is sent twice, nothing is lost, and no budget is exceeded."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mekong.schemas import wire
from mekong.schemas.notifications import Notification
from mekong.schemas.times import to_text
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.notify import fold_answers, fold_shared, fold_subscriptions
from tests.amount import examples
from tests.fakes import written

MEMBERS = ("VN-CUSTOMS", "LA-CUSTOMS")
SERIES = ("VN-CUSTOMS/drug", "VN-CUSTOMS/fauna", "LA-CUSTOMS/drug")
START = datetime(2026, 5, 1, tzinfo=UTC)
WEEK = timedelta(days=7)


def text(minute):
    return to_text(START + timedelta(minutes=minute))


@st.composite
def wishes(draw, member):
    quiet = draw(st.sampled_from([None, {"start": "22:00", "end": "06:30"}, {"start": "12:00", "end": "13:00"}]))
    groups = draw(st.sampled_from([[], ["drug"], ["drug", "fauna"]]))
    return {
        "id": f"{member[:2].lower()}-{draw(st.integers(1, 2))}",
        "member": member,
        "channel": {"channel": "stream"},
        "filter": {"commodity_groups": groups},
        "budget_per_week": draw(st.integers(0, 5)),
        "digest_hour": draw(st.integers(0, 23)),
        "quiet": quiet,
        "language": draw(st.sampled_from(["en", "vi", "zh"])),
        "changed_at": text(0),
    }


def alert(number, series, tier, state, bits):
    agency, group = series.split("/")
    return {
        "alert_id": f"{number:032x}",
        "kind": "SPIKE",
        "state": state,
        "tier": tier,
        "series": series,
        "agency": agency,
        "commodity_group": group,
        "sentences": {"en": "e", "vi": "v", "zh": "z"},
        "explain": {"bits": bits},
    }


@st.composite
def shared_logs(draw, member, days=20):
    """What one member was shared: hours, alerts (some of a replay's odd times), warnings and feedback; three days of hours at the end."""
    log = []
    for number in range(draw(st.integers(0, 40))):
        minute = draw(st.integers(0, days * 1_440))
        what = draw(st.sampled_from(["alert", "alert", "alert", "hour", "warning", "feedback"]))
        base = {"format": 1, "kind": what, "member": member, "utc_offset": "+07:00"}
        if what == "alert":
            tier, state = draw(st.sampled_from(["NOTICE", "SPIKE", "SEVERE"])), draw(st.sampled_from(["open", "escalated", "cleared"]))
            value = alert(number, draw(st.sampled_from(SERIES)), tier, state, float(draw(st.integers(1, 40))))
            log.append((minute, {**base, "at": text(minute + draw(st.sampled_from([0, 0, -90, 10**6]))), "alert": value}))
        elif what == "hour":
            log.append((minute, {**base, "at": text(minute)}))
        else:
            content = {"to": [draw(st.sampled_from(MEMBERS))], "feedback_by": text(minute + draw(st.integers(0, 5_000)))}
            content |= {"in_reply_to": f"e{draw(st.integers(0, 40))}", "outcome": "found"}
            entry = {
                "event_id": f"e{number}",
                "agency": draw(st.sampled_from(MEMBERS)),
                "case_no": "n",
                "family": what,
                "version": 1,
                "status": "current",
                "received_at": text(minute),
                "content": content,
            }
            log.append((minute, {**base, "at": text(minute), "message": entry}))
    ends = [days * 1_440 + 60 * number for number in range(72)]
    log += [(minute, {"format": 1, "kind": "hour", "at": text(minute), "member": member, "utc_offset": "+07:00"}) for minute in ends]
    return [value for _, value in sorted(log, key=lambda pair: pair[0])]


@st.composite
def worlds(draw, with_answers=True):
    """Steps of a lane: wishes, then what two members are shared and, at any moment, answers and changed wishes."""
    first = [("wish", draw(wishes(member))) for member in MEMBERS for _ in range(2)]
    random = draw(st.randoms())
    waiting = [[(member, one) for one in draw(shared_logs(member))] for member in MEMBERS]
    if with_answers:
        ids = [one["id"] for _, one in first]
        answers = [{"subscription": draw(st.sampled_from(ids)), "at": text(0), "kind": "test"} for _ in range(draw(st.integers(0, 2)))]
        answers += [
            {"subscription": draw(st.sampled_from(ids)), "at": text(0), "kind": "mute", "series": SERIES[0], "until": text(9_000)}
            for _ in range(draw(st.integers(0, 2)))
        ]
        waiting.append([("answer", one) for one in answers])
        states = st.sampled_from(["active", "paused", "removed"])
        waiting.append([("wish", {**draw(wishes(draw(st.sampled_from(MEMBERS)))), "state": draw(states)}) for _ in range(2)])
    steps = list(first)
    while waiting := [part for part in waiting if part]:
        steps.append(random.choice(waiting).pop(0))
    return [(what, written(value, offset, str(value.get("id")).encode())) for offset, (what, value) in enumerate(steps)]


def fold(draft, what, records):
    if what == "wish":
        return list(fold_subscriptions(draft, records))
    if what == "answer":
        return list(fold_answers(draft, records))
    return list(fold_shared(draft, what, records))


def run(steps, cuts=(), state=None):
    """Steps in runs: a run ends at each cut, and where the source changes; a cut also commits."""
    state, changes, told, first = dict(state or {}), {}, [], 0
    for last in range(1, len(steps) + 1):
        if last == len(steps) or last in cuts or steps[last][0] != steps[first][0]:
            told += fold(Draft(state, changes), steps[first][0], [record for _, record in steps[first:last]])
            first = last
        if last in cuts or last == len(steps):
            for key, value in changes.items():
                if value is None:
                    state.pop(key, None)
                else:
                    state[key] = value
            changes = {}
    return state, [wire.encode(one) for one in told]


def sent(steps):
    return [wire.decode(raw, Notification) for raw in run(steps)[1]]


@settings(deadline=None, max_examples=examples(25))
@given(worlds(), st.sets(st.integers(1, 200), max_size=12))
def test_any_split_into_runs_and_transactions_gives_the_same(steps, cuts):
    assert run(steps, cuts) == run(steps)


@settings(deadline=None, max_examples=examples(25))
@given(worlds(), st.integers(0, 200))
def test_a_crash_and_a_replay_from_the_stored_position_give_the_rest_of_the_same(steps, crash):
    state, told = run(steps[:crash])
    rest_state, rest = run(steps[crash:], state=state)
    assert (rest_state, told + rest) == run(steps)


@settings(deadline=None, max_examples=examples(25))
@given(worlds())
def test_no_alert_state_goes_twice_to_one_subscription(steps):
    found = sent(steps)
    assert max(Counter(one.notification_id for one in found).values(), default=1) == 1
    told = Counter((one.subscription, item["alert_id"]) for one in found if one.reason in {"alert", "digest"} for item in one.items)
    assert max(told.values(), default=1) == 1


@settings(deadline=None, max_examples=examples(25))
@given(worlds(with_answers=False))
def test_every_alert_that_is_wanted_is_in_exactly_one_notification_and_no_other_is(steps):
    current = {json["id"]: json for what, record in steps if what == "wish" and (json := wire.load(record.value))}
    expected = Counter()
    for what, record in steps:
        value = wire.load(record.value)
        if what in MEMBERS and value["kind"] == "alert":
            for wish in current.values():
                groups = wish["filter"]["commodity_groups"]
                if wish["member"] == what and (not groups or value["alert"]["commodity_group"] in groups):
                    expected[wish["id"], value["alert"]["alert_id"]] += 1
    state, raws = run(steps)
    found = [wire.decode(raw, Notification) for raw in raws]
    told = Counter((one.subscription, item["alert_id"]) for one in found if one.reason in {"alert", "digest"} for item in one.items)
    assert told == expected
    assert not [key for key in state if key.startswith(b"item/")]


@settings(deadline=None, max_examples=examples(25))
@given(worlds(with_answers=False))
def test_no_seven_days_have_more_alerts_at_once_than_the_budget(steps):
    budgets = {json["id"]: json["budget_per_week"] for what, record in steps if what == "wish" and (json := wire.load(record.value))}
    at_once = defaultdict(list)
    for one in sent(steps):
        if one.reason == "alert":
            at_once[one.subscription].append(one.raised_at)
    for subscription, times in at_once.items():
        for end in times:
            assert sum(1 for at in times if end - WEEK < at <= end) <= budgets[subscription]


@settings(deadline=None, max_examples=examples(25))
@given(worlds(with_answers=False))
def test_in_quiet_hours_only_severe_alerts_and_messages_go_out(steps):
    wishes_by_id = {json["id"]: json for what, record in steps if what == "wish" and (json := wire.load(record.value))}
    for one in sent(steps):
        quiet = wishes_by_id[one.subscription]["quiet"]
        clock = f"{one.raised_at + timedelta(hours=7):%H:%M}"
        if quiet is None:
            continue
        spans_midnight = quiet["start"] > quiet["end"]
        is_quiet = (clock >= quiet["start"] or clock < quiet["end"]) if spans_midnight else quiet["start"] <= clock < quiet["end"]
        assert not is_quiet or one.reason == "warning" or (one.reason == "alert" and one.items[0]["tier"] == "SEVERE")


@settings(deadline=None, max_examples=examples(25))
@given(worlds())
def test_an_unpaused_subscription_hears_something_every_day(steps):
    known = {wire.load(record.value)["id"] for what, record in steps if what == "wish"}
    touched = {wire.load(record.value)["id"] for what, record in steps[4:] if what == "wish"}
    last = {one.subscription: one.raised_at for one in sent(steps)}
    for subscription in known - touched:
        assert last[subscription] > START + timedelta(days=20 + 3 - 1 - 1)
