"""A marked sheet is always written: no value, name or shape of a sender's sheet stops it, and nothing of the sender's is deleted."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from mekong.deploy.cli.format_options import Which
from mekong.deploy.cli.marked import Marks
from mekong.producers.ledger import Summary
from mekong.producers.sheets import marked as marking
from mekong.producers.sheets.bad_rows import bad_rows
from mekong.producers.sheets.book import sheets_of
from mekong.producers.sheets.cells import Row, Sheet
from mekong.producers.sheets.fitting import CUT, LONGEST_TEXT, name_of_sheet
from mekong.producers.sheets.marked import marked
from mekong.producers.sheets.marker import Marker
from mekong.producers.sheets.marking import Finding, Marking
from mekong.schemas.sheet_words import MARKED
from tests.unit.filled import filled

SUMMARY = MARKED["summary"]["en"]
BELL = "\x07"


def a_marking(name: str = "Data", **more) -> Marking:
    found = Finding("rejected", 2, "B2", f"My{BELL}column", "code", f"say{BELL} it")
    return Marking(sheet=name, heading_row=1, results={2: "rejected"}, findings=[found], summary=[f"one{BELL} line"], **more)


def bad(name: str, *values: object, **more):
    """The sheet of bad rows of a sheet with one row."""
    sheet = Sheet(name=name, rows=lambda: iter([Row(1, ("case_no", "q")), Row(2, ("1", *values))]))
    return openpyxl.load_workbook(io.BytesIO(bad_rows(sheet, a_marking(name, **more))))


def workbook(name: str, *others: tuple[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = name
    for row in (["case_no", "q"], ["1", "x"]):
        book.active.append(row)
    for other, rows in others:
        sheet = book.create_sheet(other)
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def in_place(data: bytes, name: str = "Data") -> openpyxl.Workbook:
    made = marked(data, sheets_of(data)[0], a_marking(name))
    assert made.is_own
    return openpyxl.load_workbook(io.BytesIO(made.data))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (-float("inf"), "-inf"),
        (10**400, str(10**400)),
        (datetime(1850, 1, 1), "1850-01-01 00:00:00"),
        (timedelta(days=-1), "-1 day, 0:00:00"),
        (f"a{BELL}b", "ab"),
    ],
)
def test_a_value_that_a_workbook_does_not_have_is_written_as_a_text(value, text):
    assert bad("Data", value).worksheets[0]["B2"].value == text


def test_control_characters_of_a_heading_are_not_written():
    for book in (bad("Data", "x"), in_place(workbook("Data"))):
        sheet = book["Data"]
        assert sheet["B2"].comment.text == "say it"
        texts = {cell.value for row in sheet.iter_rows() for cell in row}
        assert "B2 Mycolumn: say it" in texts


def test_a_text_that_is_too_long_is_cut_and_said():
    cell = bad("Data", "a" * (LONGEST_TEXT + 1)).worksheets[0]["B2"]
    assert cell.value == "a" * LONGEST_TEXT
    assert cell.comment.text.endswith(CUT)


def test_the_summary_has_a_name_of_its_own():
    assert bad(SUMMARY, "x").sheetnames == [SUMMARY, f"{SUMMARY} 2"]
    assert bad(SUMMARY.upper(), "x").sheetnames == [SUMMARY.upper(), f"{SUMMARY} 2"]
    assert bad("Mekong", "x", template=Marker("simple", "en", "X")).sheetnames == ["Mekong 2", SUMMARY, "mekong"]
    assert name_of_sheet("a" * 40, ["a" * 31]) == "a" * 29 + " 2"


def test_a_sheet_of_the_sender_with_the_name_of_the_summary_stays():
    theirs = [["Month", "kg"], ["May", 3]]
    once = io.BytesIO()
    in_place(workbook("Data", (SUMMARY, theirs))).save(once)
    for data in (once.getvalue(), workbook("Data", (SUMMARY, theirs))):
        book = in_place(data)
        assert book.sheetnames == ["Data", SUMMARY, f"{SUMMARY} 2"]
        assert [[cell.value for cell in row] for row in book[SUMMARY].iter_rows()] == theirs
    assert in_place(workbook(SUMMARY), SUMMARY)[SUMMARY]["B2"].value == "x"
    assert in_place(workbook("Data", (SUMMARY, [["a note of mine"]])))[SUMMARY]["A1"].value == "a note of mine"


def test_a_sheet_with_an_empty_cell_far_away_is_not_marked_itself():
    book = openpyxl.load_workbook(io.BytesIO(workbook("Data")))
    book["Data"]["Z100000"].number_format = "0.00"
    data = io.BytesIO()
    book.save(data)
    made = marked(data.getvalue(), sheets_of(data.getvalue())[0], a_marking())
    assert not made.is_own
    assert openpyxl.load_workbook(io.BytesIO(made.data)).worksheets[0].max_row == 2


def test_whatever_openpyxl_raises_the_bad_rows_are_written(monkeypatch):
    def broken(*_: object) -> bytes:
        raise openpyxl.utils.exceptions.IllegalCharacterError

    monkeypatch.setattr(marking, "marked_in_place", broken)
    data = workbook("Data")
    assert not marked(data, sheets_of(data)[0], a_marking()).is_own


def test_a_marked_sheet_that_cannot_be_written_is_said_in_the_account(tmp_path: Path):
    path = tmp_path / "may.xlsx"
    path.write_bytes(filled("en", 2))
    marks = Marks(path, Which("sheet", None, ""), None, tmp_path / "gone" / "out.xlsx")
    summary = Summary()
    marks.write(summary)
    assert "could not be written (No such file or directory)" in summary.notes[0]


def test_what_a_template_says_of_itself_is_text_in_the_sheet_of_bad_rows_and_its_language_is_one_of_ours():
    sheet = Sheet(name="Data", rows=lambda: iter([Row(1, ("case_no", "q")), Row(2, ("1", "x"))]))
    template = Marker("=1+1", '=HYPERLINK("http://evil.example","x")', "{=2+2}")
    data = bad_rows(sheet, a_marking(template=template))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert [(cell.value, cell.data_type) for cell in book["mekong"][1]] == [
        (text, "s") for text in ("mekong sheet 1", "=1+1", "en", "{=2+2}")
    ]
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert not any(b"<f>" in parts.read(name) or b"<f " in parts.read(name) for name in parts.namelist())
