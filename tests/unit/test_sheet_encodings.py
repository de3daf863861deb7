"""A CSV file in the encodings of the region is read, and what was typed in an old font is refused and never stored garbled."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
import xlsxwriter

from mekong.producers.formats.sheet import sheet_format
from mekong.producers.parsed import Parsed
from mekong.producers.sheets.garbled import garbled
from mekong.schemas.rejected import Reason, Rejected

VIETNAMESE = "Số vụ,Ngày,Hàng hóa,Số lượng,Đơn vị,Ghi chú\n1,2025-05-03,heroin,1.5,kg,giấu trong thùng hàng\n2,2025-05-04,tê tê,3,con,\n"
CHINESE = "案件编号,日期,物品,数量,单位,备注\n1,2025-05-03,海洛因,1.5,公斤,藏在货箱里\n2,2025-05-04,穿山甲属,3,只,\n"
THAI = "Case number,Date,Goods,Quantity,Unit,Note\n1,2025-05-03,heroin,1.5,กิโลกรัม,ซ่อนในตู้สินค้า\n2,2025-05-04,Manis javanica,3,ตัว,\n"
JAPANESE = "Case number,Date,Goods,Quantity,Unit,Note\n1,2025年5月3日,heroin,1.5,kg,コンテナの中に隠されていた\n"
TCVN3 = "Sè vô,Ngµy,Hµng hãa,Sè l\xadîng,§¬n vÞ\n1,2025-05-03,ma tóy tæng hîp,1.5,kg\n"
VNI = "Soá vuï,Ngaøy,Haøng hoùa,Soá löôïng,Ñôn vò\n1,2025-05-03,ma tuùy toång hôïp,1.5,kg\n"
ZAWGYI = "Case number,Date,Goods,Quantity,Unit\n1,2025-05-03,မူးယစ္ေဆးဝါး,1.5,kg\n"
TONES = "\u0300\u0301\u0303\u0309\u0323"


def windows_1258(text: str) -> bytes:
    """As Windows writes it: a letter with its hat, and the mark of its tone after it."""
    found = []
    for letter in text:
        try:
            found.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", letter)
            base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in TONES))
            found.append((base + "".join(part for part in parts if part in TONES)).encode("cp1258"))
    return b"".join(found)


def read(data: bytes, encoding: str = "") -> tuple[list, str]:
    format_ = sheet_format(None, "VN-CUSTOMS", encoding)
    return list(format_.parse([data])), "\n".join(format_.notes())


@pytest.mark.parametrize(
    ("data", "encoding", "note"),
    [
        pytest.param(VIETNAMESE.encode(), "utf-8", "giấu trong thùng hàng", id="utf-8"),
        pytest.param(unicodedata.normalize("NFD", VIETNAMESE).encode(), "utf-8", "giấu trong thùng hàng", id="utf-8, marks apart"),
        pytest.param(VIETNAMESE.encode("utf-16"), "utf-16", "giấu trong thùng hàng", id="utf-16"),
        pytest.param(VIETNAMESE.encode("utf-16-le"), "utf-16", "giấu trong thùng hàng", id="utf-16 without a mark"),
        pytest.param(windows_1258(VIETNAMESE), "windows-1258", "giấu trong thùng hàng", id="windows-1258"),
        pytest.param(CHINESE.encode("gbk"), "gbk", "藏在货箱里", id="gbk"),
        pytest.param(THAI.encode("cp874"), "tis-620", "ซ่อนในตู้สินค้า", id="tis-620"),
        pytest.param(JAPANESE.encode("cp932"), "shift-jis", "コンテナの中に隠されていた", id="shift-jis"),
    ],
)
def test_an_encoding_is_detected_and_said_and_may_be_given(data, encoding, note):
    found, notes = read(data)
    assert all(isinstance(item, Parsed) for item in found), found
    assert json.loads(found[0].value)["method_note"] == unicodedata.normalize("NFC", note)
    assert encoding == "utf-8" or "utf-16" in notes.lower() or data[:2] == b"\xff\xfe" or f"seems to be {encoding}" in notes
    assert read(data, encoding)[0] == found


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(TCVN3.encode("latin-1"), "TCVN3", id="TCVN3 in bytes"),
        pytest.param(TCVN3.encode(), "TCVN3", id="TCVN3 in UTF-8"),
        pytest.param(VNI.encode("latin-1"), "VNI", id="VNI in bytes"),
        pytest.param(VNI.encode(), "VNI", id="VNI in UTF-8"),
        pytest.param(ZAWGYI.encode(), "Zawgyi", id="Zawgyi"),
    ],
)
def test_a_text_of_an_old_font_is_refused_with_what_to_do(data, says):
    (found,) = read(data)[0]
    assert found.reason is Reason.INVALID_UTF8
    assert says in found.detail
    assert "convert the file to Unicode" in found.detail


def test_an_old_font_far_below_in_a_workbook_is_refused_with_its_cell():
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Case number", "Date", "Goods", "Quantity", "Unit", "Note"])
    for number in range(1, 60):
        note = {58: "giÊu trong thïng hµng, ®­îc phñ kÝn"}.get(number, "giấu trong thùng hàng")
        sheet.write_row(number, 0, [str(number), "2025-05-03", "heroin", 1, "kg", note])
    book.close()
    found = [item for item in read(data.getvalue())[0] if isinstance(item, Rejected)]
    assert [(item.reason, item.detail[:3]) for item in found] == [(Reason.INVALID_UTF8, "F59")]


@pytest.mark.parametrize(
    "text", [VIETNAMESE, CHINESE, THAI, JAPANESE, "où, château, goût, maïs, Noël", "ဧရာဝတီတိုင်း ကျွန်း ပေါင်", "España, año"]
)
def test_unicode_texts_are_not_taken_for_an_old_font(text):
    assert garbled(text) == ""


def test_what_cannot_be_decoded_says_the_way_out():
    assert "give --encoding" in read(b"Case number,Date\n\x81\xff\xfe,\x90\n")[0][0].detail
    assert "one of utf-8" in read(b"x", "klingon")[0][0].detail
    assert "is not gbk text" in read(b"Case number,Date\n\xff\xff\n", "gbk")[0][0].detail
