"""The registry of a briefing's tables is complete: each file, each view, each column and each text, in every language."""

from __future__ import annotations

import csv
import importlib
import pkgutil
import string

import pytest

import mekong.schemas.tables.briefing
import mekong.sinks.reports.tables
from mekong.deploy.cli import report as command
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.tables import VIEWS
from mekong.schemas.tables.briefing import BRIEFING
from mekong.schemas.tables.view import View
from mekong.schemas.tlp import CODES_WITH_LEAVE, FREE_CODES, LEVELS
from mekong.sinks.reports import joint
from mekong.sinks.reports.kinds import KINDS
from mekong.sinks.reports.shape import Kind, ReportTable
from mekong.sinks.reports.tables import BY_NAME, TABLES
from mekong.sinks.reports.words import Words

TEXTS = {language: Words(language).texts for language in LANGUAGES}
SHOWN = [table for table in BY_NAME.values() if table.view]
FILES = sorted(name for _, name, _ in pkgutil.iter_modules(mekong.sinks.reports.tables.__path__))
DECLARED = sorted(name for _, name, _ in pkgutil.iter_modules(mekong.schemas.tables.briefing.__path__))


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", FILES)
def test_every_table_of_a_file_is_registered(name):
    module = importlib.import_module(f"mekong.sinks.reports.tables.{name}")
    found = [table for value in vars(module).values() if isinstance(value, tuple) for table in value if isinstance(table, ReportTable)]
    assert found, f"tables/{name}.py has no table"
    for table in found:
        assert BY_NAME.get(table.name) == table, f"table {table.name}: not in TABLES of sinks/reports/tables/__init__.py"


@pytest.mark.parametrize("name", DECLARED)
def test_every_view_of_a_file_is_registered(name):
    module = importlib.import_module(f"mekong.schemas.tables.briefing.{name}")
    for view in vars(module).values():
        if isinstance(view, View):
            assert view in BRIEFING, f"view {view.name}: not in BRIEFING of schemas/tables/briefing/__init__.py"
            assert view in VIEWS


def test_a_table_shows_every_view_but_the_one_that_all_of_them_read():
    assert {view.name for view in BRIEFING} - {table.view.name for table in SHOWN} == {"counted_cases"}


def test_the_ten_tables_are_there_in_their_order():
    assert sorted(table.number for table in TABLES if table.number) == list(range(1, 11))


@pytest.mark.parametrize("table", SHOWN, ids=lambda table: table.name)
def test_a_table_shows_columns_of_its_view(table):
    assert {column.name for column in table.columns} <= {column.name for column in table.view.shown}
    assert table.order, f"{table.name}: without an order the bytes are not the same each time"
    assert table.needs_since == ("{since:" in table.view.sql)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("table", BY_NAME.values(), ids=lambda table: table.name)
def test_a_table_has_its_texts(table, language):
    for key in [f"{part}_{table.name}" for part in ("title", "question", "rule")] + [f"column_{column.name}" for column in table.columns]:
        assert key in TEXTS[language], f"table {table.name}: no text {key} in sinks/reports/texts/{language}.json"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_figures(language):
    assert TEXTS[language].keys() == TEXTS["en"].keys()
    assert {key: fields(text) for key, text in TEXTS[language].items()} == {key: fields(text) for key, text in TEXTS["en"].items()}


def test_each_sentence_of_the_summary_has_a_figure():
    assert [key for key, text in TEXTS["en"].items() if key.startswith("s_") and not fields(text)] == []


def test_each_kind_has_a_title_and_reads_what_its_tables_need():
    for kind in KINDS.values():
        assert f"title_of_{kind.name}" in TEXTS["en"]
        assert {table.name for table in kind.tables if table.view} <= set(kind.needs)


def test_published_figures_name_their_source_and_words():
    for one in joint.published():
        assert one.source
        assert {f"said_{one.measure}", f"said_{one.kind}"} <= TEXTS["en"].keys()
        assert not one.unit or f"said_{one.unit}" in TEXTS["en"]
    with (joint._FILE).open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == len(joint.published()) + 1


def test_a_word_of_a_column_has_its_text():
    gaps = {key for key in TEXTS["en"] if key.startswith("said_gap_")}
    assert len(gaps) >= 8
    assert {column.kind for table in BY_NAME.values() for column in table.columns} <= set(Kind)


def test_the_command_offers_every_language_and_marking():
    options = {one.name: one for one in command.report.params}
    assert tuple(options["lang"].type.choices) == LANGUAGES
    assert tuple(options["up_to"].type.choices) == LEVELS
    assert {*FREE_CODES, *CODES_WITH_LEAVE} == {"H0", "H1", "H2", "H3"}
