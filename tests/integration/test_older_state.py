"""State topics as format 1 of share and notify left them, on a real broker: changed once when the lane opens, and gone on with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaProducer

from mekong.schemas.topics import ALERTS, MEMBER_ALERTS, NOTICES, SHARE, SUBSCRIPTIONS
from mekong.streams.core.draft import POSITION
from tests.integration.test_share_and_notify import LA, TH, VN, Writer, notifications, shared
from tests.unit.test_older_notices import stored

pytestmark = pytest.mark.timeout(240)
THIRD_OF_MAY = b"2026-05-03T"


@pytest.fixture
def three(deployment):
    deployment.register(VN, LA, TH)
    return deployment


def put(deployment, topic, name, source):
    """The stored state in the lane's partition, with a position; its third of May is yesterday, for what waits too long expires."""
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT}".encode() if topic is SHARE else THIRD_OF_MAY
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap, acks="all")
    for key, value in {**stored(name), POSITION + f"{source}/0".encode(): b"0"}.items():
        producer.send(topic.name, key=key, value=value.replace(THIRD_OF_MAY, yesterday), partition=0)
    producer.flush()
    producer.close()


def keys(deployment, topic):
    """Of the state there is now."""
    newest = {record.key: record.value for record in deployment.read(topic.name) if record.partition == 0}
    return {key for key, value in newest.items() if value is not None}


def start(deployment, name):
    worker = deployment.mekong("worker", name, env={"MEKONG_CLOCK": "off"})
    deployment.wait_until(lambda: f"{name} ready" in worker.log.read_text(), f"{name} is open")
    return worker


def test_warnings_that_older_share_kept_for_a_member_come_once_when_it_is_registered(three):
    put(three, SHARE, "share-1", ALERTS.name)
    start(three, "share").kill()
    assert not {key for key in keys(three, SHARE) & set(stored("share-1")) if key.startswith((b"red-on/", b"red-came/", b"kept/"))}
    changed = len(three.read(SHARE.name))
    share = start(three, "share")
    assert len(three.read(SHARE.name)) == changed, "it is changed once"
    start(three, "intake")

    def told():
        return [(one.message["event_id"], one.message["version"]) for one in shared(three, TH) if one.kind == "warning"]

    three.wait_until(lambda: len(told()) >= 5, "the warnings that waited for it")
    assert told() == [("w0", 1), ("w1", 1), ("w2", 1), ("w1", 2), ("w9", 1)]
    assert share.exit_code is None


def test_what_older_notify_kept_for_the_morning_goes_out_once(three):
    put(three, NOTICES, "notices-1", SUBSCRIPTIONS.name)
    start(three, "notify").kill()
    assert not {key for key in keys(three, NOTICES) if key.startswith(b"item/")}
    changed = len(three.read(NOTICES.name))
    start(three, "notify")
    assert len(three.read(NOTICES.name)) == changed, "it is changed once"
    hour = {"format": 1, "kind": "hour", "at": "2026-05-04T02:00:00.000Z", "member": VN, "utc_offset": "+07:00"}
    Writer(three).write(MEMBER_ALERTS.of(VN), VN, hour)
    three.wait_until(lambda: len(notifications(three)) >= 4, "the digests and the reminders")
    found = [(one.subscription, one.reason.value) for one in notifications(three)]
    assert sorted(one for one in found if one[1] == "digest") == [("duty", "digest"), ("office", "digest")]
    assert found.count(("duty", "reminder")) == 2
