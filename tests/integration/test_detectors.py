"""The detectors in their workers, against a real broker: each alert once, whatever is killed, lost, or written by other code."""

import json
import random
import signal
import time
from datetime import date, datetime, timedelta

import pytest
from kafka import KafkaProducer

from mekong.schemas import wire
from mekong.schemas.control import CONTROL_HEADER, Tick, sign
from mekong.schemas.topics import ALERTS, DAYS, INCOMING, NETWORK
from mekong.streams.core.spikes.fold import MARK

pytestmark = pytest.mark.timeout(300)
VN, LA = "VN-CUSTOMS", "LA-CUSTOMS"
FIRST = date(2026, 1, 5)
DAYS_OF_PEACE, DAY_OF_ONE_LARGE_CASE, DAYS_IN_ALL = 60, 70, 75


def seizure(agency, case_no, day, kg):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": kg, "unit": "kg"}
    return {"message_type": "seizure", "agency": agency, "case_no": case_no, "seized_at": str(day), "lines": [line]}


class Days:
    """What two agencies send day by day: a case or two, and on one day ten."""

    def __init__(self, deployment):
        self.deployment, self.sent = deployment, 0
        deployment.register(VN, LA)
        self.start("worker", "intake")

    def start(self, *arguments):
        """A command of a deployment whose clock is off."""
        return self.deployment.mekong(*arguments, env={"MEKONG_CLOCK": "off"})

    def send(self, days):
        producer = KafkaProducer(bootstrap_servers=self.deployment.bootstrap, acks="all")
        for day in days:
            at = FIRST + timedelta(days=day)
            for agency in (VN, LA):
                topic, value = INCOMING.of(agency), wire.encode(Tick(at=f"{at}T00:00:00Z", replay=True))
                headers = [(CONTROL_HEADER, sign(self.deployment.settings.deployment_secret(), topic, value))]
                producer.send(topic, value=value, headers=headers)
                usual = random.Random(f"{agency} {day}").randint(0, 2)
                for place in range(usual + 9 * (day == DAYS_OF_PEACE) + (day == DAY_OF_ONE_LARGE_CASE)):
                    kg = 900 if (day, place) == (DAY_OF_ONE_LARGE_CASE, 0) else 2
                    producer.send(topic, value=json.dumps(seizure(agency, f"{day}/{place}", at, kg)).encode())
                    self.sent += 1
        producer.flush()
        producer.close()
        self.deployment.wait_until(lambda: self._answered() == self.sent, "all receipts")

    def _answered(self):
        return sum(len(self.deployment.receipts(agency)) for agency in (VN, LA))

    def alerts(self):
        return [json.loads(record.value) for record in self.deployment.read(ALERTS.name)]

    def wait_for(self, *wanted):
        """Until an alert of each kind and series is there."""

        def there():
            found = {(one["kind"], one["series"]) for one in self.alerts()}
            return set(wanted) <= found

        self.deployment.wait_until(there, f"{wanted}", 90)
        return self.alerts()


@pytest.fixture
def days(deployment):
    return Days(deployment)


def ids(alerts):
    return sorted(one["alert_id"] for one in alerts)


SPIKES = (("SPIKE", f"{VN}/drug"), ("SPIKE", f"{LA}/drug"), ("SPIKE", "network/drug"))
MAJORS = (("MAJOR", f"{VN}/drug"), ("MAJOR", f"{LA}/drug"))


def test_workers_killed_again_and_again_raise_each_alert_once(days, deployment):
    workers = [days.start("worker", name) for name in ("watch", "network")]
    for first in range(0, DAYS_IN_ALL, 15):
        days.send(range(first, first + 15))
        time.sleep(1)
        for worker in workers:
            worker.send(signal.SIGKILL)
        workers = [days.start("worker", name) for name in ("watch", "network")]
    found = days.wait_for(*SPIKES)
    assert len(ids(found)) == len(set(ids(found)))
    (spike,) = [one for one in found if (one["kind"], one["series"], one["state"]) == ("SPIKE", f"{VN}/drug", "open")]
    journal = deployment.read("journal.v1")
    (entry,) = [json.loads(record.value) for record in journal if is_place(record, spike)]
    assert moment(entry["received_at"]) == moment(spike["raised_at"])  # on the record that crossed the critical count, not at the day's end
    assert entry["event_id"] in spike["event_ids"]
    assert spike["bucket"]["start"] == str(FIRST + timedelta(days=DAYS_OF_PEACE))


def moment(text):
    return datetime.fromisoformat(text)


def is_place(record, alert):
    return record.key == alert["agency"].encode() and record.offset == alert["journal_offset"]


def test_a_lost_state_is_rebuilt_and_tells_no_alert_twice(days, deployment):
    workers = [days.start("worker", name) for name in ("watch", "network")]
    days.send(range(DAYS_OF_PEACE + 5))
    before = ids(days.wait_for(*SPIKES))
    time.sleep(1.5)
    for worker, state in zip(workers, (DAYS, NETWORK), strict=True):
        worker.stop()
        deployment.lose(state)
    for name in ("watch", "network"):
        rebuild = days.start("rebuild", name)
        deployment.wait_until(lambda rebuild=rebuild: rebuild.exit_code is not None, "the rebuild ends")
        assert rebuild.exit_code == 0, rebuild.last_words(30)
        days.start("worker", name)
    days.send(range(DAYS_OF_PEACE + 5, DAYS_IN_ALL))
    after = ids(days.wait_for(*MAJORS))
    assert set(before) < set(after)
    assert len(after) == len(set(after))


def test_state_of_older_detectors_is_learnt_again_and_said(days, deployment):
    workers = [days.start("worker", name) for name in ("watch", "network")]
    days.send(range(DAYS_OF_PEACE + 5))
    before = ids(days.wait_for(*SPIKES))
    for worker in workers:
        worker.stop()
    states = [newest(deployment, topic) for topic in (DAYS, NETWORK)]
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap, acks="all")
    for topic, state in zip((DAYS, NETWORK), states, strict=True):
        for partition, key in [place for place in state if place[1] == MARK]:
            producer.send(topic.name, key=key, value=b"0", partition=partition)
        for partition, key in [place for place in state if b"/now/" in place[1]]:
            producer.send(topic.name, key=key, value=b"not to be read any more", partition=partition)
    producer.flush()
    workers = [days.start("worker", name) for name in ("watch", "network")]
    deployment.wait_until(lambda: all("learnt from" in worker.last_words(200) for worker in workers), "both have learnt again")
    again = [newest(deployment, topic) for topic in (DAYS, NETWORK)]
    assert [set(state) - set(one) for state, one in zip(states, again, strict=True)] == [set(), set()]
    for state, one in zip(states, again, strict=True):
        learnt = [place for place in state if place[1][:1] != b"@"]
        assert {place: read(one[place]) for place in learnt} == {place: read(state[place]) for place in learnt}
    days.send(range(DAYS_OF_PEACE + 5, DAYS_IN_ALL))
    after = ids(days.wait_for(*MAJORS))
    assert set(before) < set(after)
    assert len(after) == len(set(after))


def read(value):
    """Content of a value: the order of an object's keys tells in which order partitions were read, and means nothing."""
    return json.loads(value)


def newest(deployment, topic):
    """The state: newest value by partition and key."""
    found = {(record.partition, record.key): record.value for record in deployment.read(topic.name)}
    return {place: value for place, value in found.items() if value is not None}
