"""A guess of a layout is right for nearly all columns of unknown sheets, is never wrong without asking, and reads the sheet it is of."""

from __future__ import annotations

import io
import tomllib

import pytest
import xlsxwriter
from click.testing import CliRunner

from mekong.deploy.cli import mekong
from mekong.producers.sheets.book import sheets_of
from mekong.producers.sheets.cases import Cases
from mekong.producers.sheets.guess import guess
from mekong.producers.sheets.layout import read_layout
from mekong.producers.sheets.proposed import layout_text
from mekong.producers.sheets.table import open_table
from mekong.producers.sheets.vocabulary import split_unit
from tests.amount import examples
from tests.unit.varied_sheets import key, varied
from tests.unit.weight_sheets import ASKED, weighed

SEEDS = range(examples(20))


@pytest.fixture(scope="module")
def guesses() -> list:
    return [(found := varied(seed), guess(sheets_of(found.data)[0])) for seed in SEEDS]


def test_nine_of_ten_columns_are_right_and_none_is_wrong_without_asking(guesses):
    right, wrong, total = 0, [], 0
    for sheet, found in guesses:
        proposed = {key(one.heading): one for one in found.proposals}
        for heading, field in sheet.truth.items():
            total += 1
            one = proposed[heading]
            right += one.sure and one.field == field
            wrong += [(heading, field, one)] if one.sure and one.field != field else []
    assert wrong == []
    assert right >= 0.9 * total, f"{right} of {total}"


def test_a_proposed_layout_reads_its_sheet(guesses):
    for sheet, found in guesses:
        layout = read_layout(layout_text(found), "guessed.toml")
        cases = list(Cases(open_table(sheet.data, layout), "VN-CUSTOMS"))
        assert len(cases) == 12
        fields = {column.field for column in layout.columns}
        if {"case_no", "seized_at", "substance_or_taxon", "quantity", "unit"} <= fields:
            assert [case.faults for case in cases if case.faults] == []


def test_of_columns_of_weights_what_nobody_can_know_is_asked_and_the_others_are_right():
    right, wrong, total = 0, [], 0
    for seed in range(examples(70)):
        made = weighed(seed)
        found = guess(sheets_of(made.data)[0])
        for one in found.proposals:
            field = made.truth[key(one.heading)]
            total += 1
            right += (not one.sure) if field == ASKED else (one.sure and one.field == field)
            wrong += [(seed, one)] if one.sure and one.field != field else []
        text = layout_text(found)
        assert ('# ? unit = "kg"' in text) == made.asks_unit, (seed, text)
        assert (f'unit = "{made.unit}"' in text) or not made.unit, (seed, text)
    assert wrong == []
    assert right >= 0.9 * total, f"{right} of {total}"


@pytest.mark.parametrize(
    ("headings", "units", "asked"),
    [
        (("Gross weight (kg)",), (), "A gross weight may have the packing in it"),
        (("Net weight (kg)", "Quantity"), ("piece",), "The columns D, E may each be the quantity: keep one"),
        (("Weight (kg)",), ("piece", "kg"), "Its heading says kg, and column E has other units"),
        (("Khối lượng",), ("viên",), "It is a weight, and column E has units that are not of weight"),
        (("Sample weight (g)",), (), "It may be a part of the goods only"),
        (("Weight (kg/g)",), (), "neither a heading nor a column says the unit of column D"),
    ],
)
def test_the_question_about_a_weight_says_why(tmp_path, headings, units, asked):
    head = ("Case number", "Date", "Goods", *headings, *(("Unit",) if units else ()))
    rows = []
    for number in range(1, 9):
        unit = (units[number % len(units)],) if units else ()
        rows.append((f"17/{number}", f"2025-04-{number:02}", "heroin", *(1.5 * number for _ in headings), *unit))
    (question,) = [line for line in run("guess", sheet(tmp_path, head, *rows)).stdout.splitlines() if asked in line][:1]
    assert question.startswith("# ? ")


@pytest.mark.parametrize(
    ("heading", "split"),
    [
        ("Weight (kg)", ("Weight", "kg")),
        ("Weight in kg", ("Weight", "kg")),
        ("Weight KGS", ("Weight", "kg")),
        ("Weight, g", ("Weight", "g")),
        ("重量公斤", ("重量", "kg")),
        ("น้ำหนัก (กก.)", ("น้ำหนัก", "kg")),
        ("Plan G", ("Plan G", "")),
        ("Kind of plant", ("Kind of plant", "")),
        ("kg", ("kg", "")),
    ],
)
def test_the_unit_in_a_heading(heading, split):
    assert split_unit(heading) == split


