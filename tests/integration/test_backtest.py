"""`mekong backtest` of the journal, against a real broker and what its workers told: the same rules tell the same."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from kafka import KafkaProducer

from mekong.schemas import wire
from mekong.schemas.control import CONTROL_HEADER, Tick, sign
from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.schemas.topics import ALERTS, ANSWERS, INCOMING, NOTIFICATIONS

pytestmark = pytest.mark.timeout(300)
VN, LA = "VN-CUSTOMS", "LA-CUSTOMS"  # of two partitions
FIRST, DAYS, BURST = date(2026, 1, 5), 66, 60
NOTHING_OPENS = "[spike]\nopen_p = 1e-90\nsevere_p = 1e-90\n"


def messages(deployment):
    """A case or two a day of each agency, and on one day ten; a tick before each day."""
    for day in range(DAYS):
        at = FIRST + timedelta(days=day)
        for agency in (VN, LA):
            topic, tick = INCOMING.of(agency), wire.encode(Tick(at=f"{at}T00:00:00Z", replay=True))
            yield topic, tick, [(CONTROL_HEADER, sign(deployment.settings.deployment_secret(), topic, tick))]
            for place in range(random.Random(f"{agency} {day}").randint(0, 2) + 9 * (day == BURST)):
                line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 2, "unit": "kg"}
                case = {"message_type": "seizure", "agency": agency, "case_no": f"{day}/{place}", "seized_at": str(at), "lines": [line]}
                yield topic, json.dumps(case).encode(), []


@pytest.fixture
def told(deployment):
    """The alerts of the workers over two months."""
    deployment.register(VN, LA)
    for name in ("intake", "watch", "network"):
        deployment.mekong("worker", name, env={"MEKONG_CLOCK": "off"})
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap, acks="all")
    for topic, value, headers in messages(deployment):
        producer.send(topic, value=value, headers=headers)
    producer.close()

    def alerts():
        return [json.loads(record.value) for record in deployment.read(ALERTS.name)]

    wanted = {("SPIKE", series) for series in (f"{VN}/drug", f"{LA}/drug", "network/drug")}
    deployment.wait_until(lambda: wanted <= {(one["kind"], one["series"]) for one in alerts()}, "the spikes", 200)
    return alerts()


def backtest(deployment, *arguments):
    process = deployment.mekong("backtest", "--from", "2026-01-01", "--to", "2026-12-31", "--json", *arguments, env={"MEKONG_CLOCK": "off"})
    deployment.wait_until(lambda: process.exit_code is not None, "the back-test ends", 200)
    assert process.exit_code == 0, process.last_words(30)
    return json.loads(process.last_words(1))


def judge(deployment, alert, verdict):
    """As `mekong alerts verdict` does, on a notification of that alert."""
    about = {"notification_id": uuid4(), "subscription": "duty", "member": VN, "language": "en", "subject": "", "text": ""}
    notification = Notification(reason=Reason.ALERT, raised_at=datetime.now(UTC), items=(alert,), **about)
    answer = Answer(
        subscription="duty",
        kind=AnswerKind.VERDICT,
        at=datetime.now(UTC),
        notification_id=notification.notification_id,
        verdict=verdict,
    )
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap, acks="all")
    producer.send(NOTIFICATIONS.name, wire.encode(notification))
    producer.send(ANSWERS.name, wire.encode(answer))
    producer.close()


def test_the_journal_tells_under_the_same_rules_what_was_told_and_under_others_what_is_lost(deployment, told, tmp_path):
    (spike,) = [one for one in told if (one["series"], one["kind"], one["state"]) == (f"{VN}/drug", "SPIKE", "open")]
    judge(deployment, spike, "real")
    same = backtest(deployment)
    assert same["would"]["alerts"] == same["was"]["alerts"] > 0
    assert same["would"]["only_here"] == same["was"]["only_here"] == []
    assert same["would"]["precision"]["real"] == 1
    assert same["lost_though_real"] == []
    assert {one["series"] for one in same["strongest"]} >= {f"{VN}/drug", f"{LA}/drug"}
    assert [part["name"] for part in same["strongest"][0]["goods"]] == ["Heroin"]
    rules = tmp_path / "deaf.toml"
    rules.write_text(NOTHING_OPENS)
    deaf = backtest(deployment, "--rules", str(rules))
    assert [one["series"] for one in deaf["lost_though_real"]] == [f"{VN}/drug"]
    assert deaf["was"]["alerts"] == same["was"]["alerts"]
    assert {one["kind"] for one in deaf["was"]["only_here"]} == {"SPIKE"}
