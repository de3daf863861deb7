"""Workbooks of every kind are read as a person sees them; what is damaged, locked or too large is refused with what to do."""

from __future__ import annotations

import io
import json
import random
import zipfile
from datetime import date, datetime

import pytest
import xlsxwriter

from mekong.producers.formats.sheet import sheet_format
from mekong.producers.parsed import Parsed
from mekong.producers.sheets import archive, blocks, book
from mekong.producers.sheets.book import sheets_of
from mekong.producers.sheets.refused import Unreadable
from mekong.schemas.rejected import Reason
from tests.unit.old_workbooks import compound, ods, xls

HEADINGS = ("Case number", "Date", "Goods", "Quantity", "Unit")
ROWS = [list(HEADINGS), ["17", date(2025, 5, 3), "heroin", 1.5, "kg"], ["18", date(2025, 5, 4), "tê tê", 3, "con"]]


def xlsx(rows, options=None, change=lambda _book, _sheet: None) -> bytes:
    data = io.BytesIO()
    made = xlsxwriter.Workbook(data, {"default_date_format": "dd/mm/yyyy", **(options or {})})
    sheet = made.add_worksheet("Data")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    change(made, sheet)
    made.close()
    return data.getvalue()


def read(data: bytes) -> tuple[list, str]:
    format_ = sheet_format(None, "VN-CUSTOMS")
    return list(format_.parse([data])), "\n".join(format_.notes())


def messages(data: bytes) -> list[dict]:
    found = read(data)[0]
    assert all(isinstance(item, Parsed) for item in found), found
    return [json.loads(item.value) for item in found]


def faults(data: bytes) -> list[tuple[Reason, str]]:
    return [(item.reason, item.detail) for item in read(data)[0] if not isinstance(item, Parsed)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(xlsx(ROWS), id="xlsx"),
        pytest.param(xlsx(ROWS, {"date_1904": True}), id="xlsx of the 1904 system"),
        pytest.param(xlsx(ROWS, {"constant_memory": True}), id="xlsx with texts in the cells"),
        pytest.param(xls(ROWS), id="xls"),
        pytest.param(xls(ROWS, is_1904=True), id="xls of the 1904 system"),
        pytest.param(ods(ROWS), id="ods"),
        pytest.param("".join(";".join(map(str, row)) + "\r\n" for row in ROWS).encode("utf-8-sig"), id="csv of Excel"),
    ],
)
def test_every_kind_of_file_gives_the_same_messages(data):
    found = messages(data)
    assert [(one["case_no"], one["seized_at"], one["lines"][0]["quantity"], one["lines"][0]["unit"]) for one in found] == [
        ("17", "2025-05-03", "1.5", "kg"),
        ("18", "2025-05-04", "3", "animal"),
    ]


@pytest.mark.parametrize(("is_1904", "serial"), [(False, 45_780), (True, 44_318)])
def test_the_serial_number_of_a_date_counts_from_the_day_of_its_workbook(is_1904, serial):
    (found,) = messages(xlsx([HEADINGS, ["17", serial, "heroin", 1, "kg"]], {"date_1904": is_1904}))
    assert found["seized_at"] == "2025-05-03"


def test_a_serial_number_in_a_file_that_does_not_say_its_system_is_refused():
    ((reason, detail),) = faults(xls([list(HEADINGS), ["17", 45_780, "heroin", 1, "kg"]]))
    assert (reason, detail[:10]) == (Reason.BAD_DATE, "B2 '45780'")
    assert "format the column as a date" in detail


def test_titles_two_rows_of_headings_and_merged_cells():
    def change(_book, sheet):
        sheet.merge_range("A1:E1", "Seizures of the year")
        sheet.merge_range("A2:A3", "Case number")
        sheet.merge_range("B2:B3", "Date")
        sheet.merge_range("C2:C3", "Goods")
        sheet.merge_range("D2:E2", "What was seized")
        sheet.write_row("D3", ["Quantity", "Unit"])

    (found,) = messages(xlsx([(), (), (), ["17", "2025-05-03", "heroin", 2, "kg"]], change=change))
    assert found["lines"][0]["quantity"] == "2"


def test_hidden_rows_are_read_and_said_and_sheets_that_are_hidden_are_not_read():
    def change(made, sheet):
        sheet.set_row(2, None, None, {"hidden": True})
        hidden = made.add_worksheet("Old")
        hidden.write_row(0, 0, HEADINGS)
        hidden.hide()

    data = xlsx(ROWS, change=change)
    assert len(messages(data)) == 2
    assert "hidden rows are read too: 1 (3)" in read(data)[1]
    assert [sheet.name for sheet in sheets_of(data)] == ["Data"]


