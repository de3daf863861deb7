"""Reads a date as people write it: serial numbers, figures in any order, names of months, Buddhist years. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from babel import Locale

from mekong.producers.sheets.cells import Value
from mekong.producers.sheets.numbers import digits
from mekong.producers.sheets.spellings import LANGUAGES, bare, key
from mekong.schemas.times import EventTime, Precision

BUDDHIST = 543
"""Years that the Buddhist calendar of Thailand, Laos, Cambodia and Myanmar is ahead."""
_BUDDHIST_YEARS = range(2443, 2743)
_YEARS = range(1900, 2200)
_SERIALS = range(20_000, 80_000)
"""1954 to 2119."""
_CENTURY = 2000
_TIME = re.compile(r"[T ]+\d{1,2}[:h.]\d\d(:\d\d)?(\.\d+)?( ?[ap]m)?(Z|[+-]\d\d:?\d\d)?$", re.IGNORECASE)
_FIGURES = re.compile(r"\d+")
_PLAIN = re.compile(r"\d{1,8}|\d{1,4}[\s/.,-]+(\d{1,2}[\s/.,-]+)?\d{1,4}[\s.]*")
_WORDY = re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月(\s*(?P<d>\d{1,2})\s*[日号號])?")
_VIETNAMESE = re.compile(r"(ngày\s*(?P<d>\d{1,2})\s*)?tháng\s*(?P<m>\d{1,2})\s*(năm|,|/)?\s*(?P<y>\d{4})", re.IGNORECASE)
_COMPACT = re.compile(r"(?P<y>(19|20|25)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>[0-2]\d|3[01])")
_EXAMPLE = "write it as 2026-05-31"


class Habit(NamedTuple):
    """How the dates of a sheet are written."""

    order: str = ""
    calendar: str = ""
    epoch: date | None = None


def read_date(value: Value, habit: Habit) -> EventTime | str:
    """A date as finely as it is written, or what to do."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return _day(value.year, value.month, value.day, habit)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return _serial(int(value), habit) if isinstance(value, float) else f"is not a date: {_EXAMPLE}"
    text = digits(str(value).strip().lstrip("'’"))  # an apostrophe that was typed to keep the cell a text
    text = _TIME.sub("", text) if len(_FIGURES.findall(text)) > 3 else text  # noqa: PLR2004 - year, month and day
    for form in (_WORDY, _VIETNAMESE, _COMPACT):
        if found := form.fullmatch(text.strip()):
            return _day(int(found["y"]), int(found["m"]), None if found["d"] is None else int(found["d"]), habit)
    if _PLAIN.fullmatch(text):
        return _figures([*_FIGURES.findall(text)], habit)
    return _named(text, habit)


def _serial(number: int, habit: Habit) -> EventTime | str:
    if number not in _SERIALS:
        return f"is not a date: {_EXAMPLE}"
    if habit.epoch is None:
        return "is the serial number of a date, and the file does not say from which day it counts: format the column as a date"
    day = habit.epoch + timedelta(days=number)
    return _day(day.year, day.month, day.day, habit)


def _figures(parts: list[str], habit: Habit) -> EventTime | str:
    if len(parts) == 1:
        number = int(parts[0])
        return _day(number, None, None, habit) if number in _YEARS or number in _BUDDHIST_YEARS else _serial(number, habit)
    if len(parts) == 2:  # noqa: PLR2004 - year and month
        year, month = sorted(map(int, parts), reverse=True)
        return _day(year, month, None, habit)
    a, b, c = map(int, parts)
    if len(parts[0]) == 4:  # noqa: PLR2004 - a year in full
        return _day(a, b, c, habit)
    if len(parts[2]) != 4:  # noqa: PLR2004
        if not habit.order:
            return f"has a year of two figures: {_EXAMPLE}, or say the order of dates in the layout, with order under [dates]"
        if habit.order == "ymd":
            return _day(a + _CENTURY, b, c, habit)
        c += _CENTURY
    if not habit.order and a != b and a <= 12 and b <= 12:  # noqa: PLR2004 - either may be the month
        return _two_orders(a, b, c)
    day_first = habit.order == "dmy" or (habit.order != "mdy" and a > 12) or (not habit.order and a == b)  # noqa: PLR2004
    return _day(c, b, a, habit) if day_first else _day(c, a, b, habit)


def _two_orders(a: int, b: int, year: int) -> str:
    year -= BUDDHIST if year in _BUDDHIST_YEARS else 0
    how = f"write it as {year:04}-{b:02}-{a:02} or {year:04}-{a:02}-{b:02}"
    return f"can be read in two orders, day first or month first: {how}, or say in the layout which, with order under [dates]"


def _named(text: str, habit: Habit) -> EventTime | str:
    """A date whose month is a name: ``3 May 2026``, ``3 พฤษภาคม 2569``, ``mai 2026``."""
    known, found = months(), key(text)
    for name in known:
        at = found.find(name)
        if at < 0 or _within_a_word(found, at, name):
            continue
        parts = [int(part) for part in _FIGURES.findall(found.replace(name, " ", 1))]
        years = [part for part in parts if part > 31]  # noqa: PLR2004 - no day of a month
        days = [part for part in parts if part <= 31]  # noqa: PLR2004
        if len(years) == 1 and len(days) <= 1:
            return _day(years[0], known[name], days[0] if days else None, habit)
    return f"is not a date: {_EXAMPLE}"


def _within_a_word(text: str, at: int, name: str) -> bool:
    """Whether ``mar`` was found in ``market``. Scripts without spaces between words are not asked."""
    after = text[at + len(name) : at + len(name) + 1]
    return name.isascii() and ((at > 0 and text[at - 1].isalpha()) or after.isalpha())


def _day(year: int, month: int | None, day: int | None, habit: Habit) -> EventTime | str:
    if year in _BUDDHIST_YEARS:
        if habit.calendar == "":
            how = f"write the year as {year - BUDDHIST}, or say so in the layout, with calendar under [dates]"
            return f"has a year of the Buddhist calendar, {BUDDHIST} ahead: {how}"
        if habit.calendar == "buddhist":
            year -= BUDDHIST
    if year not in _YEARS:
        return f"has no year from {_YEARS[0]} to {_YEARS[-1]}: {_EXAMPLE}"
    try:
        found = date(year, month or 1, day or 1)
    except ValueError:
        return f"is not a day of the calendar: {_EXAMPLE}"
    precision = Precision.YEAR if month is None else Precision.MONTH if day is None else Precision.DAY
    return EventTime(precision, found, None)


def written(time: EventTime) -> str:
    """A date as a message has it."""
    return {Precision.YEAR: f"{time.day:%Y}", Precision.MONTH: f"{time.day:%Y-%m}"}.get(time.precision, time.day.isoformat())


@cache
def months() -> Mapping[str, int]:
    """The names of months in the languages of sheets, the longest first; a name of two months is left out."""
    found: dict[str, int] = {}
    for language in LANGUAGES:
        names = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in names[context][width].items():
                    for one in {key(name), bare(name)}:
                        if not one.isdecimal() and found.setdefault(one, number) != number:
                            found[one] = 0
    found["sept"] = 9
    return {name: number for name, number in sorted(found.items(), key=lambda item: (-len(item[0]), item[0])) if number}
