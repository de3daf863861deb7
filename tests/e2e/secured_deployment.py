"""A deployment on the three brokers: each process and command under a user of its own, told everything by MEKONG_* variables."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from mekong.deploy.local.process import Process
from mekong.deploy.verify import log  # noqa: F401 - lets the reader here read what no client can
from tests.e2e import secured_rights
from tests.e2e.secured_brokers import Cluster

COMMAND = (sys.executable, "-P", "-m", "mekong.deploy.cli")
AGENCIES = ["TH-CUSTOMS", "VN-CUSTOMS"]
PROCESSES = {
    "intake": ("intake", "worker", "intake"),
    "intake-2": ("intake", "worker", "intake"),
    "watch": ("watch", "worker", "watch"),
    "network": ("network", "worker", "network"),
    "share": ("share", "worker", "share"),
    "notify": ("notify", "worker", "notify"),
    "notifier": ("notifier", "notify"),
    "sink": ("sink", "sink", "clickhouse"),
    "clock": ("clock", "clock"),
}
"""Name -> user and command."""


class Deployment:
    """Commands and processes of it. Who ends is started again, as a supervisor does, when a test waits."""

    def __init__(self, cluster: Cluster, folder: Path, clickhouse: str) -> None:
        self.cluster, self.folder, self._clickhouse = cluster, folder, clickhouse
        self.restarts: Counter[str] = Counter()
        self._kept: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.processes: dict[str, Process] = {}

    def give_rights(self) -> None:
        admin = KafkaAdminClient(**self.cluster.options())
        secured_rights.give(admin, AGENCIES)
        admin.close()

    def environment(self, user: str, **other: str) -> dict[str, str]:
        """All that a process knows. ``other`` replaces some of it."""
        ours = {
            "HOME": str(self.folder / user),
            "KAFKA_BOOTSTRAP": self.cluster.bootstrap,
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_USERNAME": user,
            "KAFKA_PASSWORD": secured_rights.password_of(user),
            "KAFKA_CAFILE": str(self.cluster.cafile),
            "KAFKA_REPLICATION": "3",
            "CLICKHOUSE_URL": self._clickhouse,
        }
        if user not in AGENCIES:
            ours["SECRET"] = "of the three brokers of this one test"
        rest = {name: value for name, value in os.environ.items() if not name.startswith("MEKONG_")}
        return rest | {f"MEKONG_{name}": value for name, value in (ours | other).items()}

    def run(self, user: str, *arguments: str, within_s: float = 300, **other: str) -> subprocess.CompletedProcess[str]:
        """A command, to its end."""
        return subprocess.run(
            [*COMMAND, *arguments], env=self.environment(user, **other), capture_output=True, text=True, timeout=within_s, check=False
        )

    def done(self, user: str, *arguments: str) -> str:
        """What a command prints, whose exit code is 0."""
        found = self.run(user, *arguments)
        assert found.returncode == 0, f"{user}: {arguments}\n{found.stdout}{found.stderr}"
        return found.stdout

    def begin(self, name: str, user: str, *arguments: str) -> None:
        """A process that is started again when it ends."""
        self._kept[name] = (user, arguments)
        self._start(name)

    def start(self, name: str, user: str, *arguments: str) -> Process:
        """A process that ends by itself."""
        process = Process([*COMMAND, *arguments], self.log_of(name), env=self.environment(user))
        self.processes[name] = process
        return process

    def _start(self, name: str) -> None:
        user, arguments = self._kept[name]
        self.start(name, user, *arguments)

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def wait_until(self, holds: Callable[[], bool], what: str, within_s: float = 300) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            self.tend()
            if time.monotonic() > deadline:
                pytest.fail(f"not within {within_s} s: {what}\n{self.last_words()}", pytrace=False)
            time.sleep(0.3)

    def tend(self) -> None:
        """Start again who has ended."""
        for name in self._kept:
            if self.processes[name].exit_code is not None:
                self.restarts[name] += 1
                self._start(name)

    def last_words(self) -> str:
        return "\n".join(f"--- {name}\n{process.last_words(12)}" for name, process in self.processes.items())

    def sent(self, agency: str) -> dict[int, bytes]:
        """Offset -> value of what stands in the agency's topic, but for control records."""
        reader = KafkaConsumer(**self.cluster.options(), enable_auto_commit=False)
        place = TopicPartition(f"in.{agency}.v1", 0)
        reader.assign([place])
        reader.seek_to_beginning(place)
        end, found = reader.end_offsets([place])[place], {}
        while reader.position(place) < end:
            for record in reader.poll(500).get(place, []):
                if "mekong-control" not in dict(record.headers):
                    found[record.offset] = record.value
        reader.close()
        return found

    def close(self) -> None:
        self._kept.clear()
        for process in self.processes.values():
            process.kill()
