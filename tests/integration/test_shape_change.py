"""A deployment of the old shape gets a new one while its sinks run: every row once, and each with what its record says."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest

from mekong.deploy.migration import gaps_on
from mekong.deploy.verify.columns import check_columns
from mekong.deploy.verify.report import Check
from mekong.schemas.errors import Retriable
from mekong.schemas.tables import JOURNAL, SHAPES, VIEWS
from mekong.schemas.tables.journal import BOTH
from mekong.schemas.tables.shape import TIME_OR_NULL, WORD, WORDS, Column
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables import TABLES

PLACE = Source("journal.v1", 0)
OLD = TABLES[0]
NEW = (
    Column("ship_flag", WORD, "Flag state of the ship", "content.ship_flag", views=BOTH),
    Column("checked_at", TIME_OR_NULL, "When it was checked", "content.checked_at", views=BOTH),
    Column("lines.brand", WORDS, "Lines: brand on the package", views=BOTH),
    Column("lines.grade", WORDS, "Lines: grade, added by the exchange", "added.grade", views=BOTH),
)
GROWN = replace(OLD, shape=replace(JOURNAL, columns=(*JOURNAL.columns, *NEW)))


def entry(offset, *, is_new):
    """One version with two lines; a record of the newer release has the fields."""
    lines, added = [{"commodity_group": "drug"}, {"commodity_group": "fauna"}], [{"name": "a", "mass_mg": 1}]
    content = {"seized_at": "2026-05-03", "lines": lines}
    if is_new:
        content |= {"ship_flag": "PA", "checked_at": "2026-05-03T08:00:00+07:00"}
        lines[1]["brand"], added[0]["grade"] = "Lotus", "A"
    version = {"kind": "version", "event_id": str(UUID(int=offset + 1)), "agency": "VN-CUSTOMS", "case_no": str(offset), "family": "case"}
    version |= {"version": 1, "status": "current", "received_at": "2026-05-04T00:00:00Z", "content": content, "enriched": {"lines": added}}
    return json.dumps(version).encode()


def batch(after, offsets, *, is_new):
    return Batch(PLACE, after, list(offsets), [0] * len(offsets), [entry(offset, is_new=is_new) for offset in offsets])


@pytest.fixture
def database(fresh_database):
    """Of the old shape, with a row that the old sink wrote."""
    migrate(fresh_database)
    database = Database(fresh_database)
    ClickHouseSink(database, OLD).write([batch(-1, [0], is_new=False)])
    return database


@pytest.fixture
def grown(database, fresh_database):
    """The same, with the new shape."""
    views = tuple(replace(view, of=GROWN.shape) if view.of is JOURNAL else view for view in VIEWS)
    for statement in gaps_on(fresh_database, (GROWN.shape, *SHAPES[1:]), views).statements:
        database.command(statement)
    return database


def rows(database):
    return database.query(
        "SELECT _offset, ship_flag, formatDateTime(checked_at, '%H:%i'), `lines.brand`, `lines.grade` FROM journal ORDER BY _offset"
    ).rows


def test_a_row_of_the_old_shape_reads_as_empty_and_the_new_sink_goes_on_behind_it(grown):
    sink = ClickHouseSink(grown, GROWN)
    assert sink.positions([PLACE]) == {PLACE: 0}
    sink.write([batch(0, [1, 2], is_new=True)])
    assert [tuple(row) for row in rows(grown)] == [
        (0, "", None, ["", ""], ["", ""]),
        (1, "PA", "01:00", ["", "Lotus"], ["A", ""]),
        (2, "PA", "01:00", ["", "Lotus"], ["A", ""]),
    ]
    assert grown.query("SELECT ship_flag, brand, grade FROM seizure_lines WHERE case_no = '1' ORDER BY line").rows == [
        ("PA", "", "A"),
        ("PA", "Lotus", ""),
    ]


def test_an_older_sink_beside_a_newer_one_writes_rows_that_hold_what_their_records_say(grown):
    older, newer = ClickHouseSink(grown, OLD), ClickHouseSink(grown, GROWN)
    older.write([batch(0, [1], is_new=True)])
    newer.write([batch(1, [2], is_new=True)])
    older.write([batch(2, [3], is_new=True)])
    for late in (older, newer):
        with pytest.raises(Retriable):  # sent again: nothing is added
            late.write([batch(1, [2], is_new=True)])
    new = ("PA", "01:00", ["", "Lotus"], ["A", ""])
    assert [tuple(row) for row in rows(grown)] == [(0, "", None, ["", ""], ["", ""]), (1, *new), (2, *new), (3, *new)]


def test_verify_finds_the_rows_of_both_right(grown):
    ClickHouseSink(grown, OLD).write([batch(0, [1, 2], is_new=True)])
    ClickHouseSink(grown, GROWN).write([batch(2, [3, 4], is_new=True)])
    check = Check("columns right", "")
    assert check_columns(grown, GROWN, check) == []
    assert (check.expected, check.different, check.examples) == (5, 0, [])


def test_a_record_that_had_the_field_before_its_column_came_is_read_from_the_record(database, grown):
    ClickHouseSink(grown, OLD).write([batch(0, [1], is_new=True)])
    grown.command("OPTIMIZE TABLE journal FINAL")  # a merge writes the new columns
    assert [row[1] for row in rows(grown)] == ["", "PA"]
