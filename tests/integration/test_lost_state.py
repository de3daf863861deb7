"""State that was lost is noticed by what the worker told, when Kafka has forgotten the group too; each worker can be rebuilt."""

from __future__ import annotations

from collections import Counter

import pytest
from kafka import KafkaAdminClient

from mekong.schemas.topics import CASES, JOURNAL, MEMBER_ALERTS, NOTICES, NOTIFICATIONS, SHARE, SUBSCRIPTIONS
from tests.integration.test_share_and_notify import LA, VN, Writer, notifications, shared, warning, wish

STATES = {"intake": CASES, "share": SHARE, "notify": NOTICES}


@pytest.fixture
def running(deployment):
    """Intake, share and notify, which have told of one warning."""
    deployment.register(VN, LA)
    Writer(deployment).write(SUBSCRIPTIONS.name, "la-duty", wish(LA, "la-duty"))
    workers = {name: deployment.mekong("worker", name) for name in STATES}
    deployment.send(VN, [warning(VN, 1, LA)])
    deployment.wait_until(lambda: "W-1" in told(deployment), "the first warning", 90)
    return workers


def told(deployment) -> Counter[str]:
    """The warnings that were decided to go out."""
    return Counter(one.items[0]["case_no"] for one in notifications(deployment) if one.reason == "warning")


def lengths(deployment) -> list[int]:
    return [len(deployment.read(topic)) for topic in (JOURNAL.name, NOTIFICATIONS.name, MEMBER_ALERTS.of(LA), MEMBER_ALERTS.of(VN))]


def forget(deployment, *names: str) -> None:
    """What Kafka does 7 days after the last member of a group has left."""
    admin = KafkaAdminClient(bootstrap_servers=deployment.bootstrap)
    admin.delete_groups(list(names))
    admin.close()


def ends(deployment, *command: str):
    process = deployment.mekong(*command)
    deployment.wait_until(lambda: process.exit_code is not None, f"{command} ends", 90)
    return process


@pytest.mark.timeout(280)
def test_a_state_that_was_lost_is_noticed_though_kafka_has_forgotten_the_group_and_nothing_is_told_twice(deployment, running):
    for name, worker in running.items():
        worker.stop()
        deployment.lose(STATES[name])
    forget(deployment, *STATES)
    before = lengths(deployment)
    for name in STATES:
        refused = ends(deployment, "worker", name)
        assert f"state was lost. Run `mekong rebuild {name}`" in refused.log.read_text()
        assert ends(deployment, "rebuild", name).exit_code == 0
    assert lengths(deployment) == before
    for name in STATES:
        deployment.mekong("worker", name)
    deployment.send(VN, [warning(VN, 2, LA)])
    deployment.wait_until(lambda: "W-2" in told(deployment), "the second warning", 90)
    assert told(deployment) == {"W-1": 1, "W-2": 1}
    assert Counter(one.message["case_no"] for one in shared(deployment, LA) if one.message) == {"W-1": 1, "W-2": 1}


@pytest.mark.timeout(280)
def test_what_share_and_notify_had_not_told_when_their_state_was_lost_is_told_once_by_the_rebuild(deployment, running):
    for name in ("share", "notify"):
        running[name].stop()
    deployment.send(VN, [warning(VN, 2, LA)])
    deployment.receipts(VN, at_least=2)
    for name in ("share", "notify"):
        deployment.lose(STATES[name])
        refused = ends(deployment, "worker", name)
        assert "state was lost. Run `mekong rebuild" in refused.log.read_text()
        rebuilt = ends(deployment, "rebuild", name)
        assert rebuilt.exit_code == 0, rebuilt.last_words(20)
    assert told(deployment) == {"W-1": 1, "W-2": 1}
    for name in ("share", "notify"):
        deployment.mekong("worker", name)
    deployment.send(VN, [warning(VN, 3, LA)])
    deployment.wait_until(lambda: "W-3" in told(deployment), "the third warning", 90)
    assert told(deployment) == {"W-1": 1, "W-2": 1, "W-3": 1}


def test_share_begins_before_there_is_any_member_to_share_with(deployment):
    worker = deployment.mekong("worker", "share")
    deployment.wait_until(lambda: "lane 0 of share is open" in worker.log.read_text(), "share has opened its lane", 60)
