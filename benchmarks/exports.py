"""Measures how much memory and time an export needs, for 20,000 and 200,000 cases: ``.venv/bin/python -m benchmarks.exports``.

The journal in a ClickHouse of its own has one line for each case (benchmarks/messages.py), folded by the real intake. Each export runs in a
process of its own. The figure of memory is the largest resident size of that process; the server is not in it.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.messages import seizure
from mekong.deploy.exports.run import export, positions
from mekong.deploy.local.clickhouse import ClickHouse
from mekong.deploy.local.ports import free_port
from mekong.deploy.local.process import Process
from mekong.schemas import wire
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables.journal import TABLE
from mekong.sinks.exports import BY_NAME
from mekong.sinks.exports.query import Question
from tests.unit.exported import AGENCY, Exchange

SIZES = (20_000, 200_000)
BLOCK = 20_000
NAMES = ("simple", "ids", "csv", "parquet")
SOURCE = Source("journal.v1", 0)


def fill(url: str, cases: int) -> None:
    exchange, chance, start = Exchange(), random.Random(1), datetime(2025, 1, 1, tzinfo=UTC)
    sink, after = ClickHouseSink(Database(url), TABLE), -1
    for first in range(0, cases, BLOCK):
        values = []
        for number in range(first, min(first + BLOCK, cases)):
            message = seizure(number, chance, AGENCY, start + timedelta(seconds=60 * number))
            values.append(exchange.entry(wire.dump(message)))
        offsets = list(range(after + 1, after + 1 + len(values)))
        sink.write([Batch(SOURCE, after, offsets, [1_795_000_000_000] * len(values), values)])
        after = offsets[-1]


def measure(url: str, name: str, path: Path) -> None:
    database = Database(url)
    began, used = time.monotonic(), time.process_time()
    one = BY_NAME[name]
    written = export(database, one, Question("(true)", positions(database), "TLP:AMBER"), path)
    seconds, cpu_s = time.monotonic() - began, time.process_time() - used
    status = Path("/proc/self/status").read_text(encoding="utf-8")  # getrusage has the largest of the process that started this one
    largest_mb = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
    size = f"{path.stat().st_size / 1e6:.0f} MB"
    print(f"{name:8} {written.cases:>8,} cases, {size:>6}: {largest_mb:.0f} MB of memory, {seconds:.0f} s, {cpu_s:.0f} s of one core")


def main() -> None:
    if len(sys.argv) > 1:
        measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
        return
    for cases in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            server = ClickHouse(Path(folder) / "clickhouse", free_port(), f"bench-{uuid.uuid4()}", "bench")
            server.prepare()
            process = Process(server.command(), Path(folder) / "clickhouse.log", env=server.environment(), cwd=server.folder)
            try:
                while not server.is_ready():
                    time.sleep(0.1)
                migrate(server.url)
                fill(server.url, cases)
                for name in NAMES:
                    path = Path(folder) / f"out{BY_NAME[name].suffix}"
                    command = [sys.executable, "-m", "benchmarks.exports", server.url, name, str(path)]
                    subprocess.run(command, check=True, env=dict(os.environ))
            finally:
                process.kill()


if __name__ == "__main__":
    main()