def test_of_a_formula_the_stored_value_is_read_and_an_error_is_refused():
    def change(_book, sheet):
        sheet.write_formula("D2", "=1+1", None, 2)
        sheet.write_formula("D3", "=1/0", None, "#DIV/0!")

    data = xlsx(ROWS, change=change)
    found, _ = read(data)
    assert json.loads(found[0].value)["lines"][0]["quantity"] == "2"
    assert faults(data) == [(Reason.INVALID_VALUE, "D3 the formula of the cell has an error: write the value")]


def test_numbers_as_text_and_a_time_of_day():
    (found,) = messages(xlsx([HEADINGS, [17, datetime(2025, 5, 3, 14, 30), "heroin", "1.50", "KG"]]))
    assert (found["case_no"], found["seized_at"], found["lines"][0]["quantity"]) == ("17", "2025-05-03", "1.5")


def test_a_case_number_that_excel_has_rounded_is_refused_with_its_cell():
    found = faults(xlsx([HEADINGS, [20250503123456789, "2025-05-03", "heroin", 1, "kg"]]))
    assert [(reason, detail[:2]) for reason, detail in found] == [(Reason.INVALID_VALUE, "A2")]
    assert "Excel has rounded it" in found[0][1]
    assert "was rounded" in faults(b"Case number,Date,Goods,Quantity,Unit\n2.02505E+16,2025-05-03,heroin,1,kg\n")[0][1]


def test_rows_of_one_case_may_be_apart_and_must_agree():
    rows = [
        HEADINGS,
        ["17", "2025-05-03", "heroin", 1, "kg"],
        ["18", "2025-05-03", "opium", 1, "kg"],
        ["17", "2025-05-03", "opium", 2, "kg"],
    ]
    assert [(one["case_no"], len(one["lines"])) for one in messages(xlsx(rows))] == [("18", 1), ("17", 2)]
    rows[3][1] = "2025-05-04"
    assert faults(xlsx(rows)) == [
        (Reason.BAD_ROW, "B4 is not the same as B2, and the rows are of one case: give both the same, or two case numbers (also: B2)")
    ]


@pytest.mark.parametrize(
    "below",
    [
        [["Prepared by: A B", "", "", "Approved by"], ["", "(signature)", "", ""], ["A B", "", "", "C D"]],
        [["", "Người lập biểu", "", "Thủ trưởng đơn vị"], ["", "(Ký, ghi rõ họ tên)"], ["", "A B"]],
        [["制表人：某某", "", "审核人：某某"]],
        [["Nguoi lap bieu"], ["A B"]],
        [["Prepared by A B on 31/05/2025"]],
    ],
)
def test_rows_that_say_who_made_the_table_are_not_sent_and_are_said(below):
    data = xlsx([*ROWS, *below])
    assert [one["case_no"] for one in messages(data)] == ["17", "18"]
    numbers = ", ".join(str(number) for number in range(4, 4 + len(below)))
    assert f"rows that are totals or notes below the table, not sent: {len(below)} ({numbers})" in read(data)[1]


def test_a_row_with_a_date_and_a_quantity_is_not_a_footer_and_ends_one():
    late = [["Prepared by", "2025-05-05", "opium", 1, "kg"], ["Signature"], ["A B"], ["19", "2025-05-06", "opium", 2, "kg"]]
    found = messages(xlsx([*ROWS, *late]))
    assert [one["case_no"] for one in found] == ["17", "18", "Prepared by", "19"]


def test_a_row_without_its_unit_or_case_number_is_refused_with_its_cell():
    rows = [HEADINGS, ["17", "2025-05-03", "heroin", 1, ""], ["", "2025-05-03", "opium", 1, "kg"], ["18", "2025-05-03", "opium", "", ""]]
    assert [(reason, detail[:2]) for reason, detail in faults(xlsx(rows))] == [(Reason.MISSING_FIELD, "D2"), (Reason.MISSING_FIELD, "A3")]
    assert json.loads(read(xlsx(rows))[0][2].value)["lines"][0]["quantity_kind"] == "unknown"


