"""``run``: a command beside intake and the sink. ``stored``: waits until ClickHouse has what they wrote."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from mekong.deploy.cli import mekong
from mekong.deploy.registry import list_agencies
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate


@pytest.fixture
def run(deployment, fresh_database, monkeypatch):
    """Runs a command; all that it printed."""
    deployment.mekong("worker", "intake")
    migrate(fresh_database)
    deployment.mekong("sink", "clickhouse", env={"MEKONG_CLICKHOUSE_URL": fresh_database})
    for name, value in {**deployment.environment, "MEKONG_CLICKHOUSE_URL": fresh_database}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        found = CliRunner().invoke(mekong, list(map(str, arguments)))
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found

    return run


@pytest.fixture
def stored(deployment, fresh_database):
    """Waits until ClickHouse has the journal and the receipts."""
    database = Database(fresh_database)

    def wait():
        agencies = [profile.agency for profile in list_agencies(deployment.settings)]
        written = {"journal": len(deployment.journal()), "receipts": sum(len(deployment.receipts(agency)) for agency in agencies)}
        for name, rows_of in written.items():
            deployment.wait_until(
                lambda name=name, rows_of=rows_of: database.value(f"SELECT count() FROM {name}") >= rows_of, f"{rows_of} rows in {name}"
            )

    yield wait
    database.close()
