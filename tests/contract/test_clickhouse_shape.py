"""What ``schemas/tables`` declares is what all migrations together make. The real engine is asked: one that only this file uses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mekong.deploy.migration import scratch
from mekong.schemas.tables import JOURNAL, SHAPES, VIEWS
from mekong.schemas.tables.journal import BOTH, CASE
from mekong.schemas.tables.shape import TIME_OR_NULL, WORD, WORDS, Column
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.gaps import gaps, look, make, must_be_written
from mekong.sinks.clickhouse.migrate import migrate

NEW = (
    Column("ship_flag", WORD, "Flag state of the ship", "content.ship_flag", views=BOTH),
    Column("checked_at", TIME_OR_NULL, "When it was checked", "content.checked_at", views=CASE),
    Column("lines.brand", WORDS, "Lines: brand on the package", views=BOTH),
    Column("lines.grade", WORDS, "Lines: grade, added by the exchange", "added.grade", views=BOTH),
)


@pytest.fixture(scope="module")
def server():
    with scratch() as url:
        yield url.rpartition("/")[0]


@pytest.fixture(scope="module")
def made(server):
    """A database with what all migrations together make."""
    migrate(f"{server}/made")
    return Database(f"{server}/made")


def declared(server, name, shapes=SHAPES, views=VIEWS):
    """What is declared, as the engine describes it."""
    Database(server + "/default").command(f"CREATE DATABASE {name}")
    make(Database(f"{server}/{name}"), shapes, views)
    return look(Database(f"{server}/{name}"))


def test_what_is_declared_is_what_all_migrations_together_make(server, made):
    found = gaps(declared(server, "declared"), look(made))
    assert not found.sentences + found.refused, "\n".join([*found.sentences, *found.refused, "run `mekong migrate --new NAME`"])


def test_the_statements_that_are_written_close_the_gaps_and_may_run_twice(server, made):
    journal = replace(JOURNAL, columns=(*JOURNAL.columns, *NEW))
    shapes = (journal, *SHAPES[1:])
    views = tuple(replace(view, of=journal) if view.of is JOURNAL else view for view in VIEWS)
    wanted = declared(server, "grown", shapes, views)
    statements = must_be_written(gaps(wanted, look(made), shapes, views))
    for statement in [*statements, *statements]:  # a crash between the statements and the ledger repeats them
        made.command(statement)
    assert gaps(wanted, look(made), shapes, views) == ([], [], [])