def test_macros_links_and_comments_are_ignored_and_said():
    data = io.BytesIO(xlsx(ROWS, change=lambda _, sheet: sheet.write_comment("A1", "x")))
    with zipfile.ZipFile(data, "a") as more:
        more.writestr("xl/vbaProject.bin", b"x")
        more.writestr("xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    found, notes = read(data.getvalue())
    assert all(isinstance(item, Parsed) for item in found)
    for words in ("macros: they are ignored", "links to other files", "comments: they are not read"):
        assert words in notes


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(compound({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}), "has a password", id="password"),
        pytest.param(xlsx(ROWS)[:-200], "damaged or was cut off", id="cut off"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "damaged", id="damaged xls"),
        pytest.param(xlsx([]), "the sheet is empty", id="empty"),
        pytest.param(b"", "the file is empty", id="no bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(data, says):
    ((reason, detail),) = faults(data)
    assert says in detail
    assert reason in (Reason.BAD_FILE, Reason.MISSING_COLUMN)


def an_archive(**parts: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/"), content)
    return data.getvalue()


def test_an_archive_that_is_not_a_workbook_is_refused():
    with pytest.raises(Unreadable, match="not a workbook"):
        sheets_of(an_archive(**{"sheet.csv": b"a,b"}))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(archive, "MOST_UNPACKED", 5_000_000)
    bomb = an_archive(**{"[Content_Types].xml": b"<x/>", "xl__worksheets__sheet1.xml": bytes(6_000_000)})
    lying = bytearray(bomb)
    at = lying.rfind(b"PK\x01\x02")
    lying[at + 24 : at + 28] = (10).to_bytes(4, "little")  # it claims to unpack to 10 bytes
    for data in (bomb, bytes(lying)):
        with pytest.raises(Unreadable, match="unpacks to over 5 MB"):
            sheets_of(data)


def test_a_cell_at_the_end_of_the_sheet_does_not_fill_the_memory():
    with pytest.raises(Unreadable, match="right to column XFD"):
        sheets_of(xlsx(ROWS, change=lambda _, sheet: sheet.write("XFD1048576", "x")))
    cell = b'<table:table-cell table:number-columns-repeated="16000" office:value-type="float" office:value="1"/>'
    content = (
        zipfile.ZipFile(io.BytesIO(ods(ROWS)))
        .read("content.xml")
        .replace(b"</table:table>", b"<table:table-row>" + cell + b"</table:table-row></table:table>")
    )
    with pytest.raises(Unreadable, match="repeats a value"):
        sheets_of(an_archive(**{"content.xml": content, "mimetype": b"x"}))


def test_a_file_over_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(book, "MOST_BYTES", 100)
    with pytest.raises(Unreadable, match="send it in parts"):
        sheets_of(xlsx(ROWS))


def test_a_long_worksheet_read_in_blocks_is_the_same(monkeypatch):
    def change(_book, sheet):
        sheet.merge_range("G1:H1", "More")
        sheet.write_formula("D6", "=1/0", None, "#DIV/0!")

    rows = [
        HEADINGS,
        *([f"17/{number}", date(2025, 5, 3), f"heroin {number % 7}", number + 0.5, "kg"] if number % 9 else () for number in range(400)),
    ]
    data = xlsx(rows, change=change)
    (whole,) = sheets_of(data)
    expected = [row for row in whole.rows() if any(row.values)]
    monkeypatch.setattr(book, "LONG_BYTES", 0)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 3_000)
    (long,) = sheets_of(data)
    found = [row for row in long.rows() if any(row.values)]
    strip = lambda row: (row.number, [value for value in row.values if value != ""])  # noqa: E731
    assert list(map(strip, found)) == list(map(strip, expected))
    assert [row.number for row in long.rows()] == [row.number for row in whole.rows()]
    assert (long.merged, long.errors) == (whole.merged, whole.errors)


@pytest.mark.parametrize(
    "whole", [pytest.param(xlsx(ROWS), id="xlsx"), pytest.param(xls(ROWS), id="xls"), pytest.param(ods(ROWS), id="ods")]
)
def test_no_damage_of_a_workbook_ends_the_process(whole):
    pick = random.Random(7)
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(pick.randint(1, 4)):
            data[pick.randrange(len(data))] = pick.randrange(256)
        cut = pick.randrange(len(data)) if pick.random() < 0.2 else len(data)
        assert isinstance(read(bytes(data[:cut]))[0], list)


@pytest.mark.parametrize(
    ("head", "at", "body"),
    [
        pytest.param(b"\x00\x02\x0e\x00", 4, b"\xff\xff\xff\x7f", id="rows"),
        pytest.param(b"\x03\x02\x0e\x00", 2, b"\xff\x7f", id="a column"),
    ],
)
def test_an_xls_that_states_a_size_it_cannot_have_is_refused(head, at, body):
    data = bytearray(xls(ROWS))
    place = data.index(head) + len(head) + at
    data[place : place + len(body)] = body
    assert faults(bytes(data))[0][0] is Reason.BAD_FILE


def test_a_quote_that_is_not_closed_costs_one_row():
    data = b'Case number,Date,Goods,Quantity,Unit\n17,2025-05-03,"heroin,1,kg\n18,2025-05-04,opium,2,kg\n19,2025-05-05,"two\nlines",3,kg\n'
    found, _ = read(data)
    assert [(item.where, getattr(item, "reason", None)) for item in found] == [
        ("row 2", Reason.BAD_ROW),
        ("row 3", None),
        ("row 4", Reason.MISSING_FIELD),
    ]


def test_an_unknown_sheet_says_how_to_go_on():
    ((reason, detail),) = faults(xlsx([["Foo", "Bar"], [1, 2]]))
    assert reason is Reason.MISSING_COLUMN
    assert "mekong layout guess" in detail
