"""`mekong check`: each error is marked in its cell, clean rows get no mark, and the marked sheet can be checked again."""

from __future__ import annotations

import csv
import io
import random
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from click.testing import CliRunner

from mekong.deploy.check.trial import Trial
from mekong.deploy.cli import mekong
from mekong.producers.answer import Answer, Noticed
from mekong.producers.ledger import Ref, Rejection
from mekong.producers.sheets import marked as marking
from mekong.producers.sheets.answered import Answers
from mekong.producers.sheets.bad_rows import bad_rows
from mekong.producers.sheets.cases import Cases
from mekong.producers.sheets.checking import check_sheet
from mekong.producers.sheets.judged import Checked, plain
from mekong.producers.sheets.marked import marked
from mekong.producers.sheets.marking import AUTHOR, COLORS, Finding
from mekong.producers.sheets.summary import account, summary
from mekong.producers.sheets.table import open_table
from mekong.schemas.errors import Refused
from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Reason
from mekong.schemas.sheet_words import MARKED, RESULTS
from tests.unit import planted
from tests.unit.filled import AT, FIRST_ROW, filled, saved, workbook
from tests.unit.test_shipped_layouts import EXAMPLES

NOW_MS = 1_780_000_000_000  # May 2026
NAME = "Nguyễn Văn Quýt"
"""No person's name may be in a mark."""
WRONG: tuple[tuple[str, object, str], ...] = (
    ("case_no", None, "missing_field"),
    ("case_no", 1234567890123456, "invalid_value"),
    ("case_no", "2.02651E+15", "invalid_value"),
    ("seized_at", None, "missing_field"),
    ("seized_at", "31/31/2026", "bad_date"),
    ("seized_at", "2026-02-30", "bad_date"),
    ("seized_at", date(2031, 5, 1), "future_date"),
    ("seized_at", "1998-05-01", "date_too_old"),
    ("seized_at", "soon", "bad_date"),
    ("country", "Atlantis", "unknown_code"),
    ("place", "Cảng Không Tên", "unknown_code"),
    ("place_type", "moon", "unknown_code"),
    ("commodity_group", "weapons", "unknown_code"),
    ("substance_or_taxon", None, "missing_field"),
    ("substance_or_taxon", NAME, "invalid_value"),
    ("term_code", "XYZ", "unknown_code"),
    ("quantity", "a lot", "bad_quantity"),
    ("quantity", -3, "bad_quantity"),
    ("quantity", 9e12, "bad_quantity"),
    ("quantity", "12,5,7", "bad_quantity"),
    ("unit", "bushel", "unknown_code"),
    ("unit", None, "missing_field"),
    ("transport_mode", "catapult", "unknown_code"),
    ("direction", "up", "unknown_code"),
    ("concealment_methods", "in a hat", "unknown_code"),
    ("detection_methods", "a hunch", "unknown_code"),
    ("route.origin", "Hyperborea", "unknown_code"),
    ("route.destination", "Lemuria", "unknown_code"),
    ("handling.tlp", "secret", "unknown_code"),
    ("method_note", "gọi 0912 345 678", "invalid_value"),
)
"""Field, what is written, and the reason."""


def checked(data: bytes, agency: str | None = None):
    table = open_table(data)
    return table, check_sheet(table, agency, Trial(NOW_MS, each_case_once=True).judge)


@cache
def remarked(data: bytes) -> bytes:
    table, found = checked(data)
    return marked(data, table.sheet, found.marking(table, ["what was found"], "vi")).data


def cell(field: str, row: int) -> str:
    return f"{openpyxl.utils.get_column_letter(AT[field])}{row}"


@cache
def with_errors(seed: int) -> tuple[bytes, dict[str, str]]:
    """A template of 200 cases with each error of ``WRONG`` once, and cell -> reason."""
    book, chosen = workbook("vi", 200), random.Random(seed)
    rows = chosen.sample(range(FIRST_ROW, FIRST_ROW + 200), len(WRONG))
    seeded = {}
    for row, (field, value, reason) in zip(rows, WRONG, strict=True):
        book.worksheets[0].cell(row, AT[field]).value = value
        seeded[cell(field, row)] = reason
    return saved(book), seeded


