"""What a sheet leaves in doubt is refused or said, never guessed: numbers of two readings, two units, two agencies, lost columns."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from mekong.deploy.cli import mekong
from mekong.producers.formats.sheet import sheet_format
from mekong.producers.parsed import Parsed
from mekong.producers.sheets.layout import read_layout, shipped_layout
from mekong.schemas.errors import Refused
from mekong.schemas.rejected import Reason, Rejected
from tests.unit.filled import AT, FIRST_ROW, saved, workbook


def template_with(field: str, value: object) -> bytes:
    """A Vietnamese template of one case, with a value typed into it."""
    book = workbook("vi", 1)
    book.worksheets[0].cell(FIRST_ROW, AT[field]).value = value
    return saved(book)


def read(data: bytes) -> Parsed | Rejected:
    (found,) = sheet_format().parse([data])
    return found


def line(data: bytes) -> dict:
    found = read(data)
    assert isinstance(found, Parsed), found
    return json.loads(found.value)["lines"][0]


@pytest.mark.parametrize(
    ("value", "readings"),
    [
        ("1.234", "as 1234 or as 1.234"),
        ("12.345", "as 12345 or as 12.345"),
        ("khoảng 1.234", "as 1234 or as 1.234"),
        ("1,234", "as 1234 or as 1.234"),
    ],
)
def test_a_number_of_two_readings_is_refused_with_its_cell_and_both(value, readings):
    found = read(template_with("quantity", value))
    assert isinstance(found, Rejected)
    assert found.reason is Reason.BAD_QUANTITY
    assert readings in found.detail
    assert found.detail.startswith(template_cell("quantity"))


def template_cell(field: str) -> str:
    return f"{chr(ord('A') + AT[field] - 1)}{FIRST_ROW} "


@pytest.mark.parametrize(
    ("value", "quantity"), [("2,5", "2.5"), ("1.234,5", "1234.5"), ("1.234.567", "1234567"), ("1,234.5", "1234.5"), (1.234, "1.234")]
)
def test_a_number_of_one_reading_is_read(value, quantity):
    assert line(template_with("quantity", value))["quantity"] == quantity


@pytest.mark.parametrize("name", ["simple", "aitr", "etis"])
def test_the_layouts_that_people_fill_in_choose_no_decimal_sign(name):
    assert shipped_layout(name).numbers.decimal == ""


def test_a_layout_that_says_its_decimal_sign_is_obeyed():
    columns = "".join(
        f'[[columns]]\nfield = "{field}"\nheadings = ["{heading}"]\n'
        for field, heading in {"case_no": "Case", "seized_at": "Date", "substance_or_taxon": "Goods", "quantity": "Kg"}.items()
    )
    layout = read_layout(f'title = "x"\n[numbers]\ndecimal = ","\n{columns}unit = "kg"\n', "my.toml")
    (found,) = sheet_format(layout, "VN-CUSTOMS").parse([b"Case;Date;Goods;Kg\n1;2026-05-01;heroin;1.234\n"])
    assert json.loads(found.value)["lines"][0]["quantity"] == "1234"


def test_two_units_that_disagree_are_refused_with_both_cells():
    found = read(template_with("quantity", "5 g"))
    assert isinstance(found, Rejected)
    assert found.reason is Reason.BAD_QUANTITY
    assert template_cell("quantity").strip() in found.detail
    assert template_cell("unit").strip() in found.detail
    assert "leave only the right one" in found.detail


def test_two_units_that_agree_are_one():
    given = line(template_with("quantity", 5))["unit"]
    found = line(template_with("quantity", f"5 {given}"))
    assert (found["quantity"], found["unit"]) == ("5", given)


@pytest.mark.parametrize(("unit", "expected"), [("g", "g"), ("", "kg")])
def test_the_unit_of_the_layout_is_for_where_no_column_says_it(unit, expected):
    fields = {"quantity": "Amount", "unit": "Unit", "case_no": "Case", "seized_at": "Date", "substance_or_taxon": "Goods"}
    columns = "".join(f'[[columns]]\nfield = "{field}"\nheadings = ["{heading}"]\n' for field, heading in fields.items())
    layout = read_layout('title = "x"\n' + columns.replace('["Amount"]\n', '["Amount"]\nunit = "kg"\n'), "my.toml")
    (found,) = sheet_format(layout, "VN-CUSTOMS").parse([f"Case,Date,Goods,Unit,Amount\n1,2026-05-01,heroin,{unit},7\n".encode()])
    assert json.loads(found.value)["lines"][0]["unit"] == expected


def test_a_template_of_another_agency_is_refused_with_both_names():
    (found,) = sheet_format(None, "LA-CUSTOMS").parse([template_with("quantity", 5)])
    assert isinstance(found, Rejected)
    assert found.field == "agency"
    assert "VN-CUSTOMS" in found.detail
    assert "LA-CUSTOMS" in found.detail
    assert isinstance(next(iter(sheet_format(None, "VN-CUSTOMS").parse([template_with("quantity", 5)]))), Parsed)


@pytest.mark.parametrize("command", [("check",), ("layout", "test", "simple"), ("send", "--marked", "marked.xlsx")])
def test_the_commands_refuse_the_template_of_another_agency(tmp_path, command):
    file = tmp_path / "may.xlsx"
    file.write_bytes(template_with("quantity", 5))
    ran = CliRunner().invoke(mekong, [*command, str(file), "--agency", "LA-CUSTOMS"])
    assert ran.exit_code == 1
    assert "was made for VN-CUSTOMS" in f"{ran.output} {ran.exception}"
    assert command[0] == "send" or CliRunner().invoke(mekong, [*command, str(file)]).exit_code == 0


OWN = {"case_no": "Case", "seized_at": "Date", "substance_or_taxon": "Goods", "quantity": "Weight", "country": "Country"}


def own_layout(more: str = ""):
    columns = (f'[[columns]]\nfield = "{field}"\nheadings = ["{heading}"]\n' for field, heading in OWN.items())
    return read_layout(f'title = "x"\n{more}{"".join(columns)}', "my.toml")


def notes(layout, csv: str) -> str:
    format_ = sheet_format(layout, "VN-CUSTOMS")
    list(format_.parse([csv.encode()]))
    return "\n".join(format_.notes())


def test_a_column_of_the_layout_that_the_sheet_lacks_is_noted():
    said = notes(own_layout(), "Case,Date,Goods,Kilos\n1,2026-05-01,heroin,7\n")
    assert "the layout's column quantity (headings: Weight) is not in the sheet" in said
    assert "the layout's column country (headings: Country) is not in the sheet" in said
    assert "is not in the sheet" not in notes(own_layout(), "Case,Date,Goods,Weight,Country\n1,2026-05-01,heroin,,VN\n")


def test_of_a_shipped_layout_only_what_a_seizure_needs_is_noted():
    said = notes(shipped_layout("eia"), "Reference,Taxon,Country,Year,Type of incident\nP-1,Manis spp.,VN,2024,Seizure\n")
    assert said.count("is not in the sheet") == 1
    assert "the layout's column quantity " in said


@pytest.mark.parametrize("line", ['identity = "content"', 'identity = ["seized_at", "country"]'])
def test_a_layout_with_case_numbers_and_an_identity_is_refused_with_the_line(line):
    with pytest.raises(Refused, match=re.escape(f"delete the line {line} under [case]")):
        own_layout(f"[case]\n{line}\n")


def test_a_sheet_without_rows_says_so(tmp_path):
    file = tmp_path / "may.xlsx"
    file.write_bytes(saved(workbook("vi", 0)))
    ran = CliRunner().invoke(mekong, ["check", str(file)])
    assert ran.exit_code == 1
    assert "no rows are filled in" in ran.output
    assert "no rows are filled in" in notes(own_layout(), "Case,Date,Goods,Weight,Country\n")
    assert "no rows are filled in" not in notes(own_layout(), "Case,Date,Goods,Weight,Country\n1,,,,\n")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("01/02/2026", "write it as 2026-02-01 or 2026-01-02"),
        ("01/02/2569", "write it as 2026-02-01 or 2026-01-02"),
        ("31/12/25", "write it as 2026-05-31"),
        ("13/05/2568", "write the year as 2025"),
    ],
)
def test_a_date_that_is_refused_says_how_to_write_the_cell(value, hint):
    found = read(template_with("seized_at", value))
    assert isinstance(found, Rejected)
    assert hint in found.detail


def test_an_apostrophe_before_a_date_is_not_read():
    found = read(template_with("seized_at", "'2026-05"))
    assert isinstance(found, Parsed), found
    assert json.loads(found.value)["seized_at"] == "2026-05"
