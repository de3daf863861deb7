"""Runs ClickHouse: the engine of the chDB wheel with its own HTTP interface, as a child process on the loopback interface.

Its state is in one folder and survives ``kill -9``. The server's display name is the id of the stack. A server with another name
belongs to somebody else. Users are in ``users.xml`` (clickhouse_files.py); SQL cannot create users here.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mekong.deploy.local import clickhouse_files as files
from mekong.deploy.local import probe
from mekong.deploy.local.home import Identity
from mekong.deploy.local.ports import HOST
from mekong.schemas.errors import Fatal

ENGINE = Path(__file__).with_name("engine.py")


@dataclass(frozen=True)
class ClickHouse:
    """A server in ``folder``. Call ``prepare`` once, then start ``command`` as often as needed."""

    folder: Path
    port: int
    stack_id: str
    password: str
    memory_mb: int = 4_096
    analyst_password: str = field(default_factory=lambda: secrets.token_hex(16))
    native_port: int = 0
    """The port of ClickHouse's own protocol; 0: none."""

    name = "clickhouse"
    stop_within_s = 35.0
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        """What clients connect to, with user and database."""
        return f"http://{files.ADMINISTRATOR}:{self.password}@{HOST}:{self.port}/{files.DATABASE}"

    @property
    def analyst_url(self) -> str:
        """What an analyst connects to: the same, for the user that can only read."""
        return f"http://{files.ANALYST}:{self.analyst_password}@{HOST}:{self.port}/{files.DATABASE}"

    def prepare(self) -> None:
        """Write the settings."""
        (self.folder / "access").mkdir(parents=True, exist_ok=True)
        config = files.config(self.folder, self.port, self.native_port, self.stack_id, self.memory_mb)
        (self.folder / "config.xml").write_text(config, encoding="utf-8")
        users = self.folder / "users.xml"
        users.touch(mode=0o600)
        users.write_text(files.users(self.password, self.analyst_password, self.memory_mb), encoding="utf-8")

    def command(self) -> list[str]:
        """The server; it runs in ``folder``."""
        return [sys.executable, str(ENGINE), str(self.folder), *(["TCP"] if self.native_port else [])]

    def environment(self) -> dict[str, str]:
        """The child's environment."""
        return {**os.environ, "TZ": "UTC"}

    def is_ready(self, said: str = "", alive_s: float = 0.0) -> bool:  # noqa: ARG002 - it is asked, not believed
        """Whether the server of this stack answers. Raises Fatal when another one does."""
        found = probe.answer_of(self.url, "SELECT displayName()")
        if found not in (None, self.stack_id):
            raise Fatal(f"{HOST}:{self.port} is answered by another ClickHouse ({found}, not {self.stack_id}).")
        return found is not None

    def stopped(self, exit_code: int) -> None:
        """Nothing is left to do."""


def of_stack(folder: Path, identity: Identity) -> ClickHouse:
    """The server of a stack."""
    of = identity
    return ClickHouse(folder, of.clickhouse_port, of.stack_id, of.clickhouse_password, memory_mb(), of.analyst_password, of.native_port)


def without_password(url: str) -> str:
    """``http://user@host:port/database``: the URL as a terminal or a log may show it."""
    at = urlsplit(url)
    return at._replace(netloc=f"{at.username}@{at.hostname}:{at.port}").geturl()


def memory_mb() -> int:
    """The memory for ClickHouse: 4 GB, or half of a smaller machine."""
    return min(4_096, (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20) // 2)
