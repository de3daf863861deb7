"""The user ``analyst`` of the local ClickHouse reads what docs/tables.md explains, over HTTP and the native port, and changes nothing."""

from __future__ import annotations

import dataclasses
import re
import stat
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from mekong.deploy.local.clickhouse_files import LONGEST_S
from mekong.deploy.local.ports import free_port
from mekong.schemas.tables import SHAPES, VIEWS
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate, migrations

EXPLAINED = {one.name for one in (*SHAPES, *VIEWS)}
PARAMETER = re.compile(r"\{(\w+):")
GIVEN = {
    "id": "'00000000-0000-0000-0000-000000000001'",
    "agency": "'VN-CUSTOMS'",
    "number": "'1'",
    "phase": "'OMD-V'",
    "up_to": "'TLP:AMBER'",
}
GIVEN |= dict.fromkeys(("known_at", "since"), "'2026-09-15 00:00:00'") | dict.fromkeys(("simulated", "with_leave"), "false")
"""Parameter of a view -> a value."""
ACCESS_DENIED, READONLY, CONSTRAINT = 497, 164, 452


@pytest.fixture
def server(new_clickhouse, start_server):
    found = dataclasses.replace(new_clickhouse, native_port=free_port())
    start_server(found)
    migrate(found.url)
    return found


@pytest.fixture
def analyst(server):
    return Database(server.analyst_url)


def called(view):
    """The view with a value for each of its parameters."""
    given = [f"{name} = {GIVEN[name]}" for name in sorted(set(PARAMETER.findall(str(view))))]
    return f"{view.name}({', '.join(given)})" if given else view.name


def test_an_analyst_reads_each_table_and_view_that_is_explained_and_changes_nothing(server, analyst):
    tables = [one.name for one in SHAPES if one.name not in {"dead_letters", "migrations"}]
    for name in (*tables, *map(called, VIEWS)):
        assert len(analyst.query(f"SELECT * FROM {name} LIMIT 1").rows) <= ("briefing_groups" in name), "nothing but a total"
    assert {name for (name,) in analyst.query("SELECT name FROM system.tables WHERE database = 'mekong'").rows} == EXPLAINED
    with pytest.raises(Exception, match=f"code {ACCESS_DENIED}"):
        analyst.query("SELECT _value FROM dead_letters")
    assert analyst.query("SELECT target, code, error, count() FROM dead_letters GROUP BY ALL").rows == []  # docs/runbook.md
    assert len(analyst.query("SELECT name FROM migrations").rows) == len(migrations())
    for statement in (
        "INSERT INTO journal (kind) VALUES ('tick')",
        "DROP VIEW seizures",
        "ALTER TABLE journal DELETE WHERE 1",
        "CREATE TABLE mine (n Int8) ENGINE = Memory",
        "CREATE USER other",
        "SYSTEM SHUTDOWN",
    ):
        with pytest.raises(Exception, match=f"code ({ACCESS_DENIED}|{READONLY})"):
            analyst.command(statement)
    assert Database(server.url).value("SELECT count() FROM system.tables WHERE database = 'mekong'") == len(SHAPES) + len(VIEWS)


@pytest.mark.parametrize(
    "source", ["url('http://127.0.0.1:1/', 'CSV')", "file('users.xml', 'LineAsString')", "remote('127.0.0.1:1', system.one)"]
)
def test_an_analyst_reads_nothing_from_elsewhere(analyst, source):
    with pytest.raises(Exception, match=f"code {ACCESS_DENIED}"):
        analyst.query(f"SELECT * FROM {source}")


def test_an_analyst_cannot_raise_its_limits_and_may_lower_them(analyst):
    for setting in (f"max_execution_time = {LONGEST_S + 1}", "max_execution_time = 0", "max_memory_usage_for_user = 0"):
        with pytest.raises(Exception, match=f"code {CONSTRAINT}"):
            analyst.query(f"SELECT 1 SETTINGS {setting}")
    with pytest.raises(Exception, match=f"code {READONLY}"):
        analyst.query("SELECT 1 SETTINGS readonly = 0")
    assert analyst.value("SELECT 1 SETTINGS max_execution_time = 1, max_threads = 1") == 1
    assert analyst.text("SELECT 1", "CSV") == b"1\n"  # as `mekong sql` asks


def test_another_password_is_refused_and_the_file_of_users_has_none(server):
    with pytest.raises(Exception, match="user or password"):
        Database(server.analyst_url.replace(server.analyst_password, server.password)).value("SELECT 1")
    users = server.folder / "users.xml"
    assert stat.S_IMODE(users.stat().st_mode) == 0o600
    assert server.analyst_password not in users.read_text(encoding="utf-8")


def test_the_native_port_speaks_the_servers_own_protocol(server):
    there = f"remote('127.0.0.1:{server.native_port}', mekong.seizures, 'analyst', '{server.analyst_password}')"
    assert Database(server.url).query(f"SELECT count() FROM {there}").rows == [(0,)]


def test_an_answer_is_packed_so_that_older_drivers_can_read_it(server):
    at = urlsplit(server.analyst_url)
    asked = f"http://{at.hostname}:{at.port}/?compress=1&query=SELECT+1&user={at.username}&password={at.password}"
    with urlopen(asked, timeout=30) as answer:
        packed = answer.read()
    lz4, checksum = 0x82, 16  # https://clickhouse.com/docs/native-protocol/compression
    assert packed[checksum] == lz4
