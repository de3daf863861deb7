"""Says how well the values of a column fit a field: dates, numbers, words of a code list, numbers that differ from row to row. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mekong.producers.sheets.cells import Value, words
from mekong.producers.sheets.dates import Habit, read_date
from mekong.producers.sheets.fields import FIELDS
from mekong.producers.sheets.layout import Column
from mekong.producers.sheets.numbers import digits, read_quantity
from mekong.producers.sheets.personal import personal_text
from mekong.producers.sheets.readings import Wrong, converted
from mekong.producers.sheets.spellings import code_of

LOOKED_AT = 200
"""Rows whose values are looked at."""
_ORDERED = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{2,4})")
_DIGIT = re.compile(r"\d")
_MOST_MONTHS = 12


def fit(field: str, values: Sequence[Value]) -> float:
    """The share of the values that can be of the field, from 0 to 1; 0.5 where there are none."""
    kind = FIELDS[field].kind
    if not values:
        return 0.5
    if field == "substance_or_taxon":
        known = sum(code_of("substances", words(value)) is not None or code_of("taxa", words(value)) is not None for value in values)
        text = sum(isinstance(value, str) and not _is_number(value) and not is_date(value) for value in values)
        return 1.0 if known >= len(values) / 3 else 0.7 * text / len(values)
    if kind == "case_no":
        texts = {words(value) for value in values}
        are_numbers = len(texts) > len(values) / 2 and all(_DIGIT.search(text) for text in texts)
        return 1.0 if are_numbers and sum(map(is_date, values)) <= len(values) / 2 else 0.2
    if kind == "date":
        return sum(map(is_date, values)) / len(values)
    if kind in ("quantity", "money"):
        return sum(_is_number(value) for value in values) / len(values)
    if kind == "text":
        return sum(isinstance(value, str) and not _is_number(value) and not is_date(value) for value in values) / len(values)
    column = Column(headings=("x",), field=field)
    return sum(not isinstance(converted(value, column, Habit("dmy", "buddhist"), "."), Wrong) for value in values) / len(values)


def strong(field: str) -> bool:
    """Whether values that fit say more than that they are texts or numbers."""
    return FIELDS[field].kind in ("date", "code", "codes", "case_no") or field == "substance_or_taxon"


def is_date(value: Value) -> bool:
    """Whether a value is a date in any order and calendar."""
    if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
        return False
    return any(not isinstance(read_date(value, Habit(order, "buddhist")), str) for order in ("dmy", "mdy", "ymd"))


def order_of(values: Sequence[Value]) -> str | None:
    """The order of dates: ``dmy``, ``mdy``, empty when no date could be read in two, None when it is not known."""
    pairs = [found for value in values if isinstance(value, str) and (found := _ORDERED.match(digits(value)))]
    first = max((int(found[1]) for found in pairs), default=0)
    second = max((int(found[2]) for found in pairs), default=0)
    if not pairs:
        return ""
    if first > _MOST_MONTHS and second <= _MOST_MONTHS:
        return "dmy"
    return "mdy" if second > _MOST_MONTHS >= first else None


def is_buddhist(values: Sequence[Value]) -> bool:
    """Whether years are written as the Buddhist calendar counts them."""
    found = [read_date(value, Habit("dmy", "")) for value in values]
    return any(isinstance(one, str) and "Buddhist" in one for one in found)


def decimal_of(values: Sequence[Value]) -> str | None:
    """The decimal sign: empty when the numbers are clear, None when it is not known."""
    texts = [value for value in values if isinstance(value, str)]
    unclear = [text for text in texts if isinstance(found := read_quantity(text, ""), str) and "two ways" in found]
    signs = {sign for sign in ".," for text in texts if re.search(rf"\d\{sign}(\d{{1,2}}|\d{{4,}})$", text)}
    if len(signs) == 1:
        return signs.pop()
    return None if unclear else ""


def units_of(values: Sequence[Value]) -> list[str]:
    """The units that the cells of quantities have themselves, as ``5 kg``."""
    found = (read_quantity(value, ".") for value in values)
    return [one.unit for one in found if not isinstance(one, str) and one.unit]


def personal(values: Sequence[Value]) -> bool:
    """Whether many of the values look like personal data."""
    texts = [value for value in values if isinstance(value, str)]
    return bool(texts) and sum(personal_text(text) is not None for text in texts) * 3 >= len(texts)


def _is_number(value: Value) -> bool:
    return not isinstance(value, bool) and not isinstance(read_quantity(value, "."), str)
