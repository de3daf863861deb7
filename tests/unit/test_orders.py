"""Orders about an agency's topic, and a lane's own time: signed, once, and the same after a rebuild."""

from __future__ import annotations

import pytest

from mekong.schemas import wire
from mekong.schemas.control import CONTROL_HEADER, SourceOrder, Tick, sign
from mekong.schemas.errors import Fatal
from mekong.schemas.journal import JOURNAL_ENTRY
from mekong.schemas.times import from_ms
from mekong.schemas.topics import CONTROL, INCOMING, lane_of, partition_of
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.orders import fold_orders, parked, position_key
from mekong.streams.core.intake.restore import restore
from tests.fakes import Record

SECRET, AGENCY, TOPIC, NOW_MS = b"secret", "VN-CUSTOMS", "in.VN-CUSTOMS.v1", 1_780_000_000_000
HERE = Deployment(SECRET, clock_is_on=True)


def order(action, by="operator", topic=TOPIC, **more):
    return SourceOrder(agency=AGENCY, topic=topic, action=action, by=by, **more)


def tick(minutes=0):
    return Tick(at=from_ms(NOW_MS + minutes * 60_000))


def records(*orders, secret=SECRET, offset=0):
    values = [wire.encode(one) if not isinstance(one, bytes) else one for one in orders]
    return [
        Record(offset + place, value, timestamp=NOW_MS, headers=((CONTROL_HEADER, sign(secret, CONTROL.name, value)),))
        for place, value in enumerate(values)
    ]


def folded(state, *orders, **more):
    """The entries of orders; ``state`` is what they leave."""
    found = [one.entry for one in fold_orders(Draft({}, state), HERE, CONTROL.name, records(*orders, **more))]
    for key in [key for key, value in state.items() if value is None]:
        del state[key]
    return found


def test_a_topic_is_parked_until_it_is_unparked_and_each_is_an_entry_of_the_journal():
    state = {}
    first = folded(state, order("park", reason="its system is replaced"))
    assert parked(state, TOPIC)
    assert (first[0]["agency"], first[0]["order"]["reason"]) == (AGENCY, "its system is replaced")
    unparked = folded(state, order("unpark"), offset=1)
    assert parked(state, TOPIC) is None
    for entry in first + unparked:
        JOURNAL_ENTRY.validate_python(entry)


@pytest.mark.parametrize(
    ("orders", "entries", "stays"),
    [
        pytest.param([order("park"), order("park")], 1, True, id="twice is once"),
        pytest.param([order("unpark")], 0, False, id="what is not parked"),
        pytest.param([order("park"), order("park", "exchange"), order("unpark", "exchange")], 1, True, id="an operator's stays"),
        pytest.param([order("park", "exchange"), order("unpark", "exchange")], 2, False, id="a right comes back"),
        pytest.param([order("park", "exchange"), order("park"), order("unpark", "exchange")], 2, True, id="an operator takes it over"),
        pytest.param([order("park", "exchange"), order("skip", to=7)], 2, False, id="a skip answers what the exchange found"),
        pytest.param([order("park"), order("skip", to=7)], 2, True, id="and leaves parked what an operator parked"),
        pytest.param([order("park", topic="in.LA-CUSTOMS.v1")], 0, False, id="another agency's topic"),
    ],
)
def test_who_may_undo_what(orders, entries, stays):
    state = {}
    assert len(folded(state, *orders)) == entries
    assert (parked(state, TOPIC) is not None) is stays


def test_a_skip_moves_the_stored_position():
    state = {}
    folded(state, order("skip", to=10_644, reason="deleted by retention"))
    assert state[position_key(TOPIC)] == b"10644"


def test_what_is_not_signed_is_dropped_and_what_is_ours_and_senseless_ends_the_process():
    state = {}
    assert folded(state, order("park"), secret=b"guessed") == []
    assert state == {}
    with pytest.raises(Fatal, match=r"control\.v1 0: one of our control records cannot be read"):
        folded(state, b"{}")


def test_the_lanes_time_moves_on_only_and_a_skewed_tick_is_dropped():
    state = {}
    entries = folded(state, tick(), tick(-1), tick(1), tick(1), tick(9))
    assert [entry["at"] for entry in entries] == ["2026-05-28T20:26:40.000Z", "2026-05-28T20:27:40.000Z"]
    assert {entry["agency"] for entry in entries} == {"EXCHANGE"}
    for entry in entries:
        JOURNAL_ENTRY.validate_python(entry)


def test_a_rebuild_leaves_the_same_state():
    state, rebuilt = {}, {}
    entries = folded(state, order("park", "exchange"), order("skip", to=3), tick(), order("park", reason="x"), order("park"))
    for entry in entries:
        restore(Draft({}, rebuilt), wire.load(wire.dump(entry)))
    assert {key: value for key, value in rebuilt.items() if value is not None} == state


def test_a_topic_made_anew_is_in_the_lane_of_its_agency():
    assert lane_of("in.VN-CUSTOMS.v2") == lane_of(TOPIC) == partition_of(INCOMING.of(AGENCY))
