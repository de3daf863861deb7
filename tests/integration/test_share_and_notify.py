"""Share and notify as processes against a real broker: what a member may see reaches it, and each notification is decided once."""

import json
import signal
import time
from collections import Counter

import pytest
from kafka import KafkaProducer

from mekong.schemas import wire
from mekong.schemas.control import CONTROL_HEADER, Tick, sign
from mekong.schemas.notifications import Notification, Shared
from mekong.schemas.topics import ALERTS, ANSWERS, INCOMING, MEMBER_ALERTS, NOTIFICATIONS, SUBSCRIPTIONS

pytestmark = pytest.mark.timeout(300)
VN, LA, TH = "VN-CUSTOMS", "LA-CUSTOMS", "TH-CUSTOMS"


def warning(agency, number, *to, **more):
    return {"message_type": "warning", "agency": agency, "case_no": f"W-{number}", "to": to, **more}


def wish(member, name):
    return {"id": name, "member": member, "channel": {"channel": "stream"}, "changed_at": "2026-05-01T00:00:00Z"}


def alert(agency, number, raised_at):
    return {
        "format": 1,
        "alert_id": f"00000000-0000-4000-8000-{number:012d}",
        "kind": "MAJOR",
        "state": "open",
        "tier": "SEVERE",
        "series": agency,
        "agency": agency,
        "bucket": {"size": "day", "start": "2019-05-03", "end": "2019-05-03"},
        "opened": "2019-05-03",
        "raised_at": raised_at,
        "observed": 1,
        "sql": "",
        "sentences": {"en": "e", "vi": "v", "zh": "z"},
        "rules": "1:0",
    }


class Writer:
    """Writes what others than agencies write."""

    def __init__(self, deployment):
        self.deployment = deployment

    def write(self, topic, key, *values, headers=()):
        producer = KafkaProducer(bootstrap_servers=self.deployment.bootstrap, acks="all")
        for value in values:
            raw = value if isinstance(value, bytes) else json.dumps(value).encode()
            producer.send(topic, key=key.encode(), value=raw, headers=list(headers))
        producer.flush()
        producer.close()

    def tick(self, agency, at):
        topic, value = INCOMING.of(agency), wire.encode(Tick(at=at, replay=True))
        mac = sign(self.deployment.settings.deployment_secret(), topic, value)
        self.write(topic, agency, value, headers=[(CONTROL_HEADER, mac)])


@pytest.fixture
def writer(deployment):
    return Writer(deployment)


def shared(deployment, member):
    return [Shared.model_validate_json(record.value) for record in deployment.read(MEMBER_ALERTS.of(member))]


def notifications(deployment):
    return [Notification.model_validate_json(record.value) for record in deployment.read(NOTIFICATIONS.name)]


def test_a_warning_an_alert_and_a_test_reach_whom_they_are_for(deployment, writer):
    deployment.register(VN, LA)
    for name in ("intake", "share", "notify"):
        deployment.mekong("worker", name, env={"MEKONG_CLOCK": "off"})
    writer.write(SUBSCRIPTIONS.name, "vn-duty", wish(VN, "vn-duty"))
    writer.write(SUBSCRIPTIONS.name, "la-duty", wish(LA, "la-duty"))
    writer.write(ANSWERS.name, "la-duty", {"subscription": "la-duty", "kind": "test", "at": "2026-05-01T00:00:00Z"})
    deployment.wait_until(lambda: len(notifications(deployment)) == 1, "the test")
    writer.tick(VN, "2019-05-03T03:00:00Z")
    writer.write(ALERTS.name, VN, alert(VN, 1, "2019-05-03T03:30:00Z"), alert(VN, 1, "2019-05-03T03:30:00Z"))
    deployment.send(VN, [warning(VN, 1, LA, feedback_by="2026-06-01T00:00:00Z")])
    writer.tick(VN, "2019-05-03T03:30:00Z")
    deployment.wait_until(lambda: len(notifications(deployment)) == 3, "a warning and an alert")
    told = {(one.subscription, one.reason.value) for one in notifications(deployment)}
    assert told == {("la-duty", "test"), ("la-duty", "warning"), ("vn-duty", "alert")}
    assert [one.kind for one in shared(deployment, LA)] == ["warning"]
    assert sorted(one.kind for one in shared(deployment, VN)) == ["alert", "hour", "warning"]


def test_share_and_notify_killed_again_and_again_decide_each_notification_once(deployment, writer):
    deployment.register(VN, LA)
    deployment.mekong("worker", "intake")
    writer.write(SUBSCRIPTIONS.name, "la-duty", wish(LA, "la-duty"))
    writer.write(ANSWERS.name, "la-duty", {"subscription": "la-duty", "kind": "test", "at": "2026-05-01T00:00:00Z"})
    workers = {name: deployment.mekong("worker", name) for name in ("share", "notify")}
    deployment.wait_until(lambda: bool(notifications(deployment)), "the test: the subscription is known")
    total = 600
    for first in range(0, total, 150):
        deployment.send(VN, [warning(VN, number, LA) for number in range(first, first + 150)])
        if first == 0:
            deployment.wait_until(lambda: len(notifications(deployment)) > 1, "the first warning")
        name = ("share", "notify")[first // 150 % 2]
        workers[name].send(signal.SIGKILL)
        workers[name] = deployment.mekong("worker", name)
        time.sleep(1)
    deployment.wait_until(lambda: len(notifications(deployment)) > total, "all notifications", 120)
    time.sleep(1)
    found = [one for one in notifications(deployment) if one.reason == "warning"]
    assert Counter(Counter(one.items[0]["case_no"] for one in found).values()) == {1: total}
    assert len({one.notification_id for one in found}) == total
    assert [one.message["case_no"] for one in shared(deployment, LA)] == [f"W-{number}" for number in range(total)]


def test_a_member_added_while_they_run_is_served_without_anybody_losing_anything(deployment, writer):
    deployment.register(VN)
    writer.write(SUBSCRIPTIONS.name, "th-duty", wish(TH, "th-duty"))
    writer.write(ANSWERS.name, "th-duty", {"subscription": "th-duty", "kind": "test", "at": "2026-05-01T00:00:00Z"})
    deployment.mekong("worker", "share")
    notify = deployment.mekong("worker", "notify")
    intake = deployment.mekong("worker", "intake")
    deployment.wait_until(lambda: len(notifications(deployment)) == 1, "the test: the subscription is known")
    deployment.send(VN, [warning(VN, 1, TH)])
    deployment.wait_until(lambda: len(shared(deployment, VN)) == 1, "the sender's own copy")
    deployment.register(TH)
    deployment.wait_until(lambda: len(notifications(deployment)) == 2, "the warning that waited for the member", 60)
    assert notifications(deployment)[1].items[0]["case_no"] == "W-1"
    assert notify.exit_code is intake.exit_code is None
