"""Workers come, go and die, and agencies are added: the lanes that stay where they are do not stop."""

import re
import signal
import time

import pytest

from mekong.schemas.topics import CONTROL, INCOMING, lane_of
from tests.integration.flow import Flow, seizure

VN, LA = "VN-CUSTOMS", "LA-CUSTOMS"
PAUSE_S = 3.0  # at most, of a lane that nobody took away
pytestmark = pytest.mark.timeout(240)


def opened(worker):
    """The lanes that a worker has opened, in order."""
    return [int(found) for found in re.findall(r"lane (\d) of intake is open", worker.log.read_text())]


def test_adding_an_agency_pauses_no_other(deployment):
    deployment.register(VN)
    deployment.forget(CONTROL)
    worker = deployment.mekong("worker", "intake")
    deployment.send(VN, [])
    deployment.wait_until(lambda: "intake ready: 1 sources" in worker.log.read_text(), "it reads")
    with Flow(deployment, VN).flowing() as flow:
        time.sleep(2)
        deployment.register(LA)
        deployment.send(LA, [seizure(LA, number) for number in range(100)])
        assert [receipt["outcome"] for receipt in deployment.receipts(LA, 100, within_s=40)] == ["accepted"] * 100
        waited_s = flow.longest_wait_s()
    print(f"longest wait {waited_s:.2f} s")
    assert waited_s < PAUSE_S
    assert worker.exit_code is None
    assert opened(worker).count(lane_of(INCOMING.of(VN))) == 1


@pytest.mark.parametrize("dies", ["leader", "other"])
def test_lanes_do_not_stand_while_the_group_waits_for_a_dead_worker(deployment, dies):
    deployment.register(VN, LA)
    deployment.forget(CONTROL)
    first = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: "intake ready: 2 sources" in first.log.read_text(), "it reads")
    second = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: len(opened(second)) == 1, "a lane goes to the other")
    third = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: "intake ready" in third.log.read_text(), "a third one has none")
    seconds, firsts = (VN, LA) if lane_of(INCOMING.of(VN)) in opened(second) else (LA, VN)
    (dead, idle), (lives, busy) = ((first, firsts), (second, seconds)) if dies == "leader" else ((second, seconds), (first, firsts))
    before = opened(lives)
    with Flow(deployment, busy).flowing() as flow:
        time.sleep(2)
        dead.send(signal.SIGKILL)
        third.stop()  # the group deals anew at once, and waits for the dead one until it takes it for gone
        deployment.send(idle, [seizure(idle, 0)])
        deployment.receipts(idle, 1)
        time.sleep(2)
        waited_s = flow.longest_wait_s()
    print(f"longest wait {waited_s:.2f} s")
    assert opened(lives) == [*before, lane_of(INCOMING.of(idle))]
    assert waited_s < PAUSE_S


def test_what_was_read_for_a_lane_that_stays_is_not_lost_when_the_group_deals_anew(deployment):
    deployment.register(VN)
    deployment.forget(CONTROL)
    worker = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: "intake ready: 1 sources" in worker.log.read_text(), "it reads")
    total = 30_000
    deployment.send(VN, [seizure(VN, number) for number in range(total)])
    for _ in range(2):
        other = deployment.mekong("worker", "intake")
        deployment.wait_until(lambda: "intake ready" in other.log.read_text(), "another comes")  # noqa: B023 - called here
        other.stop()
    offsets = [receipt["source_offset"] for receipt in deployment.receipts(VN, total, within_s=120)]
    assert offsets == list(range(2, total + 2))  # behind the profile and the marker of its transaction
    assert worker.exit_code is None
    assert opened(worker) == [lane_of(INCOMING.of(VN))]


def test_a_lane_is_closed_before_its_next_owner_opens_it_and_the_others_do_not_stop(deployment):
    deployment.register(VN, LA)
    deployment.forget(CONTROL)
    first = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: "intake ready: 2 sources" in first.log.read_text(), "it reads")
    with Flow(deployment, VN).flowing() as vn, Flow(deployment, LA).flowing() as la:
        time.sleep(1)
        second = deployment.mekong("worker", "intake")
        deployment.wait_until(lambda: len(opened(second)) == 1, "a lane goes to the other")
        time.sleep(2)
        second.stop()
        deployment.wait_until(lambda: opened(first).count(opened(second)[0]) == 2, "and back")
        time.sleep(2)
        waits = vn.longest_wait_s(), la.longest_wait_s()
    print(f"longest waits {waits}")
    assert max(waits) < 2 * PAUSE_S
    for worker in (first, second):
        assert "fenced" not in worker.log.read_text().lower()


def test_a_worker_that_ends_while_the_group_deals_anew_leaves_it_at_once(deployment):
    deployment.register(VN, LA)
    deployment.forget(CONTROL)
    first = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: "intake ready: 2 sources" in first.log.read_text(), "it reads")
    second = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: len(opened(second)) == 1, "a lane goes to the other")
    third = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: "intake ready" in third.log.read_text(), "a third one has none")
    with Flow(deployment, VN if lane_of(INCOMING.of(VN)) in opened(second) else LA).flowing() as flow:
        time.sleep(1)
        second.send(signal.SIGTERM)
        third.send(signal.SIGTERM)  # it has nothing to close: the group deals anew while the other one closes its lane
        time.sleep(3)
        waited_s = flow.longest_wait_s()
    print(f"longest wait {waited_s:.2f} s")
    assert "LeaveGroup request succeeded" in second.log.read_text()
    assert waited_s < 2 * PAUSE_S  # and not until the group takes it for gone
