"""A member that is away (parked, disabled, removed) is not waited for, and time passes for it by its partition's own ticks."""

from __future__ import annotations

import pytest

from tests.unit.sharing import LA, VN, World, alert, membership, profile, registered, tick, whom

FIRST, NEXT = "2026-05-03T12:00:00.000Z", "2026-05-04T18:00:00.000Z"
NETWORK = alert(agency=None, raised="2026-05-03T23:59:59Z")


def time(at):
    return {"kind": "time", "format": 1, "agency": "EXCHANGE", "at": at, "received_at": at}


def order(agency, action):
    return {"kind": "source", "format": 1, "agency": agency, "received_at": FIRST, "order": {"action": action, "by": "operator"}}


def disabled(agency):
    found = profile(agency, membership()).model_copy(update={"status": "disabled", "reason": "a test"}).model_dump(mode="json")
    return registered(agency) | {"profile": found}


def world_of_two():
    """Two members, each alone in its partition, on the same day; an alert over both waits for the day to be over."""
    world = World()
    world.journal(registered(VN, membership()), tick(VN, FIRST), partition=6)
    world.journal(registered(LA, membership()), tick(LA, FIRST), partition=3)
    assert whom(world.alerts(NETWORK)) == []
    assert whom(world.journal(tick(VN, NEXT), partition=6), "alert") == []
    return world


@pytest.mark.parametrize("away", [order(LA, "park"), disabled(LA)], ids=["parked", "disabled"])
def test_an_alert_over_all_waits_no_longer_for_a_member_that_is_away(away):
    world = world_of_two()
    world.journal(away, partition=3)
    assert VN in whom(world.journal(time(NEXT), partition=3), "alert")


def test_it_waits_for_one_that_is_there_and_a_day_behind():
    assert whom(world_of_two().journal(time(NEXT), partition=3), "alert") == []


def test_a_member_that_falls_silent_alone_in_its_partition_stops_nothing_for_long():
    told = world_of_two().journal(time("2026-05-08T00:00:00.000Z"), partition=3)
    assert VN in whom(told, "alert")


def test_hours_pass_for_a_member_that_is_away_by_its_partition_and_never_go_back():
    world = world_of_two()
    assert whom(world.journal(time(NEXT), partition=3), "hour") == []
    world.journal(order(LA, "park"), partition=3)
    assert whom(world.journal(time("2026-05-05T01:00:00.000Z"), partition=3), "hour") == [LA]
    assert whom(world.journal(time("2026-05-05T02:00:00.000Z"), partition=6), "hour") == []
    world.journal(order(LA, "unpark"), partition=3)
    assert whom(world.journal(tick(LA, NEXT), partition=3), "hour") == []
    assert whom(world.journal(tick(LA, "2026-05-05T03:00:00.000Z"), partition=3), "hour") == [LA]


def test_a_member_that_never_ticked_is_waited_for_until_its_partition_says_that_time_has_passed():
    world = world_of_two()
    world.journal(registered("TH-CUSTOMS"), partition=0)
    world.journal(tick(LA, NEXT), partition=3)
    assert VN in whom(world.journal(time("2026-05-05T00:00:00.000Z"), partition=0), "alert")
