"""Runs Apache Kafka: one broker that is its own controller (KRaft), as a child process on the loopback interface.

Its state is in one folder and survives ``kill -9``. The broker is known by its cluster id. A broker with another id belongs to
somebody else.

Sometimes the partitions of a broker have no leader, but its coordinators still serve. Kafka 4.1 to 4.3 then reports a transaction as
committed and leaves out its marker. The next start of its writer aborts that transaction (KAFKA-20734). A single broker has no leaders
when it stops normally, and when its own controller considers it dead. So it is stopped normally only when nobody writes (``deaf``). It
is also never considered dead after a pause shorter than ``SESSION_MS``. The cost: a killed broker is back only after that time.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import signal
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mekong.deploy.local import jars
from mekong.deploy.local.classes import Archives
from mekong.deploy.local.java import Java, find_java
from mekong.deploy.local.ports import HOST
from mekong.schemas.errors import Fatal, Refused

SESSION_MS = 18_000
LONGEST_TRANSACTION_MS = 60_000
"""The longest transaction timeout that a writer may ask for. It is the default of most libraries. When a member leaves a transaction open,
readers of its topic wait this long, and then until the broker's next check."""
ABORT_EVERY_MS = 2 * SESSION_MS
"""How often, and how long after its start, the broker aborts transactions that have timed out. Until the broker's old session has ended, no
partition has a leader and the broker leaves out the markers of an abort. When a writer starts again, the transaction is aborted at once."""
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.abort.timed.out.transaction.cleanup.interval.ms={abort}
transaction.max.timeout.ms={longest}
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
metadata.max.idle.interval.ms=5000
broker.session.timeout.ms={session}
broker.heartbeat.interval.ms=500
"""
LOG4J = """\
status = error
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = OUT
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c{1})%n
"""
FAST = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Djava.awt.headless=true")
DEAF = ("/bin/sh", "-c", 'trap "" TERM; exec "$0" "$@"')
STORAGE_TOOL, BROKER = "kafka.tools.StorageTool", "kafka.Kafka"


@dataclass(frozen=True)
class Kafka:
    """A broker in ``folder``. Call ``prepare`` once, then start ``command`` as often as needed."""

    folder: Path
    port: int
    controller_port: int
    heap_mb: int = 512
    said: Callable[[str], None] = lambda _: None
    deaf: bool = False
    """Ignores SIGTERM, because anybody can send it at any time. A program that knows that nobody writes sends ``stop_signal``."""

    name = "kafka"
    stop_within_s = 30.0
    stop_signal = signal.SIGINT

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"{HOST}:{self.port}"

    @cached_property
    def cluster_id(self) -> str:
        """The cluster id of the data in the folder. Raises Refused when the data are not a broker's."""
        meta = self.folder / "data" / "meta.properties"
        with contextlib.suppress(FileNotFoundError):
            for line in meta.read_text(encoding="utf-8").splitlines():
                if line.startswith("cluster.id="):
                    return line.partition("=")[2]
        raise Refused(f"{meta} names no cluster: the broker's state is damaged. `mekong reset --yes` makes a new one.")

    def prepare(self) -> None:
        """Download missing files, write the settings, and format an empty folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        values = {"host": HOST, "port": self.port, "controller": self.controller_port, "data": self.folder / "data"}
        values |= {"session": SESSION_MS, "abort": ABORT_EVERY_MS, "longest": LONGEST_TRANSACTION_MS}
        self._settings.write_text(PROPERTIES.format(**values), encoding="utf-8")
        (self.folder / "log4j2.properties").write_text(LOG4J, encoding="utf-8")
        self._archives.prepare()
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()

    def command(self) -> list[str]:
        """The command of the broker. Its first run leaves an archive of its classes, which saves two seconds at each later start."""
        broker = [*self._java(*self._archives.options()), BROKER, str(self._settings)]
        return [*DEAF, *broker] if self.deaf else broker

    def environment(self) -> dict[str, str]:
        """The child's environment."""
        return dict(os.environ)

    def is_ready(self, said: str = "", alive_s: float = 0.0) -> bool:  # noqa: ARG002 - it is asked, not believed
        """Whether the broker of this stack answers. Raises Fatal when another one does."""
        from mekong.deploy.local.probe import cluster_at  # noqa: PLC0415 - imports the client

        found = cluster_at(self.bootstrap)
        if found not in (None, self.cluster_id):
            raise Fatal(f"{self.bootstrap} is answered by another broker (cluster {found}, not {self.cluster_id}).")
        return found is not None

    def stopped(self, exit_code: int) -> None:
        """Keep the class archive of a run that ended in order (143: by SIGTERM, 130: by SIGINT)."""
        self._archives.ended(in_order=exit_code in (0, 130, 143))

    def _format(self) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        run = [*self._java(), STORAGE_TOOL, "format", "-t", cluster_id, "-c", str(self._settings)]
        done = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise Fatal(f"Kafka could not format {self.folder / 'data'}: {(done.stderr or done.stdout).strip()[-500:]}")

    def _java(self, *options: str) -> list[str]:
        log4j = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"
        return [self._found_java.path, "-Xms64m", f"-Xmx{self.heap_mb}m", *FAST, *options, log4j, "-cp", ":".join(map(str, self._jars))]

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    @cached_property
    def _found_java(self) -> Java:
        return find_java()

    @cached_property
    def _jars(self) -> tuple[Path, ...]:
        return jars.fetch(self.said)

    @cached_property
    def _archives(self) -> Archives:
        program = " ".join([f"kafka-{jars.KAFKA}", *map(str, self._jars)])
        run = hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]
        return Archives(jars.cache_folder() / "classes", self._found_java, FAST, program, run)
