"""The template: lists, notes, an example that is not sent; it comes back in every language without a layout."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import orjson
import pytest

from mekong.producers.formats.sheet import sheet_format
from mekong.producers.parsed import Parsed
from mekong.producers.sheets.book import sheets_of
from mekong.producers.sheets.layout import shipped_layout
from mekong.producers.sheets.marker import NAME, Marker, marker_of
from mekong.producers.sheets.marker import row as row_of_marker
from mekong.producers.sheets.personal import personal_heading
from mekong.producers.sheets.spellings import key
from mekong.producers.sheets.template import LAST_ROW, template, words_of
from mekong.schemas.codes import code_list
from mekong.schemas.columns import COLUMNS
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.sheet_words import MARKED, RESULTS, TEMPLATE
from mekong.streams.core.intake.enrich.goods import known
from tests.unit.filled import AT, filled, saved
from tests.unit.old_workbooks import ods, xls

AGENCY = "VN-CUSTOMS"


def parsed(data):
    format_ = sheet_format()
    return list(format_.parse([data])), format_.notes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_filled_template_comes_back_with_the_codes_of_its_words(language):
    [first, second], notes = parsed(filled(language, 2))
    assert isinstance(first, Parsed)
    assert isinstance(second, Parsed)
    message = orjson.loads(first.value)
    assert message["agency"] == AGENCY
    assert message["seized_at"] == "2026-05-01"
    for field in ("country", "place", "place_type", "transport_mode", "direction", "value_currency"):
        assert message[field] == COLUMNS[field].example or (field, message[field]) == ("value_currency", "VND")
    assert message["handling"] == {"tlp": "TLP:AMBER"}
    assert [step["country"] for step in message["route"]] == ["NG", "SG", "VN"]
    [line] = message["lines"]
    assert (line["commodity_group"], line["term_code"], line["unit"], line["quantity"]) == ("fauna", "SCA", "kg", "1.5")
    assert not [note for note in notes if note.startswith("column")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_row_is_not_sent(language):
    items, _ = parsed(template(AGENCY, language))
    assert items == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_layout_knows_every_heading_of_the_template(language):
    spelt = {key(heading): column.field for column in shipped_layout("simple").columns for heading in column.headings}
    for field, column in COLUMNS.items():
        assert spelt[key(column.heading[language] + " *")] == field
        assert not personal_heading(column.heading[language])


def test_the_layout_knows_the_headings_of_earlier_templates():
    spelt = {key(heading): column.field for column in shipped_layout("simple").columns for heading in column.headings}
    found = [spelt[key(heading)] for heading in ("Số vụ việc *", "Ngày bắt giữ *", "Quốc gia bắt giữ")]
    assert found == ["case_no", "seized_at", "country"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_list_is_read_as_its_code(language):
    """One row for each country, place and unit: what a person can choose comes back as the code."""
    book = openpyxl.load_workbook(io.BytesIO(template(AGENCY, language)))
    sheet = book.worksheets[0]
    fields = [field for field, column in COLUMNS.items() if column.kind == "code" and column.codes]
    most = max(len(code_list(COLUMNS[field].codes)) for field in fields)
    chosen = {}
    for row in range(3, 3 + most):
        _write(sheet, row, {"case_no": f"C-{row}", "seized_at": date(2026, 5, 1), "quantity": 2, "substance_or_taxon": "heroin"})
        for field in fields:
            entries = [entry for entry in code_list(COLUMNS[field].codes).values() if entry.valid_to is None]
            entry = entries[row % len(entries)]
            chosen[row, field] = entry.code
            sheet.cell(row, AT[field]).value = words_of(entry, language)
    for item in parsed(saved(book))[0]:
        assert isinstance(item, Parsed), item
        message, row = orjson.loads(item.value), int(item.where.removeprefix("row "))
        values = {**message, **message["lines"][0], "handling.tlp": message["handling"]["tlp"]}
        values |= {f"route.{step['role']}": step["country"] for step in message["route"]}
        assert {field: values[field] for field in fields} == {field: chosen[row, field] for field in fields}


def test_a_substance_in_the_words_of_any_language_is_on_the_lists_of_the_exchange():
    for code, entry in code_list("substances").items():
        for language in LANGUAGES:
            assert known(entry.fields["commodity_group"], entry.label(language), date(2026, 5, 1))["code"] == code


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_says_its_layout_language_and_agency(language):
    data = template(AGENCY, language)
    assert marker_of(data) == Marker("simple", language, AGENCY)
    assert marker_of(saved(openpyxl.load_workbook(io.BytesIO(data)))) == Marker("simple", language, AGENCY)  # another program saved it


def test_a_template_that_was_saved_as_ods_is_known_again():
    """And its hidden worksheet is not read as a table."""
    marker = Marker("simple", "vi", AGENCY)
    data = ods([["Case number"]], mekong=[list(row_of_marker(marker))])
    assert marker_of(data) == marker
    assert [sheet.name for sheet in sheets_of(data)] == ["Data"]
    assert marker_of(ods([["Case number"]])) is None


def test_a_template_that_was_saved_as_xls_is_known_again():
    marker = Marker("simple", "zh", AGENCY)
    assert marker_of(xls([list(row_of_marker(marker))], sheet=NAME)) == marker
    assert marker_of(xls([list(row_of_marker(marker))])) is None


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 damaged", b"case_no;date\n"])
def test_another_file_is_not_a_template(data):
    assert marker_of(data) is None


def test_a_template_has_lists_limits_notes_and_protected_headings():
    book = openpyxl.load_workbook(io.BytesIO(template(AGENCY, "vi")))
    sheet, notes, lists = book.worksheets
    assert (sheet.title, notes.title, lists.sheet_state) == (TEMPLATE["sheet"]["vi"], TEMPLATE["notes"]["vi"], "hidden")
    assert sheet.protection.sheet
    assert sheet["A1"].protection.locked
    assert sheet["A2"].protection.locked
    assert not sheet.column_dimensions["A"].protection.locked
    rules = {next(iter(rule.sqref.ranges)).min_col: rule for rule in sheet.data_validations.dataValidation}
    for place, (field, column) in enumerate(COLUMNS.items(), 1):
        rule = rules[place]
        assert next(iter(rule.sqref.ranges)).max_row == LAST_ROW
        assert rule.prompt == column.note["vi"], field
        if column.kind in ("code", "codes", "goods"):
            assert rule.type == "list"
            assert rule.formula1.startswith("mekong!$")
    assert rules[2].type == "date"
    assert {cell.value for row in notes.iter_rows(max_col=1) for cell in row} >= {
        column.heading["vi"] for column in COLUMNS.values() if not column.required
    }


def test_the_same_template_has_the_same_bytes():
    assert template(AGENCY, "zh") == template(AGENCY, "zh")


def test_every_text_is_in_every_language():
    texts = [*TEMPLATE.values(), *MARKED.values(), *RESULTS.values()]
    texts += [words for column in COLUMNS.values() for words in (column.heading, column.note)]
    assert all(set(words) == set(LANGUAGES) and all(words.values()) for words in texts)


def _write(sheet, row, values):
    for field, value in values.items():
        sheet.cell(row, AT[field]).value = value
