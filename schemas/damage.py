"""Finds damage that a spreadsheet or a person did to a text or to numbers. Pure. Used before sending and at intake."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_KEPT_DIGITS = 15
"""Spreadsheets keep this many digits of a number. The other digits become zeros."""
_ROUNDED = re.compile(r"\d([.,]\d+)?[eE]\+\d+|[1-9]\d{14}0+", re.ASCII)
_DIGIT = re.compile(r"\d")
_LONGEST_TOTAL = 30
_TOTALS = frozenset(
    (
        *("total", "totals", "grand total", "sub total", "subtotal", "sum"),
        *("tong", "tong cong", "tong so", "cong"),  # Vietnamese, without its marks
        *("合计", "合計", "总计", "總計", "小计", "小計", "总和"),
    )
)


def rounded_number(text: str) -> bool:
    """Whether a spreadsheet may have rounded this case number: ``2.02651E+15``, or fifteen digits and then only zeros.

    A number of sixteen digits that ends in 0 looks the same and may be right.
    """
    return bool(_ROUNDED.fullmatch(text))


def long_number(text: str) -> bool:
    """Whether the text is an integer with more digits than a spreadsheet keeps."""
    return len(text) > _KEPT_DIGITS and text.isascii() and text.isdecimal()


def names_a_total(text: str) -> bool:
    """Whether a name of goods, or a case number, is a word for the sum of a table: ``Total``, ``Tổng cộng``, ``合计``."""
    return len(text) <= _LONGEST_TOTAL and not _DIGIT.search(text) and _words(text) in _TOTALS


@lru_cache(maxsize=4_096)
def _words(text: str) -> str:
    """The words of a text without marks, signs and capitals."""
    plain = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\W_]+", " ", plain).split()).casefold()