@pytest.mark.parametrize("seed", range(3))
def test_thirty_seeded_errors_are_each_found_in_their_cell_and_nothing_else_is(seed):
    data, seeded = with_errors(seed)
    _, found = checked(data)
    assert {one.cell: one.code for one in found.findings if one.level == "rejected"} == seeded
    assert {one.cell for one in found.findings} == set(seeded)
    assert found.counts == {"rejected": 30, "good": 170}


def test_the_cells_are_colored_and_commented_and_no_other_cell_is():
    data, seeded = with_errors(7)
    sheet = openpyxl.load_workbook(io.BytesIO(remarked(data))).worksheets[0]
    fills = {f"00{color}" for color in COLORS.values()}
    last = AT["method_note"]
    coloured = {one.coordinate for row in sheet.iter_rows(max_col=last) for one in row if one.fill.fgColor.rgb in fills}
    commented = {one.coordinate for row in sheet.iter_rows() for one in row if one.comment}
    assert coloured == commented == set(seeded)
    assert [sheet.cell(1, last + 1).value, sheet.cell(1, last + 2).value] == [MARKED["result"]["vi"], MARKED["reason"]["vi"]]
    results = [sheet.cell(row, last + 1).value for row in range(FIRST_ROW, FIRST_ROW + 200)]
    assert results.count(RESULTS["rejected"]["vi"]) == 30
    assert results.count(RESULTS["good"]["vi"]) == 170
    assert sheet.cell(2, last + 1).value is None  # the example was not read


def test_rows_of_one_case_that_say_two_things_are_both_marked():
    book = workbook("vi", 3)
    sheet = book.worksheets[0]
    sheet.cell(FIRST_ROW + 2, AT["case_no"]).value = sheet.cell(FIRST_ROW, AT["case_no"]).value
    sheet.cell(FIRST_ROW, AT["country"]).value, sheet.cell(FIRST_ROW + 2, AT["country"]).value = "VN", "LA"
    for row in (FIRST_ROW, FIRST_ROW + 2):
        sheet.cell(row, AT["seized_at"]).value = "2026-04-01"
    _, found = checked(saved(book))
    conflicts = {one.cell for one in found.findings if "is not the same as" in one.sentence and one.heading == heading_of("country")}
    assert conflicts == {cell("country", FIRST_ROW), cell("country", FIRST_ROW + 2)}


def heading_of(field: str) -> str:
    return str(workbook("vi", 1).worksheets[0].cell(1, AT[field]).value).rstrip(" *")


def test_a_thousand_clean_rows_get_no_mark():
    _, found = checked(filled("vi", 1000))
    assert found.findings == ()
    assert found.counts == {"good": 1000}


@pytest.mark.parametrize("edit", [lambda data: data, lambda data: saved(openpyxl.load_workbook(io.BytesIO(data)))])
def test_the_marked_sheet_gives_the_same_figures(edit: Callable[[bytes], bytes]):
    data, _ = with_errors(3)
    again = edit(remarked(data))
    assert checked(again)[1]._replace(notes=()) == checked(data)[1]._replace(notes=())
    assert not [note for note in checked(again)[1].notes if "column" in note or MARKED["summary"]["vi"] in note]


def test_marks_are_removed_when_the_errors_are_corrected():
    data, seeded = with_errors(3)
    book, good = openpyxl.load_workbook(io.BytesIO(remarked(data))), workbook("vi", 200).worksheets[0]
    for reference in seeded:
        book.worksheets[0][reference].value = good[reference].value
    sheet = openpyxl.load_workbook(io.BytesIO(remarked(saved(book)))).worksheets[0]
    assert not [
        one for row in sheet.iter_rows() for one in row if one.comment or one.fill.fgColor.rgb in {f"00{c}" for c in COLORS.values()}
    ]
    assert sheet.max_column == AT["method_note"] + 2


