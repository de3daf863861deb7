"""With MEKONG_LOG=json each line of a process is a JSON object, from its start to its end, and has nothing of what was sent."""

from __future__ import annotations

import json
import re

import pytest
from kafka import KafkaProducer

from mekong.deploy.local.process import Process
from mekong.schemas.topics import JOURNAL
from mekong.sinks.clickhouse.migrate import migrate
from tests.integration.test_workers import VN, seizure

pytestmark = pytest.mark.integration
JSON = {"MEKONG_LOG": "json"}
ALWAYS = {"time", "level", "process", "logger", "message"}
SECRETS = ("HN-SECRET-77", "Heroin", "0912 345 678")


def lines(process: Process) -> list[dict]:
    """Each line of the log; fails on one that is not JSON."""
    return [json.loads(line) for line in process.log.read_text(encoding="utf-8").splitlines()]


def test_each_line_of_a_worker_and_of_a_sink_is_an_object_with_ids_and_without_content(deployment, clickhouse, fresh_database):
    migrate(fresh_database)
    deployment.register(VN)
    intake = deployment.mekong("worker", "intake", env=JSON)
    sink = deployment.mekong("sink", "clickhouse", env=JSON | {"MEKONG_CLICKHOUSE_URL": fresh_database})
    deployment.send(VN, [seizure(VN, 1, case_no=SECRETS[0], method_note=SECRETS[2])])
    deployment.receipts(VN, 1)
    bad = {
        "kind": "version",
        "agency": VN,
        "event_id": "0b6a2f2e-0000-0000-0000-000000000000",
        "case_no": SECRETS[0],
        "version": SECRETS[1],
    }
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap)
    producer.send(JOURNAL.name, json.dumps(bad).encode(), partition=0)
    producer.flush()
    producer.close()
    deployment.wait_until(lambda: any("refused" in one["message"] for one in lines(sink)), "the sink refuses a record")
    deployment.wait_until(lambda: sum(one["message"].endswith("is open") for one in lines(intake)) == 8, "the lanes are open")
    intake.stop()
    sink.stop()

    for process, name in ((intake, "intake"), (sink, "sink")):
        assert all(one.keys() >= ALWAYS and one["process"] == name for one in lines(process))
        assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["time"]) for one in lines(process))
        assert not [secret for secret in SECRETS if secret in process.log.read_text(encoding="utf-8")]
    opened = [one for one in lines(intake) if one["message"].endswith("is open")]
    assert {(one["stage"], one["lane"]) for one in opened} == {("intake", lane) for lane in range(8)}
    refused = next(one for one in lines(sink) if "refused" in one["message"])
    wanted = {"level": "ERROR", "table": "journal", "topic": "journal.v1", "partition": 0, "agency": VN, "event_id": bad["event_id"]}
    assert wanted.items() <= refused.items()


def test_the_sentence_with_which_a_process_is_refused_is_a_line_too(deployment):
    sink = deployment.mekong("sink", "clickhouse", env=JSON | {"MEKONG_CLICKHOUSE_URL": "ftp://nowhere"})
    deployment.wait_until(lambda: sink.exit_code is not None, "the sink ends")
    assert [(one["level"], one["process"]) for one in lines(sink)][-1] == ("CRITICAL", "sink")
    assert "MEKONG_CLICKHOUSE_URL" in lines(sink)[-1]["message"]
