"""Other stream processors on the same work: the same pure core, the same topics. Each script runs in one process.

    PYTHON -m benchmarks.peers.quix intake --bootstrap HOST:PORT --prefix quix. --folder DIR [--exactly-once]

Outputs go to topics named like ours behind the prefix. What each guarantees is said here, and printed beside its figures.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

ENVIRONMENT = Path(__file__).with_name(".venv")


class Peer(NamedTuple):
    """One contestant."""

    name: str
    title: str
    guarantee: str
    module: str
    options: tuple[str, ...] = ()
    needs_environment: bool = True
    """Whether it runs in the environment of the peers; stock Faust is in our own."""

    def command(self, work: str, bootstrap: str, prefix: str, folder: Path) -> list[str]:
        """The process to start for ``work``."""
        python = str(ENVIRONMENT / "bin" / "python") if self.needs_environment else sys.executable
        return [python, "-m", self.module, work, "--bootstrap", bootstrap, "--prefix", prefix, "--folder", str(folder), *self.options]


PEERS = (
    Peer(
        "quix",
        "Quix Streams 3.28.1",
        "at least once: state in RocksDB and a changelog topic, a checkpoint each 5 s",
        "benchmarks.peers.quix",
    ),
    Peer(
        "quix-eos",
        "Quix Streams 3.28.1, exactly-once",
        "exactly once: the same in one Kafka transaction a second",
        "benchmarks.peers.quix",
        ("--exactly-once",),
    ),
    Peer(
        "bytewax",
        "Bytewax 0.21.1, no recovery",
        "none: state in memory, a restart begins with nothing",
        "benchmarks.peers.bytewax_flow",
    ),
    Peer(
        "bytewax-recovery",
        "Bytewax 0.21.1, recovery",
        "at least once: state and positions in SQLite each 10 s",
        "benchmarks.peers.bytewax_flow",
        ("--recovery",),
    ),
    Peer(
        "faust",
        "stock Faust 0.15.3",
        "at least once by its word, table in memory and a changelog topic; it loses in ways decision 0001 lists",
        "benchmarks.peers.stock_faust",
        needs_environment=False,
    ),
)
