"""Writes the values of a case as the cells of an official sheet have them: labels, dates, quantities that can be read in one way. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from mekong.schemas.codes import code_list
from mekong.sinks.exports.shape import Case, Cell, Goods

_MOST_DIGITS = 15
"""A spreadsheet keeps so many of a number."""
_THOUSANDS = re.compile(r"\d{1,3}\.\d{3}")
_SEPARATES = re.compile(r"[;,|/&+\u3001\uff0c\uff1b]| and ")
BETWEEN = "; "


def day_of(case: Case) -> Cell:
    """The local date of the seizure; a text when only the month or the year is known."""
    text = str(case.content["seized_at"])[:10]
    return date.fromisoformat(text) if len(text) == len("2026-05-31") else text


def label(codes: str, code: str | None, words: Mapping[str, str] | None = None) -> str:
    """The word of the format for a code, or the label of the code list in English."""
    if not code:
        return ""
    entry = code_list(codes).get(code)
    return (words or {}).get(code) or (entry.label() if entry else code)


def labels(codes: str, found: Iterable[str], words: Mapping[str, str] | None = None) -> str:
    """Several codes in one cell. A label that has a sign of a list in it (``Bosnia & Herzegovina``) is then its code."""
    every = tuple(found)
    texts = (label(codes, code, words) for code in every)
    parts = (code if len(every) > 1 and _SEPARATES.search(text) else text for code, text in zip(every, texts, strict=True))
    return BETWEEN.join(dict.fromkeys(parts))


def countries(case: Case, role: str) -> tuple[str, ...]:
    """The countries of one role on the route."""
    return tuple(dict.fromkeys(step["country"] for step in case.content.get("route", ()) if step["role"] == role))


def country_of(case: Case) -> str:
    """The code of the country of the seizure: the agency's own when the agency gave none."""
    return str(case.content.get("country") or case.enriched.get("country") or case.enriched.get("agency_country") or "")


def place_of(case: Case) -> str:
    """The place, or else the province."""
    return label("places", case.content.get("place")) or str(case.content.get("admin1") or "")


def province_of(case: Case) -> str:
    """The province, or that of the place."""
    entry = code_list("places").get(case.content.get("place") or "")
    return str(case.content.get("admin1") or (entry.fields.get("admin1", "") if entry else ""))


def number(value: Any) -> Cell:
    """A number as a cell keeps it exactly: a longer one is a text."""
    if value in (None, ""):
        return ""
    found = Decimal(str(value))
    if len(found.as_tuple().digits) > _MOST_DIGITS or abs(found) >= 10**_MOST_DIGITS:
        return written(found)
    return int(found) if found == found.to_integral_value() else float(found)


def written(value: Any) -> str:
    """A number in a text, which can be read in one way only: 1.234 is 1.2340."""
    text = f"{Decimal(str(value)):f}"
    return f"{text}0" if _THOUSANDS.fullmatch(text) else text


def quantity_with_unit(line: Goods) -> str:
    """``approx. 5 kg``; empty when the quantity is not known."""
    own = line.own
    if own.get("quantity") is None:
        return ""
    about = "approx. " if own.get("quantity_kind") == "estimated" else ""
    return f"{about}{written(own['quantity'])} {own['unit']}"


def money(case: Case) -> str:
    """``USD 120000.50``."""
    amount = case.content.get("value_amount")
    return "" if amount is None else f"{case.content.get('value_currency') or ''} {written(amount)}".strip()


def nationalities(case: Case) -> tuple[str, ...]:
    """Of the suspects."""
    return tuple((case.content.get("suspects") or {}).get("nationalities", ()))