def test_a_comment_of_the_sender_stays():
    book = workbook("en", 3)
    sheet = book.worksheets[0]
    sheet.cell(3, AT["unit"]).value = "bushel"
    sheet.cell(3, AT["unit"]).comment = openpyxl.comments.Comment("weighed twice", "me")
    once = remarked(saved(book))
    for data in (once, remarked(once)):
        comment = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].cell(3, AT["unit"]).comment
        assert comment.text.startswith("weighed twice\n")
        assert comment.text.count(AUTHOR) == 1


def formulas() -> bytes:
    """A sheet as Excel saves it: formulas with their values."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ["Agency", "Case number", "Date", "Group", "Goods", "Quantity", "Unit"])
        for row in range(1, 21):
            sheet.write_string(row, 0, "VN-CUSTOMS")
            sheet.write_formula(row, 1, f'="A-"&ROW({row})', None, f"A-{row}")
            sheet.write_datetime(row, 2, date(2026, 5, 1))
            sheet.write_formula(row, 3, "=Other!A1", None, "drug")
            sheet.write_string(row, 4, "heroin")
            sheet.write_formula(row, 5, f"={row}*2", None, row * 2)
            sheet.write_formula(
                row, 6, "=IF(1<2,&quot;x&quot;,0)" if row == 5 else "=Other!A2", None, "bushel & <co>" if row == 5 else "kg"
            )
        sheet.write_formula(1, 8, "=1/0", None, "#DIV/0!")
        other = book.add_worksheet("Other")
        other.write_formula(0, 0, '="drug"', None, "drug")
        other.write_formula(1, 0, "=TRUE", None, True)
    return buffer.getvalue()


def test_the_values_of_formulas_are_kept():
    data = formulas()
    out = remarked(data)
    for name in ("Data", "Other"):
        for values in (True, False):
            before, after = (openpyxl.load_workbook(io.BytesIO(one), data_only=values)[name] for one in (data, out))
            for row in before.iter_rows():
                assert [after[one.coordinate].value for one in row] == [one.value for one in row]
    assert checked(out)[1]._replace(notes=()) == checked(data)[1]._replace(notes=())
    assert checked(data)[1].counts == {"good": 19, "rejected": 1}


def as_csv(cases: int) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["A title"])
    rows.writerow(["Agency", "Case number", "Date", "Group", "Goods", "Quantity", "Unit", MARKED["result"]["en"], "Name"])
    for number in range(cases):
        rows.writerow(
            ["VN-CUSTOMS", f"0{number}", "2026-05-01", "drug", "heroin", "=2" if number == 2 else f"{number}.5", "kg", "old", NAME]
        )
    rows.writerow(["VN-CUSTOMS", "02", "2026-05-01", "drug", "cocaine", "1", "kg", "", NAME])
    return text.getvalue().encode()


def test_from_another_kind_of_file_a_new_sheet_has_the_complete_bad_cases_and_comes_back():
    table, found = checked(as_csv(10))
    made = marked(as_csv(10), table.sheet, found.marking(table, [], "en"))
    assert not made.is_own
    sheet = openpyxl.load_workbook(io.BytesIO(made.data)).worksheets[0]
    rows = [[one.value for one in row] for row in sheet.iter_rows()]
    assert rows[0][0] == "A title"
    assert [row[1] for row in rows[2:]] == ["02", "02"]  # a text stays a text, and the other row of the case is there
    assert rows[2][5] == "=2"
    assert sheet.cell(3, 6).data_type == "s"  # not a formula
    assert sheet.cell(3, 6).comment.author == AUTHOR
    assert [row[8] for row in rows[2:]] == [5, 13]  # after the own columns: the row in the file
    _, again = checked(made.data)
    assert (again.counts, {one.code for one in again.findings}) == ({"rejected": 1}, {one.code for one in found.findings})


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.stem)
def test_a_marked_sheet_of_every_layout_is_read_as_before(path: Path):
    data = path.read_bytes()
    table = open_table(data)
    wrong = [Finding("rejected", rows[0], "", "row", "seeded", "look") for rows in (case.rows for case in Cases(table, "VN-CUSTOMS"))]
    found = Checked(tuple(wrong), {one.row: "rejected" for one in wrong}, [], Counter(), ())
    again = open_table(marked(data, table.sheet, found.marking(table, ["look"], "en")).data)
    assert again.layout.name == table.layout.name
    assert [case.message for case in Cases(again, "VN-CUSTOMS")] == [case.message for case in Cases(table, "VN-CUSTOMS")]
    assert [note for note in again.notes() if "comments" not in note] == list(table.notes())


def test_a_workbook_that_openpyxl_cannot_read_gives_a_new_sheet():
    data, seeded = with_errors(2)
    parts = {entry.filename: zipfile.ZipFile(io.BytesIO(data)).read(entry) for entry in zipfile.ZipFile(io.BytesIO(data)).infolist()}
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as book:
        for name, part in parts.items():
            book.writestr(name, b"<damaged" if name == "docProps/core.xml" else part)
    table, found = checked(broken.getvalue())
    made = marked(broken.getvalue(), table.sheet, found.marking(table, [], "vi"))
    assert not made.is_own
    assert checked(made.data)[1].counts == {"rejected": len(seeded)}


def test_the_long_name_of_a_worksheet_is_cut():
    table, found = checked(as_csv(10))
    sheet = replace(table.sheet, name="Seizures [May] of every office of the region")
    made = bad_rows(sheet, found.marking(table, [], "en"))
    assert openpyxl.load_workbook(io.BytesIO(made)).sheetnames[0].strip() == "Seizures  May  of every office"


@pytest.mark.processes
def test_a_check_needs_no_package_of_the_workers():
    code = "import sys, mekong.deploy.check.trial as one; print([name for name in ('faust', 'aiokafka', 'scipy') if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_a_large_workbook_gives_a_new_sheet(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(marking, "MOST_ROWS", 199)
    data, seeded = with_errors(1)
    table, found = checked(data)
    made = marked(data, table.sheet, found.marking(table, [], "vi"))
    assert not made.is_own
    _, again = checked(made.data, "VN-CUSTOMS")
    assert again.counts["rejected"] == len(seeded)
    assert again.counts["good"] == 0


def test_marks_never_have_the_words_of_a_text():
    book = workbook("en", 30)
    for row, (field, value) in enumerate(
        (("substance_or_taxon", "Zzyzx Qwfp"), ("admin1", NAME), ("method_note", f"{NAME} drove")), FIRST_ROW
    ):
        book.worksheets[0].cell(row, AT[field]).value = value
    _, found = checked(saved(book))
    said = " ".join(one.sentence for one in found.findings)
    assert "the text of the cell is not on our lists" in said
    assert not [word for word in ("Zzyzx", "Qwfp", NAME) if word in said]
    assert plain("lines.0.substance_or_taxon", '"O\'Neil" is not on our lists') == "the text of the cell is not on our lists"


def test_marks_have_no_planted_name():
    table, found = checked(planted.workbook(), "VN-CUSTOMS")
    assert found.counts["rejected"] == 7
    said = [*(one.sentence for one in found.findings), *summary("file", "simple", found.counts, found.findings, ())]
    assert planted.found_in("\n".join(said)) == []
    assert open_table(marked(planted.workbook(), table.sheet, found.marking(table, said, "en")).data)


def test_what_send_asks_about_is_marked():
    book = workbook("en", 30)
    sheet = book.worksheets[0]
    sheet.cell(20, AT["quantity"]).value = sum(sheet.cell(row, AT["quantity"]).value for row in range(3, 33) if row != 20)
    _, found = checked(saved(book))
    assert [(one.level, one.cell) for one in found.findings] == [("question", cell("quantity", 20))]
    assert found.counts == {"good": 29, "question": 1}


def test_receipts_are_put_next_to_their_rows():
    data = filled("en", 6)
    table, answers = open_table(data), Answers()

    def answered(row: int, outcome: Outcome, **more: object) -> None:
        answers.received(Ref(row, f"row {row}", "VN-CUSTOMS", ""), Answer("in.VN-CUSTOMS.v1", row, outcome, **more))

    answered(3, Outcome.ACCEPTED)
    answered(4, Outcome.DUPLICATE)
    answered(5, Outcome.REJECTED, reason=Reason.BAD_QUANTITY, field="lines.0.quantity", detail="too much")
    answered(6, Outcome.ACCEPTED, notices=(Noticed("unrecognised_goods", "lines.0.substance_or_taxon", f"'{NAME}' is not on our lists"),))
    answers.refused(Rejection("row 7", "VN-CUSTOMS", "", Reason.NOT_SENT, "message", "the broker refused it"))
    found = answers.on(table, None)
    assert found.results == {3: "accepted", 4: "duplicate", 5: "rejected", 6: "accepted", 7: "rejected", 8: "unanswered"}
    assert [(one.row, one.cell, one.code) for one in found.findings] == [
        (5, cell("quantity", 5), "bad_quantity"),
        (6, cell("substance_or_taxon", 6), "unrecognised_goods"),
        (7, "", "not_sent"),
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(marked(data, table.sheet, found.marking(table, [], "en")).data)).worksheets[0]
    assert sheet.cell(5, AT["method_note"] + 2).value == f"{cell('quantity', 5)} Quantity: too much"
    assert NAME not in str(sheet.cell(6, AT["method_note"] + 2).value)


def test_the_command_writes_next_to_the_file_and_never_over_a_sheet(tmp_path):
    path = tmp_path / "may.xlsx"
    data, _ = with_errors(1)
    path.write_bytes(data)
    for expected in ("may-checked.xlsx", "may-checked-1.xlsx"):
        result = CliRunner().invoke(mekong, ["check", str(path)])
        assert result.exit_code == 1, result.output
        assert "rejected         30" in result.output
        assert str(tmp_path / expected) in result.output
        assert (tmp_path / expected).exists()
    result = CliRunner().invoke(mekong, ["check", str(tmp_path / "may-checked.xlsx"), "--marked", str(tmp_path / "out.xlsx")])
    assert (tmp_path / "out.xlsx").exists()
    assert path.read_bytes() == data


def test_the_command_says_that_a_clean_sheet_is_good_and_writes_nothing(tmp_path):
    path = tmp_path / "may.xlsx"
    path.write_bytes(filled("zh", 5))
    result = CliRunner().invoke(mekong, ["check", str(path)])
    assert result.exit_code == 0, result.output
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_says_why_a_file_cannot_be_read(tmp_path):
    path = tmp_path / "may.xlsx"
    path.write_bytes(b"PK\x03\x04")
    result = CliRunner().invoke(mekong, ["check", str(path), "--agency", "VN-CUSTOMS"])
    assert result.exit_code == 1
    assert "the file is damaged" in result.output
    sent = CliRunner().invoke(mekong, ["send", str(path), "--agency", "VN-CUSTOMS", "--marked", str(tmp_path / "out.xlsx")])
    assert isinstance(sent.exception, Refused)


@pytest.mark.parametrize("name", ["may.jsonl", "may.xlsx"])
def test_only_a_sheet_is_marked_and_never_over_itself(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(filled("en", 2) if name.endswith("xlsx") else b"{}\n")
    how = ["--format", "json"] if name.endswith("jsonl") else []
    sent = CliRunner().invoke(mekong, ["send", str(path), *how, "--marked", str(path)])
    assert sent.exit_code == 2
    assert "--marked" in sent.output


def test_a_file_of_messages_is_checked_too(tmp_path):
    path = tmp_path / "may.jsonl"
    line = '{"message_type":"seizure","agency":"VN-CUSTOMS","case_no":"%s","seized_at":"2026-05-01","lines":[{"commodity_group":"drug",'
    line += '"substance_or_taxon":"heroin","quantity":"%s","unit":"kg"}]}\n'
    path.write_text(line % ("A", "1") + line % ("B", "none"), encoding="utf-8")
    result = CliRunner().invoke(mekong, ["check", str(path), "--format", "json"])
    assert result.exit_code == 1, result.output
    nobodys = line.replace('"agency":"VN-CUSTOMS",', "") % ("A", "1")
    path.write_text(line % ("A", "1") + nobodys + line % ("B", "none"), encoding="utf-8")
    assert CliRunner().invoke(mekong, ["check", str(path), "--format", "json"]).output.count("give the sender with --agency (line 2)") == 1
    assert "good              1" in result.output
    assert "rejected          1" in result.output
    assert "(line 2)" in result.output


ENGLISH = re.compile(r"\b(is|are|was|not|the|of|write|must|sent|row|rows|case|cases|note|reason)\b", re.IGNORECASE)


def texts_of(data: bytes) -> list[str]:
    """What is written onto a marked sheet: the headings, results and reasons of our columns, the comments, and the summary."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet, summed = book.worksheets[0], book.worksheets[-1]
    ours = [str(one.value) for row in sheet.iter_rows(min_col=AT["method_note"] + 1) for one in row if one.value]
    comments = [one.comment.text for row in sheet.iter_rows() for one in row if one.comment]
    return [*ours, *comments, *(str(row[0].value) for row in summed.iter_rows())]


