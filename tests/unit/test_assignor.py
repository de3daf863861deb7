"""Who owns which lane: each is with one member or with none, and stays where it is when it can."""

from types import SimpleNamespace

import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from mekong.streams.assignor import Assignor, claim, owner_of_each

EIGHT = set(range(8))


def dealt(lanes, members):
    """Rounds until nobody gives anything back, each member claiming what it was given; the last round's owners."""
    claims, generation = dict.fromkeys(members, b""), 0
    while True:
        generation += 1
        owners = owner_of_each(lanes, claims)
        said = {member: claim(generation, [lane for lane, owner in owners.items() if owner == member]) for member in members}
        if len(owners) == len(lanes):
            return said, owners
        claims = said


def test_a_member_that_comes_gets_its_share_in_the_second_round_and_the_others_keep_theirs():
    claims = {"a": claim(3, EIGHT), "b": b""}
    first = owner_of_each(EIGHT, claims)
    assert first == dict.fromkeys([0, 1, 2, 3], "a"), "what is to move is with nobody"
    second = owner_of_each(EIGHT, {"a": claim(4, first), "b": b""})
    assert second == first | dict.fromkeys([4, 5, 6, 7], "b")


def test_when_a_member_is_gone_the_others_keep_what_they_have_and_take_over_at_once():
    assert owner_of_each(EIGHT, {"b": claim(5, {1, 4, 5})}) == dict.fromkeys(EIGHT, "b")
    found = owner_of_each(EIGHT, {"a": claim(5, {0, 2}), "b": claim(5, {1, 4, 5})})
    assert {found[0], found[2]} == {"a"}
    assert {found[1], found[4], found[5]} == {"b"}
    assert len(found) == 8


def test_a_member_that_was_away_claims_nothing_against_whoever_has_it_now():
    found = owner_of_each({0}, {"a": claim(3, {0}), "b": claim(4, {0})})
    assert found == {0: "b"}
    assert claim(-1, {0, 1}) == b""


@given(
    st.sets(st.integers(0, 7)),
    st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(-1, 5), st.sets(st.integers(0, 7))), min_size=1),
)
def test_lanes_are_spread_evenly_and_never_given_past_their_holder(lanes, members):
    claims = {name: claim(*said) for name, said in members.items()}
    owners = owner_of_each(lanes, claims)
    for lane, owner in owners.items():
        newest = max((generation for generation, held in members.values() if lane in held), default=-1)
        holders = [name for name, (generation, held) in members.items() if lane in held and generation == newest > -1]
        assert owner in holders or not holders
    _, settled = dealt(lanes, list(members))
    shares = [sum(owner == member for owner in settled.values()) for member in members]
    assert sum(shares) == len(lanes)
    assert max(shares) - min(shares) <= 1


@pytest.mark.parametrize("known", [True, False])
def test_a_topic_waits_until_the_owner_of_its_lane_has_seen_it(known):
    class LaneAssignor(Assignor):
        number_of = staticmethod(lambda _: 5)

    cluster = SimpleNamespace(partitions_for_topic=lambda _: {0})
    old, new = ["in.A.v1"], ["in.A.v1", "in.B.v1"]
    members = {
        "a": SimpleNamespace(subscription=new if known else old, user_data=claim(1, {5})),
        "b": SimpleNamespace(subscription=new, user_data=b""),
    }
    found = {member: set(one.partitions()) for member, one in LaneAssignor.assign(cluster, members).items()}
    assert found == {"a": {TP(topic, 0) for topic in (new if known else old)}, "b": set()}
