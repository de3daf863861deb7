"""A record on which a worker's code fails, against a real broker: the lane goes on without it, and a rebuild leaves out the same."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from aiokafka import TopicPartition
from kafka import KafkaProducer

from mekong.deploy.aside import all_aside
from mekong.schemas.aside import Cause
from mekong.schemas.control import CONTROL_HEADER, Tick, sign
from mekong.schemas.topics import COUNTS, DAYS, INCOMING, JOURNAL, lane_of
from mekong.schemas.wire import encode
from mekong.streams.agents import watch
from mekong.streams.app import connection
from mekong.streams.core.spikes.fold import PartitionDetectors
from mekong.streams.lanes import Lane, ReadPosition, Run

pytestmark = pytest.mark.timeout(300)
VN = "VN-CUSTOMS"
INTO = INCOMING.of(VN)


def seizure(number, day="2026-05-03"):
    lines = [{"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 1, "unit": "kg"}]
    return {"message_type": "seizure", "agency": VN, "case_no": f"case {number}", "seized_at": day, "lines": lines}


def tick(deployment, at):
    value = encode(Tick(at=at, replay=True))
    write(deployment, INTO, value, 0, [(CONTROL_HEADER, sign(deployment.settings.deployment_secret(), INTO, value))])


def write(deployment, topic, value, partition, headers=()):
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap, acks="all")
    producer.send(topic, value, key=VN.encode(), partition=partition, headers=list(headers)).get(30)
    producer.close()


def newest(deployment):
    told = (json.loads(record.value) for record in deployment.read(COUNTS.name))
    return {(one["window"], one["start"]): one["cases"] for one in told if one["commodity_group"] is None}


def is_counted(deployment, cases):
    return lambda: newest(deployment).get(("day", "2026-05-03")) == cases


def test_watch_goes_on_without_a_case_on_which_it_fails_and_a_rebuild_leaves_out_the_same(deployment):
    deployment.register(VN)
    deployment.mekong("worker", "intake", env={"MEKONG_CLOCK": "off"})
    worker = deployment.mekong("worker", "watch")
    deployment.send(VN, [seizure(number) for number in range(3)])
    deployment.receipts(VN, 3)
    (first,) = [one for one in deployment.journal() if one.get("case_no") == "case 0"]
    broken = {**first, "version": 2, "contribution": {"precision": "day"}, "supersedes": first["contribution"]}
    write(deployment, JOURNAL.name, json.dumps(broken).encode(), lane_of(INTO))
    write(deployment, JOURNAL.name, b"not a record", lane_of(INTO))
    deployment.send(VN, [seizure(0, "2026-05-02"), seizure(3)])
    tick(deployment, "2026-05-05T00:00:00Z")
    deployment.wait_until(is_counted(deployment, 4), "the case that is aside counts as before")
    assert ("day", "2026-05-02") not in newest(deployment)
    before = all_aside(deployment.settings)
    assert [(one.first.cause, one.first.case_no, one.later) for one in before] == [(Cause.FAILED, "case 0", 1), (Cause.FAILED, None, 0)]
    time.sleep(2.5)  # the group's commit follows within a second
    worker.stop()
    deployment.lose(DAYS)
    rebuild = deployment.mekong("rebuild", "watch")
    deployment.wait_until(lambda: rebuild.exit_code is not None, "the rebuild ends")
    assert rebuild.exit_code == 0, rebuild.last_words(30)
    deployment.mekong("worker", "watch")
    deployment.send(VN, [seizure(0, "2026-05-01"), seizure(4)])
    tick(deployment, "2026-05-06T00:00:00Z")
    deployment.wait_until(is_counted(deployment, 5), "counts go on")
    assert ("day", "2026-05-01") not in newest(deployment)
    assert [(one.first, one.later) for one in all_aside(deployment.settings)] == [(before[0].first, 2), (before[1].first, 0)]


def test_what_was_set_aside_is_taken_up_again_by_code_that_is_mended(deployment, monkeypatch):
    deployment.register(VN)
    deployment.mekong("worker", "intake", env={"MEKONG_CLOCK": "off"})
    deployment.send(VN, [seizure(number) for number in range(3)])
    deployment.send(VN, [seizure(0, "2026-05-02")])
    deployment.receipts(VN, 4)
    real = PartitionDetectors.take

    def take(self, entry):
        assert entry.value.get("case_no") != "case 0"
        return real(self, entry)

    with monkeypatch.context() as patch:
        patch.setattr(PartitionDetectors, "take", take)
        asyncio.run(watch_all(deployment))
    assert [(one.first.case_no, one.later) for one in all_aside(deployment.settings)] == [("case 0", 1)]
    retry = deployment.mekong("aside", "retry", "watch")
    deployment.wait_until(lambda: retry.exit_code is not None, "the retry ends")
    assert retry.exit_code == 0, retry.last_words(30)
    assert "watch: 2 taken up again, 0 still aside, 0 off the list" in retry.last_words(5)
    assert all_aside(deployment.settings) == []
    worker = deployment.mekong("worker", "watch")
    deployment.send(VN, [seizure(3)])
    tick(deployment, "2026-05-05T00:00:00Z")
    deployment.wait_until(is_counted(deployment, 3), "the case is counted where its second version says")
    assert newest(deployment)["day", "2026-05-02"] == 1
    time.sleep(2.5)  # the group's commit follows within a second
    worker.stop()
    deployment.lose(DAYS)
    rebuild = deployment.mekong("rebuild", "watch")
    deployment.wait_until(lambda: rebuild.exit_code is not None, "the rebuild ends")
    deployment.mekong("worker", "watch")
    deployment.send(VN, [seizure(4)])
    tick(deployment, "2026-05-06T00:00:00Z")
    deployment.wait_until(is_counted(deployment, 4), "the rebuilt state has it too")


async def watch_all(deployment):
    """Watch's lane of the agency over the journal as it is, in this process."""
    plan, source = watch.plan(deployment.settings), TopicPartition(JOURNAL.name, lane_of(INTO))
    lane = await Lane(
        source.partition, TopicPartition(plan.state, source.partition), f"watch-{source.partition}", connection(deployment.settings)
    ).open()
    records = [record for record in deployment.read(JOURNAL.name) if record.partition == source.partition]
    await lane.transact([Run(lane, source, ReadPosition(0), None, records[0].offset, records[-1].offset, 0, records)], plan.fold)
    await lane.close()
