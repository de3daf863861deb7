"""Messages to an agency that is not registered yet: kept once, until their feedback is due or for 90 days."""

import pytest

from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.share import fold_journal
from tests.fakes import written
from tests.unit.sharing import LA, TH, VN, World, registered, tick, version, whom

SENT = "2026-05-03T08:00:00.000Z"


def world_of(*warnings):
    world = World()
    world.journal(registered(VN), *warnings)
    return world


def names(world, prefix):
    return [key.decode() for key in world.state if key.startswith(prefix.encode())]


def test_a_message_is_kept_once_however_many_wait_for_it():
    world = world_of(version(VN, "w1", "warning", to=[f"XX-AGENCY-{number}" for number in range(100)], method_note="x" * 1_000))
    assert names(world, "kept/") == ["kept/w1/1"]
    assert sum(len(value) for key, value in world.state.items() if key.startswith((b"kept/", b"waiting"))) < 10_000
    for number in range(100):
        assert [who for who, shared in world.journal(registered(f"XX-AGENCY-{number}"), partition=1)] == [f"XX-AGENCY-{number}"]
    assert not names(world, "kept/") + names(world, "waiting/") + names(world, "waiting-for/")


@pytest.mark.parametrize(
    ("content", "registered_at", "hears"),
    [
        pytest.param({}, "2026-08-01T07:59:59.999Z", True, id="within 90 days"),
        pytest.param({}, "2026-08-01T08:00:00.000Z", False, id="after 90 days"),
        pytest.param({"feedback_by": "2026-05-10T00:00:00Z"}, "2026-05-09T23:59:59.999Z", True, id="before feedback is due"),
        pytest.param({"feedback_by": "2026-05-10T00:00:00Z"}, "2026-05-10T00:00:00.000Z", False, id="after feedback was due"),
        pytest.param({"feedback_by": "2027-05-10T00:00:00Z"}, "2026-08-01T08:00:00.000Z", False, id="after 90 days though it is due later"),
        pytest.param({"feedback_by": "2026-05-01T00:00:00Z"}, "2026-07-31T00:00:00.000Z", True, id="due before it came: as without a date"),
    ],
)
def test_a_message_waits_until_its_feedback_is_due_and_90_days_at_most(content, registered_at, hears):
    world = world_of(version(VN, "w1", "warning", received=SENT, to=[LA], **content))
    assert whom(world.journal(registered(LA, received=registered_at), partition=1), "warning") == ([LA] if hears else [])


def test_what_has_waited_long_enough_is_forgotten_when_every_partition_was_read_beyond_its_end():
    world = world_of(*(version(VN, f"w{number}", "warning", received=SENT, to=[LA, "XX-NOBODY"]) for number in range(3)))
    world.journal(registered(TH), partition=2)
    over = "2026-08-02T08:00:00.000Z"  # a day beyond it
    world.journal(tick(VN, over))
    assert len(names(world, "kept/")) == 3  # partition 2 may still tell that LA was registered in time
    world.journal(tick(TH, over), partition=2)
    assert not names(world, "kept/") + names(world, "waiting")


def test_a_partition_that_was_not_read_yet_is_waited_for():
    world = world_of(version(VN, "w1", "warning", received=SENT, to=[LA]))

    def tick_knowing(partitions):
        changes = {}
        list(fold_journal(Draft(world.state, changes), [written(tick(VN, "2026-08-03T00:00:00.000Z"), 9)], 0, partitions))
        return changes

    assert b"kept/w1/1" not in tick_knowing({0, 5})
    assert tick_knowing({0})[b"kept/w1/1"] is None


def test_what_expires_behind_what_still_waits_goes_when_that_does():
    world = world_of(
        version(VN, "w1", "warning", received=SENT, to=[LA]),
        version(VN, "w2", "warning", received=SENT, to=[LA], feedback_by="2026-05-05T00:00:00Z"),
    )
    world.journal(tick(VN, "2026-06-01T00:00:00.000Z"))
    assert names(world, "kept/") == ["kept/w1/1"]
    assert [shared["message"]["event_id"] for _, shared in world.journal(registered(LA, received="2026-06-02T00:00:00.000Z"))] == ["w1"]
    assert not names(world, "waiting/")
