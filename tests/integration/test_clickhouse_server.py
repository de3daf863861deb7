"""The local ClickHouse: it is a whole server over HTTP, and what was inserted is there after ``kill -9``."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import clickhouse_connect
import pytest

from mekong.deploy.local.clickhouse import ClickHouse
from mekong.deploy.local.ports import free_port
from mekong.schemas.errors import Fatal


def client_of(url: str, database: str = "default"):
    return clickhouse_connect.get_client(dsn=f"{url.rpartition('/')[0]}/{database}", autogenerate_session_id=False)


def test_inserted_rows_are_there_after_the_server_was_killed_and_started_again(new_clickhouse, start_server):
    server = start_server(new_clickhouse)
    client = client_of(new_clickhouse.url)
    client.command("CREATE TABLE kept (n UInt64, s String) ENGINE = ReplacingMergeTree ORDER BY n")
    for block in range(10):
        client.insert("kept", [[block * 100 + n, "x"] for n in range(100)], column_names=["n", "s"])
    server.send(signal.SIGKILL)
    server.kill()
    start_server(new_clickhouse)
    assert client_of(new_clickhouse.url).query("SELECT count(), uniqExact(n) FROM kept").result_rows == [(1_000, 1_000)]


def test_it_stops_in_order_when_asked_at_once_after_its_start(new_clickhouse, start_server):
    before = time.monotonic()
    assert start_server(new_clickhouse).stop() == 0
    assert time.monotonic() - before < 20


def test_a_running_query_can_be_killed_by_its_id_and_has_left_when_the_kill_returns(clickhouse):
    held = "SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client_of(clickhouse).query, held, settings={"query_id": "held"})
        client = client_of(clickhouse)
        seen = "SELECT count() FROM system.processes WHERE query_id = 'held'"
        while client.query(seen).result_rows == [(0,)]:
            time.sleep(0.02)
        client.command("KILL QUERY WHERE query_id = 'held' SYNC")
        assert client.query(seen).result_rows == [(0,)]
        with pytest.raises(clickhouse_connect.driver.exceptions.DatabaseError, match="code: 394"):
            asked.result(10)


def test_errors_carry_the_servers_code(clickhouse):
    with pytest.raises(clickhouse_connect.driver.exceptions.DatabaseError, match="code: 60"):
        client_of(clickhouse).query("SELECT 1 FROM no_such_table")


def test_a_wrong_password_is_refused(clickhouse):
    with pytest.raises(clickhouse_connect.driver.exceptions.DatabaseError, match="code: 516"):
        client_of(clickhouse.replace("mekong:", "mekong:wrong"))


def test_another_server_on_the_port_is_not_taken_for_ours(new_clickhouse, start_server, tmp_path):
    start_server(new_clickhouse)
    stranger = ClickHouse(tmp_path / "stranger", new_clickhouse.port, "another-stack", new_clickhouse.password)
    with pytest.raises(Fatal, match="another ClickHouse"):
        stranger.is_ready()


def test_nothing_is_ready_where_nothing_listens(tmp_path):
    assert not ClickHouse(tmp_path, free_port(), "nobody", "x").is_ready()
