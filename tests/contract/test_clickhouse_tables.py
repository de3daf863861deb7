"""Tables, their statements and the schema belong together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mekong.sinks.clickhouse.tables as registry
from mekong.deploy.migration import FOLDER
from mekong.schemas.topics import TOPICS
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.migrate import CHECKSUMS, migrations
from mekong.sinks.clickhouse.table import DEAD_LETTERS, Table, insert, insert_dead, quoted

PLACE = ["_topic", "_partition", "_offset", "_timestamp", "_value"]
STATEMENTS = [statement for one in migrations() for statement in one.statements]
DDL = {found[1]: statement for statement in STATEMENTS if (found := re.match(r"CREATE TABLE IF NOT EXISTS (\w+)", statement))}
VIEWS = {found[1] for statement in STATEMENTS if (found := re.match(r"CREATE OR REPLACE VIEW (\w+)", statement))}
ADDED = re.compile(r"^  ADD COLUMN IF NOT EXISTS `?([\w.]+)`? \S.* COMMENT '(.+)'", re.MULTILINE)
WRITTEN = {name: checksum for checksum, name in map(str.split, (FOLDER / CHECKSUMS).read_text().splitlines())}
COLUMN = re.compile(r"^  `?([\w.]+)`? \S.* COMMENT '(.+)'", re.MULTILINE)
named = pytest.mark.parametrize("table", [pytest.param(table, id=table.name) for table in registry.TABLES])
BATCHES = [Batch(Source("in.X", 0), -1, [0], [0], [b""]), Batch(Source("in.Y", 3), 41, [42], [0], [b""])]


def test_every_file_in_tables_is_registered():
    files = {path.stem for path in Path(registry.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {table.name for table in registry.TABLES}


@named
def test_a_table_is_filled_from_a_topic_of_the_registry(table: Table):
    assert table.topic in TOPICS


@named
def test_a_table_takes_exactly_its_own_topics(table: Table):
    names = [topic.of("VN-CUSTOMS") for topic in TOPICS]
    assert [name for name in names if re.fullmatch(table.pattern, name)] == [table.topic.of("VN-CUSTOMS")]


def test_every_column_that_a_migration_adds_has_a_comment():
    for one in migrations():
        assert len(ADDED.findall(one.statement)) == one.statement.count("ADD COLUMN")


@pytest.mark.parametrize("name", sorted(DDL))
def test_every_column_and_table_has_a_comment(name):
    body = DDL[name][DDL[name].index("(") : DDL[name].index("\nENGINE")]
    assert len(COLUMN.findall(DDL[name])) == len([line for line in body.splitlines() if line.startswith("  ")])
    assert re.search(r"\nCOMMENT '.{20,}'$", DDL[name])


@named
def test_rows_are_kept_by_topic_partition_and_offset_and_written_through_to_the_disk(table: Table):
    assert "ENGINE = ReplacingMergeTree\nORDER BY (_topic, _partition, _offset)" in DDL[table.name]
    assert "PARTITION BY" not in DDL[table.name]
    assert "fsync_after_insert = 1" in DDL[table.name]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_of_a_migration_may_run_twice(statement):
    assert statement.startswith(("CREATE TABLE IF NOT EXISTS ", "CREATE OR REPLACE VIEW ", "ALTER TABLE "))
    assert ";" not in re.sub(r"'(?:[^']|'')*'", "", statement)
    assert statement.count("ADD COLUMN") == statement.count("ADD COLUMN IF NOT EXISTS")


@pytest.mark.parametrize("migration", [pytest.param(one, id=one.name) for one in migrations()])
def test_a_migration_is_as_it_was_written(migration):
    assert migration.name in WRITTEN, f"{migration.name}: not in {CHECKSUMS}: `mekong migrate --new NAME` writes both"
    assert WRITTEN[migration.name] == migration.checksum, (
        f"{migration.name} was changed after it was written: undo that, and put the change into a new one (`mekong migrate --new NAME`)"
    )


def test_a_migration_that_was_written_stays():
    gone = sorted(WRITTEN.keys() - {one.name for one in migrations()})
    assert not gone, f"{', '.join(gone)}: in {CHECKSUMS}, and not there"


def test_no_two_migrations_have_the_same_number():
    numbers = [int(one.name[:4]) for one in migrations()]
    assert sorted(set(numbers)) == numbers


def test_the_ledger_comes_first():
    assert migrations()[0].name == "0001_create_migrations.sql"


@pytest.mark.parametrize(
    "view", ["seizures", "seizure_lines", "seizures_as_of", "rejections", "agencies", "current_counts", "delivery_log"]
)
def test_the_views_that_analysts_are_told_of_exist(view):
    assert view in VIEWS


@named
def test_both_statements_compare_with_what_the_table_and_its_dead_letters_hold(table: Table):
    for statement in (insert(table, BATCHES), insert_dead(table, BATCHES, 395, "it's bad")):
        assert f"FROM {table.name} WHERE (_topic = 'in.X' AND _partition = 0 AND _offset >= 0)" in statement
        assert "(_topic = 'in.Y' AND _partition = 3 AND _offset >= 41)" in statement
        assert f"FROM {DEAD_LETTERS} WHERE target = '{table.name}'" in statement
        assert "WHERE stored[_source] >= after[_source] AND _offset > stored[_source]" in statement
        assert statement.endswith("FORMAT Native")


def test_a_text_cannot_leave_its_quotes():
    assert quoted("it's \\ over") == r"'it\'s \\ over'"
