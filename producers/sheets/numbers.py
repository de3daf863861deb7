"""Reads a quantity as people write it: local digits, decimal commas, "approx. 5 kg", "约一公斤". Pure."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from mekong.producers.sheets.cells import Value
from mekong.producers.sheets.spellings import code_of

_ABOUT = re.compile(
    r"^(approximately|approx\.?|about|around|circa|ca\.?|est\.?|estimated|environ|env\.?|"
    r"khoảng|chừng|ước tính|ước|~|≈|±|大约|大約|约|約|近|ประมาณ|ราว|ປະມານ|ប្រហែល|ប្រមាណ|ခန့်မှန်း|အနီး)\s*",
    re.IGNORECASE,
)
_ABOUT_AFTER = re.compile(r"\s*(\(?(approx\.?|est\.?|estimated|左右|上下|ခန့်)\)?|\+/-)$", re.IGNORECASE)
_SPLIT = re.compile(r"^([+-]?[\d.,'’\u00a0\u202f ]*\d[.,]?|[〇零一二两兩三四五六七八九十百千万萬半]+)\s*(.*)$", re.DOTALL)
_EXPONENT = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d{1,3}", re.ASCII)
_GROUPS = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(\1\d{3})*", re.ASCII)
_MOST_LENGTH = 60
_CHINESE = {**{sign: number for number, sign in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2, "兩": 2}
_TIMES = {"十": 10, "百": 100, "千": 1_000}
_TEN_THOUSAND = "万萬"


class Quantity(NamedTuple):
    """A number as it was written."""

    number: Decimal
    unit: str = ""
    """The code of the unit that stands with the number."""
    is_estimated: bool = False


def read_quantity(value: Value, decimal: str) -> Quantity | str:
    """A number with what stands around it, or what to do. ``decimal`` is the sign of the layout, or empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return "is not a number: write it as 12.5, and format the cell as a number"
    if not isinstance(value, str):
        return Quantity(Decimal(repr(value)))
    text = digits(value.strip())
    if len(text) > _MOST_LENGTH:
        return "is too long for a number: write only the number, as 12.5"
    rest = _ABOUT_AFTER.sub("", _ABOUT.sub("", text))
    if _EXPONENT.fullmatch(rest):
        return Quantity(Decimal(rest), "", rest != text)
    split = _SPLIT.match(rest)
    if split is None:
        return "is not a number: write it as 12.5"
    unit = code_of("units", split[2]) if split[2] else ""
    if unit is None:
        return "has words after the number: write only the number, and the unit in a column of its own"
    number = _chinese(split[1]) if split[1][-1] in "".join(_CHINESE) + "十百千万萬半" else _number(split[1], decimal)
    return number if isinstance(number, str) else Quantity(number, unit, rest != text)


def read_number(value: Value, decimal: str) -> Decimal | str:
    """A number alone, or what to do."""
    found = read_quantity(value, decimal)
    if isinstance(found, str):
        return found
    return "has more than a number: write only the number, as 12.5" if found.unit or found.is_estimated else found.number


def digits(text: str) -> str:
    """The digits of any script, and letters of double width, as ASCII."""
    if text.isascii():
        return text
    wide = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign for sign in wide)


def _number(written: str, decimal: str) -> Decimal | str:
    text = re.sub(r"[\s'’\u00a0\u202f]", "", written).rstrip(".,")
    marks = [sign for sign in text if sign in ".,"]
    if not decimal:
        if len(marks) == 1 and _GROUPS.fullmatch(text) and not text.lstrip("+-").startswith("0"):
            return _two_ways(*re.split(r"[.,]", text))
        decimal = marks[-1] if marks and marks.count(marks[-1]) == 1 else "."
        decimal = decimal if not marks or marks.count(marks[-1]) == 1 else "," if marks[-1] == "." else "."
    whole, _, part = text.partition(decimal)
    other = "," if decimal == "." else "."
    if other in whole and not _GROUPS.fullmatch(whole):
        return f"is not a number with the decimal sign {decimal!r}: write it as 12{decimal}5"
    try:
        return Decimal(f"{whole.replace(other, '') or '0'}.{part}".rstrip("."))
    except InvalidOperation:
        return f"is not a number: write it as 12{decimal}5"


def _two_ways(whole: str, part: str) -> str:
    """``1.234`` is 1234 for one person, and a little more than 1 for another."""
    clear = f"{whole}.{part}0"
    how = f"write {whole}{part}, or {clear}, or make the cell a number"
    return (
        f"can be read in two ways, as {whole}{part} or as {whole}.{part}: {how}; or say in the layout which, with decimal under [numbers]"
    )


def _chinese(text: str) -> Decimal | str:
    """``一`` is 1, ``十五`` is 15, ``两千三百`` is 2,300, ``半`` is 0.5."""
    if text == "半":
        return Decimal("0.5")
    half, text = (Decimal("0.5"), text[:-1]) if text.endswith("半") else (Decimal(0), text)
    total, part, digit = 0, 0, 0
    for sign in text:
        if sign in _CHINESE:
            digit = _CHINESE[sign]
        elif sign in _TIMES:
            part, digit = part + (digit or 1) * _TIMES[sign], 0
        elif sign in _TEN_THOUSAND:
            total, part, digit = (part + digit) * 10_000, 0, 0
        else:
            return "is not a number: write it as 12.5"
    return Decimal(total + part + digit) + half
