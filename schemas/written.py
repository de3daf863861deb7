"""Writes numbers and days as each language does, by the Unicode CLDR (Babel): 2,430 and 7.5; in Vietnamese 2.430 and 7,5."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

_LOCALES = {"en": Locale("en", "GB"), "vi": Locale("vi"), "zh": Locale("zh")}
_FINE, _FINER = 10, 0.1  # below it a number has a decimal, or two


@lru_cache(maxsize=4_096)
def number(value: float | Decimal, language: str) -> str:
    """A number for a sentence. Below 10 it has one decimal when needed; above, it is rounded and its thousands are separated."""
    size = abs(float(value))
    pattern = "#,##0" if size >= _FINE else "#,##0.#" if size >= _FINER else "#,##0.##"
    return str(format_decimal(value, pattern, _LOCALES[language]))


@lru_cache(maxsize=4_096)
def exact(value: Decimal, language: str) -> str:
    """A quantity. Below 10 it has all its decimals; above, it is rounded."""
    return str(format_decimal(value, "#,##0.######" if value < _FINE else "#,##0", _LOCALES[language]))


@lru_cache(maxsize=4_096)
def day(at: date, language: str) -> str:
    """A day: 3 May 2026, 03/05/2026, 2026年5月3日."""
    return str(format_date(at, "dd/MM/y" if language == "vi" else "long", _LOCALES[language]))


@lru_cache(maxsize=512)
def month(at: date, language: str) -> str:
    """A month of a year: May 2026, tháng 5 năm 2026, 2026年5月."""
    return str(format_skeleton("yMMMM", at, locale=_LOCALES[language]))


def fact(value: object, language: str) -> object:
    """What a sentence names, as it is written: a number, a day, an instant, or a text of each language; a text stays as it is."""
    if isinstance(value, Mapping):
        return value[language]
    if isinstance(value, datetime):
        return moment(value, language)
    if isinstance(value, date):
        return day(value, language)
    return number(value, language) if isinstance(value, int | float | Decimal) else value


def moment(at: datetime, language: str) -> str:
    """An instant, where ``at`` has its offset: 3 May 2026, 13:20 (UTC+07:00)."""
    offset = at.isoformat()[-len("+07:00") :] if at.utcoffset() else ""
    return f"{day(at.date(), language)}, {at:%H:%M} (UTC{offset})"
