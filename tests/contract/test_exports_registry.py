"""The registry of exports is complete, each format is documented, and each sheet has a layout that reads it back."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import mekong.sinks.exports
from mekong.deploy.cli import export as command
from mekong.producers.sheets.layout import shipped, shipped_layout
from mekong.producers.sheets.spellings import key
from mekong.schemas.codes import code_list
from mekong.sinks.exports import BY_NAME, EXPORTS, query
from mekong.sinks.exports.shape import SheetExport
from mekong.streams.core.intake import identify
from tests.integration import test_export_through_intake
from tests.unit import test_exported_sheets
from tests.unit.test_shipped_layouts import COLUMNS

PAGE = Path(__file__).parents[2] / "docs" / "export.md"
MODULES = {name for _, name, _ in pkgutil.iter_modules(mekong.sinks.exports.__path__)}
PARTS = {"position", "query", "shape", "where", "wording", "workbook"}
SHEETS = [one for one in EXPORTS if isinstance(one, SheetExport)]


@pytest.mark.parametrize("name", sorted(MODULES - PARTS))
def test_every_format_of_the_folder_is_registered(name):
    found = importlib.import_module(f"mekong.sinks.exports.{name}").EXPORT
    assert found in EXPORTS, f"export {name}: not in EXPORTS of sinks/exports/__init__.py"
    assert found.name == name


def test_the_command_offers_each_of_them_and_the_markings():
    assert list(command.FORMATS) == list(BY_NAME)
    assert command.LEVELS == query.LEVELS == identify._STRICTNESS[1:]
    assert set(query.LEVELS) == set(code_list("tlp"))
    assert {*query.FREE_CODES, *query.CODES_WITH_LEAVE} == set(code_list("handling"))


@pytest.mark.parametrize("one", EXPORTS, ids=lambda one: one.name)
def test_every_format_has_a_sentence_and_is_on_the_page(one):
    assert one.purpose.endswith(".")
    assert f"`{one.name}`" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("one", SHEETS, ids=lambda one: one.name)
def test_every_sheet_has_the_columns_that_the_layout_of_its_name_reads(one):
    assert one.name in shipped()
    here = set(map(key, one.headings))
    assert len(here) == len(one.headings)
    assert one.name == "simple" or len(one.headings) == COLUMNS[one.name]
    required = [column for column in shipped_layout(one.name).columns if column.required]
    assert [column.headings for column in required if not here & set(map(key, column.headings))] == []


@pytest.mark.parametrize("one", SHEETS, ids=lambda one: one.name)
def test_every_sheet_has_a_test_that_sends_it_back(one):
    assert one.name in test_exported_sheets.SHEETS
    assert one.name in test_export_through_intake.SHEETS
