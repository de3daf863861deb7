"""The folder of one local stack (``MEKONG_HOME``): what is kept in it, and who runs in it."""

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
from typing import Any, NamedTuple

from schemas.errors import Refused

OURS = ("kafka", "clickhouse", "faust", "logs", "sends", "identity.json", "stack.json", "processes.json", "supervisor.lock")
"""All that a stack keeps in its folder."""


class Identity(NamedTuple):
    """What a stack keeps for ever: made once, read again at each start."""

    stack_id: str
    secret: str
    clickhouse_password: str
    clock: str = "on"
    kafka_port: int = 0
    controller_port: int = 0
    clickhouse_port: int = 0

    @classmethod
    def new(cls) -> Identity:
        """One that no other stack has."""
        return cls(f"mekong-{uuid.uuid4()}", secrets.token_hex(32), secrets.token_hex(16))


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

    def keep(self, identity: Identity) -> None:
        """Write it down."""
        self.write("identity.json", identity._asdict())

    def processes(self) -> dict[str, Any]:
        """What the supervisor wrote last of its processes; empty when none ever did."""
        return self._read("processes.json")

    def stack(self) -> dict[str, Any]:
        """Where the servers are; empty when the stack is down."""
        return self._read("stack.json")

    def make(self) -> None:
        """Make the folder, for its owner only; one of ours that an earlier version made is closed to others too."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (self.folder / "identity.json").exists():
            self.folder.chmod(0o700)

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """Replace a file whole, readable by its owner only: secrets are in it."""
        self.make()
        new = self.folder / f".{name}.{os.getpid()}"
        new.touch(mode=0o600)
        new.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
        new.replace(self.folder / name)

    def forget(self, *names: str) -> None:
        """Delete files or folders of ours, when they are there."""
        for name in names:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def supervisor(self) -> int | None:
        """The process id of the supervisor that runs in this folder, or None. It holds the lock, so it is surely that process."""
        try:
            lock = (self.folder / "supervisor.lock").open("r+", encoding="ascii")
        except FileNotFoundError:
            return None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                return int(lock.read().strip() or 0)
        return None

    def taken(self, supervisor: int | None) -> Refused:
        """What to tell whoever would start a second stack here."""
        return Refused(f"A stack runs in {self.folder} already (process {supervisor}). See `mekong status`, or stop it with `mekong down`.")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one supervisor of this folder. Raises Refused when there is one."""
        self.make()
        with (self.folder / "supervisor.lock").open("a+", encoding="ascii") as lock:
            for attempt in range(5):
                with suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                if attempt == 4:  # noqa: PLR2004 - the last; a `status` holds the lock for an instant
                    raise self.taken(self.supervisor())
                time.sleep(0.05)
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
