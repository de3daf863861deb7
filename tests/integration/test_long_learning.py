"""A lane may learn from the journal for as long as it takes: it is not cut, its worker stays in the group, other lanes go on."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest

from mekong.deploy.local.process import Process
from mekong.schemas.topics import COUNTS, INCOMING, lane_of
from tests.integration.test_share_and_notify import Writer

pytestmark = pytest.mark.timeout(240)
VN, LA = "VN-CUSTOMS", "LA-CUSTOMS"
STUCK_S, LEARNS_S = 4, 20
WORKER = """
import asyncio, logging, sys, time
from mekong.deploy.cli.log import begin_log
from mekong.schemas.settings import settings
from mekong.streams import app
from mekong.streams.agents import AGENTS

app.STUCK_S = float(sys.argv[2])
found, slow = settings(), [int(number) for number in sys.argv[4:]]
begin_log(found, sys.argv[1])
plan = AGENTS[sys.argv[1]](found)

async def opened(lane, options):
    if lane.number in slow:
        logging.info("lane %d learns", lane.number)
        for _ in range(int(sys.argv[3])):
            time.sleep(0.5)
            await asyncio.sleep(0.5)
        logging.info("lane %d has learnt", lane.number)
    await plan.opened(lane, options)

sys.exit(app.run(plan._replace(opened=opened), found))
"""


def start(deployment, name, *slow):
    """A worker whose lanes ``slow`` take long to learn, and who counts as stuck after a shorter time."""
    log = deployment.folder / f"slow-{name}.log"
    environment = {**os.environ, **deployment.environment, "MEKONG_CLOCK": "off"}
    argv = [sys.executable, "-c", WORKER, name, str(STUCK_S), str(LEARNS_S), *map(str, slow)]
    deployment.processes.append(Process(argv, log, env=environment))
    return deployment.processes[-1]


def said(worker, what):
    return len(re.findall(what, worker.log.read_text()))


def test_a_worker_that_learns_for_longer_than_one_may_be_stuck_is_not_taken_for_gone(deployment):
    deployment.register(VN)
    deployment.mekong("worker", "intake", env={"MEKONG_CLOCK": "off"})
    worker = start(deployment, "network", 0)
    deployment.wait_until(lambda: said(worker, "network ready"), "it is open")
    assert (said(worker, "lane 0 learns"), said(worker, "lane 0 has learnt")) == (1, 1), "it was not cut"
    assert worker.exit_code is None


def test_other_lanes_go_on_while_one_learns(deployment):
    deployment.register(VN, LA)
    assert lane_of(INCOMING.of(VN)) != lane_of(INCOMING.of(LA))
    deployment.mekong("worker", "intake", env={"MEKONG_CLOCK": "off"})
    worker = start(deployment, "watch", lane_of(INCOMING.of(VN)))
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 1, "unit": "kg"}
    for agency in (VN, LA):
        deployment.send(agency, [{"message_type": "seizure", "agency": agency, "case_no": "1", "seized_at": "2026-05-03", "lines": [line]}])
        Writer(deployment).tick(agency, "2026-05-04T00:00:00Z")

    def counted():
        return {json.loads(record.value)["agency"] for record in deployment.read(COUNTS.name)}

    deployment.wait_until(lambda: counted() == {LA}, "the other lane counts")
    assert said(worker, "learns") > said(worker, "has learnt")
    deployment.wait_until(lambda: counted() == {LA, VN}, "and so does this one, later")
    assert said(worker, "has learnt") == 1
