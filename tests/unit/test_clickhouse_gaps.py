"""What a declaration and a database differ in is said by name, and written when it can be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mekong.schemas.errors import Refused
from mekong.schemas.tables import JOURNAL, SHAPES, VIEWS
from mekong.schemas.tables.journal import BOTH, CASE
from mekong.schemas.tables.shape import TIME, WORD, WORDS, Column, Computed, Index, Shape
from mekong.schemas.tables.view import View
from mekong.sinks.clickhouse import ddl
from mekong.sinks.clickhouse.gaps import Look, gaps, must_be_written

FLAG = Column("ship_flag", WORD, "Flag state of the ship", "content.ship_flag", views=BOTH)
BRAND = Column("lines.brand", WORDS, "Lines: brand on the package", views=BOTH)


def test_a_column_that_is_declared_and_not_made_is_named_with_the_views_that_lack_it():
    assert found(with_columns(FLAG, BRAND)).sentences == [
        "column journal.ship_flag: no migration makes it",
        "column journal.lines.brand: no migration makes it",
        "view seizures: column ship_flag is missing",
        "view seizures: column lines.brand is missing",
        "view seizures_as_of: it is declared otherwise than migrations make it",
        "view seizure_versions: column ship_flag is missing",
        "view seizure_versions: column lines.brand is missing",
        "view case_by_id: it is declared otherwise than migrations make it",
        "view case_by_number: it is declared otherwise than migrations make it",
        "view seizure_lines: column ship_flag is missing",
        "view seizure_lines: column brand is missing",
        "view counted_cases: it is declared otherwise than migrations make it",
    ]


def test_a_column_that_only_the_table_has_changes_no_view():
    gap = found(with_columns(FLAG._replace(views=())))
    assert gap.sentences == ["column journal.ship_flag: no migration makes it"]
    assert gap.statements == [
        (
            "ALTER TABLE journal\n  ADD COLUMN IF NOT EXISTS ship_flag LowCardinality(String)"
            " DEFAULT JSONExtract(_value, 'content', 'Tuple(ship_flag String)').ship_flag COMMENT 'Flag state of the ship'"
        )
    ]


def test_an_index_that_is_declared_and_not_made_is_added_also_to_what_is_stored():
    by_place = Index("by_place", "place")
    gap = found((replace(JOURNAL, indexes=(*JOURNAL.indexes, by_place)), *SHAPES[1:]))
    assert gap.sentences == ["index journal.by_place: no migration makes it"]
    assert gap.statements == [
        "ALTER TABLE journal\n  ADD INDEX IF NOT EXISTS by_place place TYPE bloom_filter(0.001) GRANULARITY 1",
        "ALTER TABLE journal\n  MATERIALIZE INDEX IF EXISTS by_place",
    ]
    gap = found((replace(JOURNAL, indexes=()), *SHAPES[1:]))
    assert sorted(gap.refused) == [
        f"index journal.{one.name}: migrations make it, and it is not declared" for one in sorted(JOURNAL.indexes)
    ]


def test_a_changed_comment_is_written_where_it_is_shown():
    gap = found(changed("direction", comment="Which way it went"))
    assert gap.sentences == [
        "column journal.direction: its comment is another",
        "view seizures: the comment of column direction is another",
        "view seizure_versions: the comment of column direction is another",
        "view seizure_lines: the comment of column direction is another",
    ]
    assert gap.statements[0] == "ALTER TABLE journal\n  COMMENT COLUMN direction 'Which way it went'"


def test_a_changed_comment_of_a_table_is_written():
    gap = found((replace(SHAPES[0], comment="It's all"), *SHAPES[1:]))
    assert gap.statements == ["ALTER TABLE journal\n  MODIFY COMMENT 'It''s all'"]


def test_a_view_that_no_longer_shows_a_column_is_made_anew():
    gap = found(changed("direction", views=CASE))
    assert gap.sentences == ["view seizure_lines: it is declared otherwise than migrations make it"]
    assert [statement.split("\n")[0] for statement in gap.statements] == [
        "CREATE OR REPLACE VIEW seizure_lines AS",
        "ALTER TABLE seizure_lines",
    ]


def test_a_new_table_and_a_new_view_are_made():
    ports = Shape("ports", "Ports that we know", (Column("port", WORD, "Code of the port"),))
    view = View("port_codes", "Codes of ports", "SELECT {columns} FROM ports", columns=(Computed("code", "port", "Code"),))
    gap = gaps(looks((*SHAPES, ports), (*VIEWS, view)), looks(SHAPES, VIEWS), (*SHAPES, ports), (*VIEWS, view))
    assert gap.sentences == ["table ports: no migration makes it", "view port_codes: no migration makes it"]
    assert gap.statements[1:] == [
        "CREATE OR REPLACE VIEW port_codes AS\nSELECT port AS code FROM ports\nCOMMENT 'Codes of ports'",
        "ALTER TABLE port_codes\n  COMMENT COLUMN code 'Code'",
    ]


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        pytest.param(
            lambda: without("direction"), "column journal.direction: migrations make it, and it is not declared", id="a column is gone"
        ),
        pytest.param(
            lambda: changed("suspects", type="Nullable(UInt32)"),
            "column journal.suspects: declared as Nullable(UInt32), made as Nullable(UInt16)",
            id="a type is another",
        ),
        pytest.param(lambda: SHAPES[:-1], "migrations: migrations make it, and it is not declared", id="a table is gone"),
    ],
)
def test_what_would_lose_data_is_not_written(shapes, says):
    gap = found(shapes())
    assert says in gap.refused
    with pytest.raises(Refused, match="A column keeps its type and stays"):
        must_be_written(gap)


def test_nothing_to_write_is_said():
    with pytest.raises(Refused, match="nothing to write"):
        must_be_written(found(SHAPES))


def test_a_new_time_must_be_nullable_because_older_records_do_not_have_it():
    with pytest.raises(Refused, match=r"journal\.checked_at is new: .* Nullable\(DateTime64\(3, 'UTC'\)\)"):
        found(with_columns(Column("checked_at", TIME, "When it was checked", "content.checked_at")))


def with_columns(*columns):
    return (replace(JOURNAL, columns=(*JOURNAL.columns, *columns)), *SHAPES[1:])


def without(name):
    return (replace(JOURNAL, columns=tuple(column for column in JOURNAL.columns if column.name != name)), *SHAPES[1:])


def changed(name, **values):
    columns = tuple(column._replace(**values) if column.name == name else column for column in JOURNAL.columns)
    return (replace(JOURNAL, columns=columns), *SHAPES[1:])


def found(shapes):
    """The gaps, when so much is declared and what is declared today is made."""
    views = tuple(view if view.of is not JOURNAL else replace(view, of=shapes[0]) for view in VIEWS)
    return gaps(looks(shapes, views), looks(SHAPES, VIEWS), shapes, views)


def looks(shapes, views):
    """As ClickHouse would describe them."""
    tables = {
        shape.name: Look(
            shape.comment,
            "",
            {column.name: (column.type, column.comment) for column in shape.stored},
            frozenset(index.name for index in shape.indexes),
        )
        for shape in shapes
    }
    return tables | {
        view.name: Look(view.comment, ddl.create_view(view), {name: ("", comment) for name, comment in ddl.comments_of(view)})
        for view in views
    }
