"""A worker that is told to stop ends, also when the broker does not answer: nobody starts one again that hangs."""

import os
import signal
import sys
import time

from mekong.deploy.local.process import Process
from mekong.deploy.registry import add_agencies, create_topics, profile_of
from mekong.schemas.settings import Settings

ENDS_WITHIN_S = 18
SECRET = "the secret of a deployment, 32 bytes"


def until(holds, within_s=90):
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_told_to_stop_while_the_broker_is_paused_ends_soon(new_kafka, start_server, tmp_path):
    broker = start_server(new_kafka)
    values = {"MEKONG_KAFKA_BOOTSTRAP": new_kafka.bootstrap, "MEKONG_SECRET": SECRET, "MEKONG_HOME": str(tmp_path / "home")}
    settings = Settings(kafka_bootstrap=new_kafka.bootstrap, secret=SECRET)
    create_topics(settings)
    add_agencies(settings, [profile_of("VN-CUSTOMS")])
    worker = Process([sys.executable, "-m", "mekong.deploy.cli", "worker", "intake"], tmp_path / "intake.log", env={**os.environ, **values})
    try:
        until(lambda: "partitions assigned" in worker.log.read_text().lower() or "intake-" in worker.log.read_text())
        broker.send(signal.SIGSTOP)
        worker.send(signal.SIGTERM)
        until(lambda: worker.exit_code is not None, ENDS_WITHIN_S)
    finally:
        broker.send(signal.SIGCONT)
        worker.kill()
