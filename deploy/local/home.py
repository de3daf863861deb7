"""Reads and writes the folder of one local stack (``MEKONG_HOME``), and knows which process runs in it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TextIO

from mekong.schemas.errors import Fatal, Refused

OURS = ("kafka", "clickhouse", "faust", "logs", "sends", "identity.json", "stack.json", "processes.json", "supervisor.lock", "held.lock")
"""All that a stack keeps in its folder."""
_SEEN_AFTER_S = 0.6
"""The supervisor checks several times in this time, so it has reported by then what it had begun to start."""


class Identity(NamedTuple):
    """What a stack keeps for its life: made once, read again at each start."""

    stack_id: str
    secret: str
    clickhouse_password: str
    clock: str = "on"
    kafka_port: int = 0
    controller_port: int = 0
    clickhouse_port: int = 0
    web_port: int = 0
    metrics_ports: Mapping[str, int] = MappingProxyType({})
    """Process -> the port at which it serves its metrics."""
    console_key: str = ""
    """The key of the live page; a stack of an earlier version has none until its next start."""
    analyst_password: str = ""
    """The password of ClickHouse's user ``analyst``; the same of an earlier version."""
    native_port: int = 0
    """ClickHouse's port for its own protocol."""

    @classmethod
    def new(cls) -> Identity:
        """One that no other stack has."""
        return cls(
            f"mekong-{uuid.uuid4()}",
            secrets.token_hex(32),
            secrets.token_hex(16),
            console_key=new_key(),
            analyst_password=secrets.token_hex(16),
        )


def new_key() -> str:
    """A key of the live page: 32 characters, so that its address fits into a line."""
    return secrets.token_urlsafe(24)


class Home:
    """The folder, by absolute path. Nothing is written before it is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.folder / "logs"

    def identity(self) -> Identity:
        """The stack's, or a new one."""
        found = self._read("identity.json")
        return Identity(**found) if found else Identity.new()

    def save(self, identity: Identity) -> None:
        """Write it down."""
        self.write("identity.json", {**identity._asdict(), "metrics_ports": dict(identity.metrics_ports)})

    def processes(self) -> dict[str, Any]:
        """What the supervisor wrote last of its processes; empty when none ever did."""
        return self._read("processes.json")

    def stack(self) -> dict[str, Any]:
        """Where the servers are; empty when the stack is down."""
        return self._read("stack.json")

    def make(self) -> None:
        """Create the folder, readable by its owner only. A folder of an earlier version of this program is closed to others too."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (self.folder / "identity.json").exists():
            self.folder.chmod(0o700)

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """Replace a complete file. Only its owner can read it, because it has secrets."""
        self.make()
        new = self.folder / f".{name}.{os.getpid()}"
        new.touch(mode=0o600)
        new.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
        new.replace(self.folder / name)

    def forget(self, *names: str) -> None:
        """Delete files or subfolders of this folder, when they exist."""
        for name in names:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def supervisor(self) -> int | None:
        """The process id of the supervisor that runs in this folder, or None. It holds the lock, so it is surely that process."""
        found = self._written_by_holder("supervisor.lock")
        return None if found is None else int(found or 0)

    def held(self) -> str | None:
        """The process of the stack that somebody wants stopped for now, or None."""
        return self._written_by_holder("held.lock")

    @contextmanager
    def holding(self, name: str, within_s: float = 40.0) -> Iterator[None]:
        """Make the supervisor stop a process, and start it again at the end, in every case.

        Raises Refused when another process is held, Fatal when it does not stop.
        """
        with (self.folder / "held.lock").open("a+", encoding="ascii") as lock:
            if not _locked(lock):
                raise Refused(f"{self.held()} is held already: another `mekong rebuild` runs.")
            lock.truncate(0)
            lock.write(name)
            lock.flush()
            deadline = time.monotonic() + within_s
            time.sleep(_SEEN_AFTER_S)
            while self._runs(name):
                if time.monotonic() > deadline:
                    raise Fatal(f"{name} has not stopped in {within_s:.0f} s: `mekong status` shows it.")
                time.sleep(0.1)
            yield

    def _runs(self, name: str) -> bool:
        return any(one["name"] == name and one["pid"] is not None for one in self.processes().get("processes", []))

    def _written_by_holder(self, name: str) -> str | None:
        """The text that the holder of a lock wrote into it. None when nobody holds the lock."""
        try:
            lock = (self.folder / name).open("r+", encoding="ascii")
        except FileNotFoundError:
            return None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                return lock.read().strip()
        return None

    def taken(self, supervisor: int | None) -> Refused:
        """The sentence for a person who would start a second stack here."""
        return Refused(f"A stack runs in {self.folder} already (process {supervisor}). See `mekong status`, or stop it with `mekong down`.")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one supervisor of this folder. Raises Refused when there is one."""
        self.make()
        with (self.folder / "supervisor.lock").open("a+", encoding="ascii") as lock:
            if not _locked(lock):
                raise self.taken(self.supervisor())
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _read(self, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as exc:
            raise Refused(f"{self.folder / name} cannot be read: {exc}. `mekong reset --yes` makes a new stack.") from exc
        return found


def _locked(file: TextIO) -> bool:
    """Lock the file for this process alone. False when another process has the lock.

    A process that only looks holds the lock for an instant; this function waits for it.
    """
    for _ in range(5):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.05)
    return False