@pytest.mark.parametrize("language", ["vi", "zh"])
def test_each_of_thirty_errors_is_explained_in_the_language_of_the_template(tmp_path, language):
    book = workbook(language, 40)
    for row, (field, value, _) in enumerate(WRONG, FIRST_ROW):
        book.worksheets[0].cell(row, AT[field]).value = value
    path, out = tmp_path / "may.xlsx", tmp_path / "out.xlsx"
    path.write_bytes(saved(book))
    result = CliRunner().invoke(mekong, ["check", str(path), "--marked", str(out)])
    assert result.exit_code == 1, result.output
    found = texts_of(out.read_bytes())
    assert len(found) > 100
    assert [text for text in found if ENGLISH.search(text)] == []
    assert RESULTS["rejected"][language] in found


def test_a_person_chooses_the_language_of_the_marks_in_a_sheet_that_does_not_say_it(tmp_path):
    path, out = tmp_path / "may.csv", tmp_path / "out.xlsx"
    path.write_bytes(as_csv(10))
    for wanted, expected in (([], "en"), (["--language", "zh"], "zh")):
        result = CliRunner().invoke(mekong, ["check", str(path), "--marked", str(out), *wanted])
        assert result.exit_code == 1, result.output
        sheet = openpyxl.load_workbook(io.BytesIO(out.read_bytes()))
        assert sheet.sheetnames[-1] == MARKED["summary"][expected]
        assert ENGLISH.search(sheet.worksheets[0].cell(3, 6).comment.text) is None or expected == "en"
    sent = CliRunner().invoke(mekong, ["check", str(tmp_path / "none"), "--format", "json", "--language", "zh"])
    assert sent.exit_code == 2


@pytest.mark.parametrize("language", ["vi", "zh"])
def test_receipts_and_what_a_newer_exchange_says_are_in_the_language(language):
    data = filled(language, 6)
    table, answers = open_table(data), Answers()
    stale = Answer("in.VN-CUSTOMS.v1", 3, Outcome.STALE)
    newer = Answer("in.VN-CUSTOMS.v1", 4, Outcome.REJECTED, reason=Reason.BAD_DATE, field="seized_at", detail="of a newer exchange")
    for row, answer in ((3, stale), (4, newer)):
        answers.received(Ref(row, f"row {row}", "VN-CUSTOMS", ""), answer)
    found = answers.on(table, None)
    lines = account(answers.receipts, found.counts, found.findings, ["no rows are filled in"], language)
    made = texts_of(marked(data, table.sheet, found.marking(table, lines, language)).data)
    in_english = [text for text in made if ENGLISH.search(text)]
    assert in_english
    assert all("of a newer exchange" in text for text in in_english)
    assert lines[0].startswith({"vi": "Phản hồi cho 2 trong 6 vụ.", "zh": "6 个案件中有 2 个已有回执。"}[language])
    assert [line for line in lines if ENGLISH.search(line) and "of a newer exchange" not in line] == []
