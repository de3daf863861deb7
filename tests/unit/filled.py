"""Fills a template as a person would, with openpyxl."""

from __future__ import annotations

import io
from datetime import date
from functools import cache
from typing import Any

import openpyxl

from mekong.producers.sheets.template import template, words_of
from mekong.schemas.codes import code_list
from mekong.schemas.columns import COLUMNS
from mekong.schemas.languages import Language

FIRST_ROW = 3
"""Of a filled template: the headings and the example are above."""
AT = {field: place for place, field in enumerate(COLUMNS, 1)}
"""Field -> its column, counted from 1."""
_GIVEN = {"suspects.count": 1, "value_amount": 1000, "value_currency": "VND", "quantity": 1.5, "method_note": "hidden in a suitcase"}


def workbook(language: Language, cases: int, agency: str = "VN-CUSTOMS") -> openpyxl.Workbook:
    """A template with that many cases."""
    book = openpyxl.load_workbook(io.BytesIO(_empty(agency, language)))
    sheet = book.worksheets[0]
    same: dict[str, Any] = {}
    for field, column in COLUMNS.items():
        shown = _GIVEN.get(field, column.example)
        same[field] = words_of(code_list(column.codes)[shown], language) if column.codes and shown else shown
    for number in range(cases):
        own = {"case_no": f"VN-2026-{number + 1:04}", "seized_at": date(2026, 5, 1 + number % 28), "quantity": 1.5 + number / 8}
        for field, value in {**same, **own}.items():
            sheet.cell(FIRST_ROW + number, AT[field]).value = value or None
    return book


_empty = cache(template)


def saved(book: openpyxl.Workbook) -> bytes:
    """The bytes of a workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@cache
def filled(language: Language, cases: int, agency: str = "VN-CUSTOMS") -> bytes:
    """The bytes of ``workbook``."""
    return saved(workbook(language, cases, agency))