def test_rows_that_say_who_made_the_table_say_nothing_about_its_columns(tmp_path):
    rows = [(f"17/{number}", f"2025-04-{number:02}", "heroin", 1.5) for number in range(1, 6)]
    head = ("Case number", "Date", "Goods", "Weight (kg)")
    signed = run("guess", sheet(tmp_path, head, *rows, ("Prepared by", "", "A", "B"))).stdout
    assert signed == run("guess", sheet(tmp_path, head, *rows)).stdout


def sheet(tmp_path, *rows):
    path = tmp_path / "sheet.xlsx"
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet()
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    book.close()
    return path


def run(*arguments):
    found = CliRunner().invoke(mekong, ["layout", *map(str, arguments)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


HEADINGS = ("Số vụ", "Ngày bắt giữ", "Loại ma túy", "Khối lượng (kg)", "Phương tiện", "Họ và tên")


def test_what_the_sheet_does_not_say_is_asked(tmp_path):
    rows = [(f"17/{number}", f"0{number}/04/2568", "hồng phiến", "1.234", "xe lôi", "Nguyễn Văn A") for number in range(1, 6)]
    found = run("guess", sheet(tmp_path, HEADINGS, *rows))
    asked = [line for line in found.stdout.splitlines() if "# ? " in line]
    for words in ('order = "dmy"', 'calendar = "buddhist"', 'decimal = "."', 'commodity_group = "drug"', "what the words mean"):
        assert any(words in line for line in asked), (words, found.stdout)
    assert 'unit = "kg"' in found.stdout
    assert 'column F, "Họ và tên": not sent, it looks like personal data' in found.stdout
    assert "Nguyễn" not in found.output
    assert tomllib.loads(found.stdout)["columns"]
    assert "questions, marked with ?" in found.stderr


def test_the_answers_make_a_layout_whose_first_messages_are_shown_beside_their_rows(tmp_path):
    rows = [(f"17/{number}", f"0{number}/04/2568", "hồng phiến", "1.234", "xe lôi", "Nguyễn Văn A") for number in range(1, 6)]
    path = sheet(tmp_path, HEADINGS, *rows)
    text = run("guess", path).stdout
    for asked, answer in (('# ? order = "dmy"', 'order = "dmy"'), ("# ? calendar", "calendar"), ("# ? decimal", "decimal")):
        text = text.replace(asked, answer)
    text = text.replace("# ? commodity_group", "commodity_group").replace('# "xe lôi" = ""', '"xe lôi" = "car_motorcycle"')
    layout = tmp_path / "my.toml"
    layout.write_text(text, encoding="utf-8")
    shown = run("test", layout, path, "--rows", "2")
    assert shown.exit_code == 0, shown.output
    assert "row 2: case 17/1" in shown.stdout
    assert next(line.split() for line in shown.stdout.splitlines() if "seized_at" in line) == [
        *("seized_at", '"2025-04-01"', "B2", "Ngày", "bắt", "giữ:", "01/04/2568"),
    ]
    assert '"car_motorcycle"' in shown.stdout
    assert "note: column F, Họ và tên: not sent, personal data" in shown.stdout
    assert "Nguyễn" not in shown.output


def test_a_fault_is_shown_with_its_cell_and_ends_with_1(tmp_path):
    path = sheet(tmp_path, ("Case number", "Date", "Goods", "Quantity", "Unit"), ("17", "2025-02-30", "heroin", 1, "kg"))
    shown = run("test", "simple", path)
    assert shown.exit_code == 1
    assert "B2 Date: '2025-02-30' is not a day of the calendar: write it as 2026-05-31 (bad_date)" in shown.stdout


def test_a_file_without_headings_is_refused_in_a_sentence(tmp_path):
    found = CliRunner().invoke(mekong, ["layout", "guess", str(sheet(tmp_path, (1, 2, 3), (4, 5, 6)))])
    assert "no row looks like the headings of a table" in str(found.exception)


def test_a_guess_of_an_empty_book_is_refused():
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    book.add_worksheet()
    book.close()
    with pytest.raises(Exception, match="no row looks like"):
        guess(sheets_of(data.getvalue())[0])
