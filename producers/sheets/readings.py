"""Reads the value of one cell as its column's field: text, code, date, quantity, money. What cannot be read is ``Wrong``. Pure.

No sentence has the words of a cell: they may be a person's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mekong.producers.sheets.cells import Value, words
from mekong.producers.sheets.dates import Habit, read_date
from mekong.producers.sheets.fields import FIELDS
from mekong.producers.sheets.garbled import garbled
from mekong.producers.sheets.layout import Column
from mekong.producers.sheets.numbers import digits, read_number, read_quantity
from mekong.producers.sheets.personal import named, personal_text
from mekong.producers.sheets.spellings import code_of, key
from mekong.schemas.damage import long_number, rounded_number
from mekong.schemas.rejected import Reason
from mekong.schemas.text import plain

_SEPARATORS = re.compile(r"\s*[;,|\n、，；/&+]\s*|\s+(?:and|và|et)\s+")
_KINDS = {"exact": "exact", "estimated": "estimated", "unknown": "unknown", "ước tính": "estimated", "估计": "estimated", "确切": "exact"}
_KEPT = 10**15
"""A spreadsheet keeps fifteen digits of a number."""
_MONEY = re.compile(r"^(?P<before>[^\d\s.,+-]*)\s*(?P<number>[\d.,'\s]+)\s*(?P<after>[^\d]*)$")
_SIGNS = {
    "₫": "VND",
    "đồng": "VND",
    "đ": "VND",
    "฿": "THB",
    "บาท": "THB",
    "元": "CNY",
    "人民币": "CNY",
    "₭": "LAK",
    "ກີບ": "LAK",
    "៛": "KHR",
    "us$": "USD",
    "€": "EUR",
}


class Wrong(NamedTuple):
    """Why a cell cannot be read."""

    reason: Reason
    detail: str
    may_be_left_out: bool = False
    """Whether it is only a word that is not on the code list."""


Found = Mapping[str, Any]
"""The fields that a cell gives. A quantity may give a unit too, and an amount of money its currency."""


def converted(value: Value, column: Column, habit: Habit, decimal: str) -> Found | Wrong:
    """The fields of a cell that is not empty."""
    name, kind = column.field, FIELDS[column.field].kind
    given = _given(column).get(key(words(value))) if column.values else None
    if given is not None:
        return {name: (given,) if kind == "codes" else given} if given else {}
    if kind in ("date", "quantity", "money"):
        return {"date": _date, "quantity": _quantity, "money": _money}[kind](value, column, habit, decimal)
    if kind in ("number", "count", "part"):
        return _number(value, column, habit, decimal)
    if kind == "case_no":
        return _case_no(value, name)
    text = words(value)
    return _OF_TEXT[kind](text if text.isascii() else plain(text), column)


def _given(column: Column) -> Mapping[str, str]:
    return {key(word): code for word, code in column.values.items()}


def _date(value: Value, column: Column, habit: Habit, _: str) -> Found | Wrong:
    found = read_date(value, habit)
    return Wrong(Reason.BAD_DATE, _seen(value) + found) if isinstance(found, str) else {column.field: found}


def _quantity(value: Value, column: Column, _: Habit, decimal: str) -> Found | Wrong:
    found = read_quantity(value, decimal)
    if isinstance(found, str):
        return Wrong(Reason.BAD_QUANTITY, _seen(value) + found)
    if found.number < 0:
        return Wrong(Reason.BAD_QUANTITY, _seen(value) + "is less than 0: write the quantity that was seized")
    if not found.number:
        return {}
    unit = {"unit": found.unit} if found.unit else {}
    kind = {"quantity_kind": "estimated"} if found.is_estimated else {}
    return {column.field: found.number, **unit, **kind}


def _number(value: Value, column: Column, habit: Habit, decimal: str) -> Found | Wrong:
    text = value.strip().rstrip("%°") if isinstance(value, str) else value
    found = read_number(text, decimal or ("." if column.field in ("lat", "lon") else ""))
    if isinstance(found, str):
        if column.field == "seized_at.month" and not isinstance(month := read_date(f"1 {words(value)} 2000", habit), str):
            return {column.field: month.day.month}
        return Wrong(Reason.INVALID_VALUE, _seen(value) + found)
    if FIELDS[column.field].kind == "number":
        return {column.field: found}
    if found != found.to_integral_value() or not 0 <= found < _KEPT:
        return Wrong(Reason.INVALID_VALUE, _seen(value) + "is not a whole number: write it as 12")
    return {column.field: int(found)}


def _money(value: Value, column: Column, _: Habit, decimal: str) -> Found | Wrong:
    text = digits(value.strip()) if isinstance(value, str) else ""
    split = _MONEY.match(text)
    currency: dict[str, str] = {}
    for word in filter(None, (split["before"].strip(), split["after"].strip()) if split else ()):
        code = _SIGNS.get(word.casefold()) or code_of("currencies", word)
        if code is None:
            return Wrong(
                Reason.UNKNOWN_CODE, "has a currency that is not known: write its code, as VND, THB, CNY or USD", may_be_left_out=True
            )
        currency = {"value_currency": code}
    found = read_number(split["number"].strip() if split else value, decimal)
    if isinstance(found, str):
        return Wrong(Reason.INVALID_VALUE, _seen(value) + found, may_be_left_out=True)
    return {column.field: found, **currency} if found >= 0 else Wrong(Reason.INVALID_VALUE, _seen(value) + "is less than 0")


def _case_no(value: Value, name: str) -> Found | Wrong:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _KEPT:
        return Wrong(
            Reason.INVALID_VALUE, "is a number of over 15 digits, and Excel has rounded it: format the column as text, and type it again"
        )
    text = plain(words(value))
    if rounded_number(text) and not long_number(text):
        return Wrong(Reason.INVALID_VALUE, _seen(value) + "was rounded by a spreadsheet: format the column as text, and type it again")
    if what := named(text):
        return Wrong(Reason.INVALID_VALUE, f"looks like {what}: a case has a number, and no names are sent")
    return {name: text} if text else {}


def _text(text: str, column: Column) -> Found | Wrong:
    if "\ufffd" in text:
        return Wrong(Reason.INVALID_UTF8, "has letters that were lost: write the text again")
    if old_font := garbled(text):
        return Wrong(Reason.INVALID_UTF8, old_font)
    known = column.field == "substance_or_taxon" and (code_of("substances", text) or code_of("taxa", text))
    if not known and (what := personal_text(text)):
        return Wrong(Reason.INVALID_VALUE, f"seems to have {what}: remove it, no names or personal data are sent")
    if column.field == "hs6":
        text = "".join(filter(str.isdecimal, text))[:6]
    return {column.field: text} if text else {}


def _code(text: str, column: Column) -> Found | Wrong:
    codes = FIELDS[column.field].codes
    code = code_of(codes, text)
    if code is not None:
        return {column.field: code}
    if column.otherwise is not None:
        return _text(text, column.model_copy(update={"field": column.otherwise}))
    return _unknown(codes)


def _codes(text: str, column: Column) -> Found | Wrong:
    codes, given = FIELDS[column.field].codes, _given(column) if column.values else {}
    whole = code_of(codes, text)
    if whole is not None:
        return {column.field: (whole,)}
    parts = [part for part in _SEPARATORS.split(text) if part]
    found = [given.get(key(part)) or code_of(codes, part) for part in parts]
    if None in found:
        return _unknown(codes)
    return {column.field: tuple(dict.fromkeys(code for code in found if code))} if found else {}


def _kind(text: str, column: Column) -> Found | Wrong:
    kind = _KINDS.get(key(text))
    return {column.field: kind} if kind else Wrong(Reason.UNKNOWN_CODE, "is not exact, estimated or unknown: write one of them")


def _unknown(codes: str) -> Wrong:
    detail = (
        f"is not on the code list {codes}: write a code or a name of the list, or add the word to the layout, under values of the column"
    )
    return Wrong(Reason.UNKNOWN_CODE, detail, may_be_left_out=True)


def _seen(value: Value) -> str:
    """A value that has no letters, for a sentence. Other values may be words of a person, and are not repeated."""
    text = words(value)
    return f"{text[:40]!r} " if text and not any(sign.isalpha() for sign in text) else ""


_OF_TEXT: Mapping[str, Callable[[str, Column], Found | Wrong]] = {"text": _text, "code": _code, "codes": _codes, "kind": _kind}
