"""Writes the two settings files of the local ClickHouse, ``config.xml`` and ``users.xml``. Pure.

There are two users. ``mekong`` is the administrator, for our own processes. ``analyst`` reads the tables and views that docs/tables.md
explains, and changes nothing. Passwords are stored as their SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from mekong.deploy.local.ports import HOST
from mekong.schemas.tables import SHAPES, VIEWS
from mekong.schemas.tables.keeping import DEAD_LETTERS
from mekong.schemas.tables.shape import PLACE

ADMINISTRATOR = "mekong"
ANALYST = "analyst"
DATABASE = "mekong"
LONGEST_S, MOST_AT_ONCE = 120, 8
"""Limits of the analyst: seconds for one question, and questions at the same time."""

_CONFIG = """\
<clickhouse>
  <listen_host>{host}</listen_host>
  <http_port>{port}</http_port>{native}
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
# The JDBC driver 0.9.5 reads LZ4 and not ZSTD, which is the server's default.
# `default` is the user the engine's own program runs as; it may open listeners and sleep, no more.
_USERS = """\
<clickhouse>
  <profiles>
    <default><network_compression_method>LZ4</network_compression_method></default>
    <analyst>
      <network_compression_method>LZ4</network_compression_method>
      <readonly>2</readonly>
      <max_execution_time>{longest}</max_execution_time>
      <max_memory_usage_for_user>{memory}</max_memory_usage_for_user>
      <max_concurrent_queries_for_user>{at_once}</max_concurrent_queries_for_user>
      <max_bytes_before_external_group_by>{spill}</max_bytes_before_external_group_by>
      <max_bytes_before_external_sort>{spill}</max_bytes_before_external_sort>
      <priority>1</priority>
      <constraints>
        <max_execution_time><min>1</min><max>{longest}</max></max_execution_time>
        <max_memory_usage_for_user><const/></max_memory_usage_for_user>
        <max_concurrent_queries_for_user><const/></max_concurrent_queries_for_user>
        <priority><const/></priority>
      </constraints>
    </analyst>
  </profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password/>{networks}
      <profile>default</profile><quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query><query>GRANT SELECT ON system.numbers</query></grants>
    </default>
    <{administrator}>
      <password_sha256_hex>{administrators}</password_sha256_hex>{networks}
      <profile>default</profile><quota>default</quota>
      <access_management>1</access_management><named_collection_control>1</named_collection_control>
    </{administrator}>
    <{analyst}>
      <password_sha256_hex>{analysts}</password_sha256_hex>{networks}
      <profile>analyst</profile><quota>default</quota>
      <grants>
{grants}
      </grants>
    </{analyst}>
  </users>
</clickhouse>
"""
_NETWORKS = "\n      <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>"


def config(folder: Path, port: int, native_port: int, stack_id: str, memory_mb: int) -> str:
    """The text of ``config.xml``; ``native_port`` 0: the server has no native port."""
    native = f"\n  <tcp_port>{native_port}</tcp_port>" if native_port else ""
    values = {"host": HOST, "port": port, "native": native, "root": escape(str(folder)), "name": escape(stack_id)}
    return _CONFIG.format(**values, memory=memory_mb << 20)


def users(administrators: str, analysts: str, memory_mb: int) -> str:
    """The text of ``users.xml``, from the two passwords. All questions of the analyst together use half of the server's memory."""
    half = (memory_mb << 20) // 2
    return _USERS.format(
        longest=LONGEST_S,
        at_once=MOST_AT_ONCE,
        memory=half,
        spill=half // 4,
        networks=_NETWORKS,
        administrator=ADMINISTRATOR,
        administrators=_digest(administrators),
        analyst=ANALYST,
        analysts=_digest(analysts),
        grants="\n".join(f"        <query>{grant}</query>" for grant in _grants()),
    )


def _grants() -> Iterator[str]:
    """What the analyst may read: everything, but of a dead letter only why it was refused. The record itself was checked by nobody."""
    names = [*(shape.name for shape in SHAPES if shape is not DEAD_LETTERS), *(view.name for view in VIEWS)]
    yield from (f"GRANT SELECT ON {DATABASE}.{name}" for name in names)
    columns = [column.name for column in (*PLACE, *DEAD_LETTERS.stored) if column.name != "_value"]
    yield f"GRANT SELECT({', '.join(columns)}) ON {DATABASE}.{DEAD_LETTERS.name}"


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
