"""Runs ClickHouse: the engine of the chDB wheel with its own HTTP interface, as a child process on the loopback interface.

Its state is in one folder and survives ``kill -9``. The server's display name is the id of the stack. A server with another name
belongs to somebody else. Users are in ``users.xml``; SQL cannot create users here.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from mekong.deploy.local import probe
from mekong.deploy.local.ports import HOST
from mekong.schemas.errors import Fatal

ENGINE = Path(__file__).with_name("engine.py")
USER = "mekong"
DATABASE = "mekong"

CONFIG = """\
<clickhouse>
  <listen_host>{host}</listen_host>
  <http_port>{port}</http_port>
  <path>{root}/data/</path>
  <display_name>{name}</display_name>
  <timezone>UTC</timezone>
  <mark_cache_size>268435456</mark_cache_size>
  <max_server_memory_usage>{memory}</max_server_memory_usage>
  <logger><level>warning</level><log>{root}/server.log</log><errorlog>{root}/server.err.log</errorlog>
    <size>20M</size><count>3</count></logger>
  <user_directories>
    <users_xml><path>{root}/users.xml</path></users_xml>
    <local_directory><path>{root}/access/</path></local_directory>
  </user_directories>
</clickhouse>
"""
# `default` is the user the engine's own program runs as; it may open listeners and sleep, no more.
USERS = """\
<clickhouse>
  <profiles><default/></profiles><quotas><default/></quotas>
  <users>
    <default>
      <password/><networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
      <profile>default</profile><quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query><query>GRANT SELECT ON system.numbers</query></grants>
    </default>
    <{user}>
      <password_sha256_hex>{digest}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
      <profile>default</profile><quota>default</quota>
      <access_management>1</access_management><named_collection_control>1</named_collection_control>
    </{user}>
  </users>
</clickhouse>
"""


@dataclass(frozen=True)
class ClickHouse:
    """A server in ``folder``. Call ``prepare`` once, then start ``command`` as often as needed."""

    folder: Path
    port: int
    stack_id: str
    password: str
    memory_mb: int = 4_096

    name = "clickhouse"
    stop_within_s = 35.0
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        """What clients connect to, with user and database."""
        return f"http://{USER}:{self.password}@{HOST}:{self.port}/{DATABASE}"

    @property
    def address(self) -> str:
        """The same without the password, to be shown."""
        return without_password(self.url)

    def prepare(self) -> None:
        """Write the settings."""
        (self.folder / "access").mkdir(parents=True, exist_ok=True)
        values = {"host": HOST, "port": self.port, "root": escape(str(self.folder)), "name": escape(self.stack_id)}
        (self.folder / "config.xml").write_text(CONFIG.format(**values, memory=self.memory_mb << 20), encoding="utf-8")
        users = self.folder / "users.xml"
        users.touch(mode=0o600)
        users.write_text(USERS.format(user=USER, digest=hashlib.sha256(self.password.encode()).hexdigest()), encoding="utf-8")

    def command(self) -> list[str]:
        """The server; it runs in ``folder``."""
        return [sys.executable, str(ENGINE), str(self.folder)]

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


def without_password(url: str) -> str:
    """``http://user@host:port/database``: the URL as a terminal or a log may show it."""
    at = urlsplit(url)
    return at._replace(netloc=f"{at.username}@{at.hostname}:{at.port}").geturl()


def memory_mb() -> int:
    """The memory for ClickHouse: 4 GB, or half of a smaller machine."""
    return min(4_096, (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20) // 2)
