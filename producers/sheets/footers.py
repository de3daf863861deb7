"""Recognises the rows below a table that say who made it (``Prepared by``, ``Người lập biểu``, ``制表人``), by their first words. Pure."""

from __future__ import annotations

import re

from mekong.producers.sheets.cells import Row, words
from mekong.producers.sheets.spellings import bare

_WORDS = (
    *("prepared by", "compiled by", "drawn up by", "checked by", "verified by", "reviewed by", "approved by", "certified by", "signed by"),
    *("signature", "signatures", "authorised signature", "authorized signature", "name and signature"),
    *("người lập biểu", "người lập bảng", "người lập báo cáo", "người lập", "lập biểu", "người kiểm tra", "người duyệt", "người phê duyệt"),
    *("thủ trưởng", "thủ trưởng đơn vị", "ký tên", "ký ghi rõ họ tên", "ký và ghi rõ họ tên", "xác nhận của"),
    *("établi par", "préparé par", "vérifié par", "approuvé par"),
)
_STEMS = (
    *(
        "制表人",
        "制表单位",
        "制表日期",
        "製表人",
        "填表人",
        "填报人",
        "审核人",
        "審核人",
        "审批人",
        "复核人",
        "负责人",
        "单位负责人",
        "经办人",
    ),
    *("ผู้จัดทำ", "ผู้รายงาน", "ผู้ตรวจสอบ", "ผู้อนุมัติ", "ลงชื่อ"),
)
"""Of scripts that write no spaces between words."""
_SPELT = frozenset(map(bare, _WORDS))
_DIGIT = re.compile(r"\d")


def names_a_footer(text: str) -> bool:
    """Whether the first text of a row says who made, checked or signed the table."""
    spelt = bare(text)
    parts = spelt.split()
    return any(" ".join(parts[:length]) in _SPELT for length in range(1, min(len(parts), 6) + 1)) or spelt.startswith(_STEMS)


def has_digits(row: Row, *columns: int) -> bool:
    """Whether a row has a digit in any of its cells, or in one of these columns. A seizure has a date, so it has one."""
    values = [row.values[index] for index in columns if index < len(row.values)] if columns else row.values
    return any(_DIGIT.search(words(value)) for value in values)
