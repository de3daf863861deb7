"""A layout that cannot be right is refused in a sentence, and one that is right does what its page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mekong.producers.files import SendOptions
from mekong.producers.formats.sheet import sheet_format
from mekong.producers.parsed import Parsed
from mekong.producers.sheets.layout import layout_named, read_layout
from mekong.schemas.errors import Refused
from mekong.schemas.rejected import Reason

PAGE = Path(__file__).parents[2] / "docs" / "sheets.md"
COLUMNS = '[[columns]]\nfield = "case_no"\nheadings = ["Case"]\n[[columns]]\nfield = "seized_at"\nheadings = ["Date"]\n'
GOODS = '[[columns]]\nfield = "substance_or_taxon"\nheadings = ["Goods"]\n[[columns]]\nfield = "quantity"\nheadings = ["Kg"]\nunit = "kg"\n'


def read(text: str, csv: str) -> list:
    return list(sheet_format(read_layout(text, "my.toml"), "VN-CUSTOMS").parse([csv.encode()]))


def test_the_layout_of_the_page_is_a_layout_and_reads_a_sheet():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    csv = (
        "Case no;Ngày thu giữ;Loại ma túy;Khối lượng (kg);Phương tiện\n"
        "17;03/04/2568;heroin;1.234,5;Xe lôi\n18;04/04/2568;heroin;2;Máy kéo\n"
        "Prepared by x;;;;\n19;04/04/2568;opium;0,5;Không rõ\nNotes;;;;\nx;;;;\n"
    )
    found = [json.loads(item.value) for item in read(text, csv)]
    assert [(one["case_no"], one["seized_at"], one["lines"][0]["quantity"], one.get("transport_mode")) for one in found] == [
        ("17", "2025-04-03", "1234.5", "car_motorcycle"),
        ("18", "2025-04-04", "2", None),
        ("19", "2025-04-04", "0.5", None),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title =", "is not TOML"),
        ('title = "x"\ncolumns = []', "columns"),
        (f'title = "x"\ncolour = 1\n{COLUMNS}', "colour"),
        (f'title = "x"\n{COLUMNS}'.replace("seized_at", "sized_at"), "'sized_at' is not a field"),
        (f'title = "x"\n{COLUMNS}'.replace("case_no", "revision"), "no column is the case_no"),
        (f'title = "x"\n{COLUMNS}line = "ivory"', "which [lines] does not have"),
        (f'title = "x"\n[lines.ivory]\n{COLUMNS}line = "ivory"', "seized_at is a field of the case"),
        (f'title = "x"\n{COLUMNS}'.replace("seized_at", "suspects.nationalities"), "needs a column suspects.count"),
        (f'title = "x"\nagency = "me"\n{COLUMNS}', "agency"),
    ],
)
def test_a_layout_that_cannot_be_right_is_refused_in_a_sentence(text, says):
    with pytest.raises(Refused, match=re.escape(says)):
        read_layout(text, "my.toml")


def test_a_layout_that_is_not_there_names_those_that_are():
    with pytest.raises(Refused, match="aitr, cites-trade, eia"):
        layout_named("atir")


def test_a_column_with_a_personal_heading_is_not_sent_even_when_a_layout_names_it():
    text = f'title = "x"\n{COLUMNS}{GOODS}[[columns]]\nfield = "admin1"\nheadings = ["Họ và tên"]\n'
    layout = read_layout(text + '[constants]\ncommodity_group = "drug"\n', "my.toml")
    format_ = sheet_format(layout, "VN-CUSTOMS")
    (found,) = format_.parse(["Case,Date,Goods,Kg,Họ và tên\n17,2025-05-03,heroin,1,Ai Do\n".encode()])
    assert b"Ai Do" not in found.value
    assert "column E, Họ và tên: not sent, personal data" in format_.notes()


def test_a_case_may_have_one_row_only():
    text = f'title = "x"\n[case]\nrows = "one"\n{COLUMNS}{GOODS}'
    csv = "Case,Date,Goods,Kg\n17,2025-05-03,heroin,1\n18,2025-05-03,heroin,1\n17,2025-05-03,heroin,1\n"
    found = read(text, csv)
    assert [(item.where, isinstance(item, Parsed)) for item in found] == [("row 3", True), ("row 4", False)]
    assert found[1].detail == "A4 the case number is in row 2 already: give each case a number of its own"


def test_goods_of_no_known_group_need_one():
    (found,) = read(f'title = "x"\n{COLUMNS}{GOODS}', "Case,Date,Goods,Kg\n17,2025-05-03,moon dust,1\n")
    assert (found.reason, found.detail[:3]) == (Reason.MISSING_FIELD, "C2 ")
    assert "add a column, or a constant in the layout" in found.detail


def test_another_layout_makes_another_edition_of_the_same_bytes():
    one, other = (sheet_format(read_layout(f'title = "{title}"\n{COLUMNS}{GOODS}', "my.toml")) for title in "ab")
    assert one.variant != other.variant
    assert sheet_format().variant == ""


def test_the_name_of_a_sheet_is_not_sent():
    assert SendOptions(sheet_format()).format.called("Nguyễn Văn A.xlsx").startswith("sheet-")
    assert "Nguy" not in sheet_format().called("Nguyễn Văn A.xlsx")
