"""A deployment of a benchmark's own: a fresh broker, and a fresh ClickHouse when asked, in a temporary folder, gone at the end."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mekong.deploy.local.clickhouse import ClickHouse
from mekong.deploy.local.kafka import Kafka
from mekong.deploy.local.ports import free_port
from mekong.deploy.local.process import Process
from mekong.deploy.registry import add_agencies, profile_of
from mekong.deploy.topics import create_topics
from mekong.schemas.errors import Fatal
from mekong.schemas.settings import Settings
from mekong.schemas.topics import SHARED

ROOT = Path(__file__).resolve().parents[1]
MEKONG = (sys.executable, "-P", "-m", "mekong.deploy.cli")
READY_WITHIN_S = 120.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Ground:
    """One deployment, and the processes a benchmark starts on it."""

    def __init__(self, folder: Path, stack: ExitStack, *, clickhouse: bool, clock: str) -> None:
        self.folder, self._stack = folder, stack
        self.kafka = Kafka(folder / "kafka", free_port(), free_port(), heap_mb=1_024)
        self.broker = self._serve(self.kafka)
        values = {
            "MEKONG_HOME": str(folder / "home"),
            "MEKONG_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "MEKONG_SECRET": uuid.uuid4().hex,
            "MEKONG_CLOCK": clock,
        }
        if clickhouse:
            server = ClickHouse(folder / "clickhouse", free_port(), f"bench-{uuid.uuid4()}", "bench")
            self._serve(server)
            values["MEKONG_CLICKHOUSE_URL"] = server.url
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("MEKONG_")} | values
        self.env |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        os.environ.update(values)
        self.settings = Settings()
        create_topics(self.settings, SHARED)
        if clickhouse:
            from mekong.sinks.clickhouse.migrate import migrate  # noqa: PLC0415 - only where there is a ClickHouse

            migrate(self.settings.clickhouse())

    def register(self, agencies: Sequence[str]) -> None:
        """Add the agencies: two topics each, and a profile in the first."""
        add_agencies(self.settings, [profile_of(agency) for agency in agencies])

    def start(self, name: str, command: Sequence[str]) -> Process:
        """Start a process of the deployment; it is killed at the end at the latest."""
        process = Process(command, self.folder / f"{name}.log", env=self.env, cwd=self.folder)
        self._stack.callback(process.kill)
        return process

    def mekong(self, *arguments: str) -> Process:
        """Start a `mekong` command."""
        return self.start("-".join(arguments), [*MEKONG, *arguments])

    def _serve(self, server: Kafka | ClickHouse) -> Process:
        server.prepare()
        process = Process(server.command(), self.folder / f"{server.name}.log", env=server.environment(), cwd=server.folder)
        self._stack.callback(process.kill)
        deadline = time.monotonic() + READY_WITHIN_S
        while not server.is_ready():
            if process.exit_code is not None or time.monotonic() > deadline:
                raise Fatal(f"{server.name} did not start:\n{process.last_words(20)}")
            time.sleep(0.1)
        return process


@contextmanager
def ground(*, clickhouse: bool = False, clock: str = "off") -> Iterator[Ground]:
    """A deployment with its topics made. With the clock off it takes ticks of the data's own time."""
    before = {name: value for name, value in os.environ.items() if name.startswith("MEKONG_")}
    folder = Path(tempfile.mkdtemp(prefix="mekong-bench-"))
    try:
        with ExitStack() as stack:
            yield Ground(folder, stack, clickhouse=clickhouse, clock=clock)
    finally:
        for name in [name for name in os.environ if name.startswith("MEKONG_")]:
            del os.environ[name]
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(process: Process, words: str, within_s: float = READY_WITHIN_S) -> float:
    """Wait until ``words`` stand in the process's log; when that was, on the monotonic clock. Raises Fatal."""
    deadline = time.monotonic() + within_s
    while words not in process.log.read_text(encoding="utf-8", errors="replace"):
        if process.exit_code is not None or time.monotonic() > deadline:
            raise Fatal(f"{process.log.stem} never said {words!r}:\n{process.last_words(20)}")
        time.sleep(0.02)
    return time.monotonic()


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, of a process with all its threads; 0 when it has ended (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory of a process now, and its peak, in MB of 1,000,000 bytes (proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    kib = {line.partition(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return kib["VmRSS"] * 1_024 / 1e6, kib["VmHWM"] * 1_024 / 1e6
