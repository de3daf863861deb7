"""``deployment``: a broker of its own with the topics of the exchange and registered agencies, and the workers on it."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.process import Process
from mekong.deploy.registry import add_agencies, create_topics, profile_of
from mekong.schemas.settings import Settings
from mekong.schemas.topics import INCOMING, JOURNAL, RECEIPTS, Topic
from tests.integration.committed import committed


class Deployment:
    """What a test does to a deployment, and what it sees of it."""

    def __init__(self, kafka: Kafka, folder: Path) -> None:
        self.folder, self.bootstrap = folder, kafka.bootstrap
        self.environment = {
            "MEKONG_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "MEKONG_SECRET": uuid.uuid4().hex,
            "MEKONG_HOME": str(folder / "home"),
        }
        self.settings = Settings(kafka_bootstrap=kafka.bootstrap, secret=self.environment["MEKONG_SECRET"], home=folder / "home")
        self.processes: list[Process] = []
        self.broker: Process | None = None
        create_topics(self.settings)

    def register(self, *agencies: str) -> None:
        """Return when the profiles are committed: Kafka answers a commit before it writes the marker; what is sent next comes after it."""
        add_agencies(self.settings, [profile_of(agency) for agency in agencies])
        for topic in map(INCOMING.of, agencies):
            self.wait_until(lambda: len(self._ends(topic)) == 1, f"no transaction is open in {topic}")  # noqa: B023 - called here

    def _ends(self, topic: str) -> set[int]:
        """Where readers of committed and of all records end: one place when no transaction is open."""
        ends = set()
        for level in ("read_committed", "read_uncommitted"):
            reader = KafkaConsumer(bootstrap_servers=self.bootstrap, isolation_level=level, enable_auto_commit=False)
            ends |= set(reader.end_offsets([TopicPartition(topic, 0)]).values())
            reader.close()
        return ends

    def mekong(self, *arguments: str, env: dict[str, str] | None = None) -> Process:
        """A `mekong` command as a process of its own."""
        log = self.folder / f"{'-'.join(arguments[:2])}-{len(self.processes)}.log"
        environment = {**os.environ, **self.environment, **(env or {})}
        self.processes.append(Process([sys.executable, "-m", "mekong.deploy.cli", *arguments], log, env=environment))
        return self.processes[-1]

    def send(self, agency: str, values: list[bytes | dict[str, Any]]) -> None:
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, acks="all", linger_ms=10)
        for value in values:
            producer.send(INCOMING.of(agency), value=value if isinstance(value, bytes) else json.dumps(value).encode())
        producer.flush()
        producer.close()

    def read(self, topic: str) -> list[Any]:
        """Every committed record of a topic now."""
        return committed(self.bootstrap, topic)

    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(record.value) for record in self.read(JOURNAL.name)]

    def receipts(self, agency: str, at_least: int = 0, within_s: float = 60) -> list[dict[str, Any]]:
        """The agency's receipts, as soon as there are so many."""
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            found[:] = [json.loads(record.value) for record in self.read(RECEIPTS.of(agency))]
            return len(found) >= at_least

        self.wait_until(enough, f"{at_least} receipts of {agency}", within_s)
        return found

    def lose(self, topic: Topic) -> None:
        """What an operator must never do: delete a state topic (and make it anew, empty)."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        admin.delete_topics([topic.name])
        self.wait_until(lambda: topic.name not in admin.list_topics(), "the topic is gone")
        admin.close()
        time.sleep(1)
        create_topics(self.settings)

    def forget(self, topic: Topic) -> None:
        """Delete a topic: each lane is then only of the agencies in it, where it is ``control.v1``."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        admin.delete_topics([topic.name])
        self.wait_until(lambda: topic.name not in admin.list_topics(), "the topic is gone")
        admin.close()

    def wait_until(self, holds: Callable[[], bool], what: str, within_s: float = 60) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                logs = "\n".join(process.last_words(25) for process in self.processes[-3:])
                pytest.fail(f"not within {within_s} s: {what}\n{logs}", pytrace=False)
            time.sleep(0.2)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
        self.processes.clear()


@pytest.fixture
def deployment(new_kafka: Kafka, start_server: Callable[[Kafka], Process], tmp_path: Path) -> Iterator[Deployment]:
    """A deployment with no agency and no worker yet."""
    broker = start_server(new_kafka)
    found = Deployment(new_kafka, tmp_path)
    found.broker = broker
    yield found
    found.close()
