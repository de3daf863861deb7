"""Writes the empty sheet of a layout as a workbook: headings, drop-down lists, notes and an example in one language.

The same call gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from io import BytesIO
from typing import Any, Literal

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name

from mekong.producers.sheets import marker
from mekong.producers.sheets.marker import Marker
from mekong.schemas.codes import Entry, code_list
from mekong.schemas.columns import COLUMNS, EXAMPLE, Column
from mekong.schemas.languages import Language
from mekong.schemas.sheet_words import TEMPLATE
from mekong.schemas.times import FIRST_YEAR

LAYOUT = "simple"
FILLED = "TEST-0002"
"""The number of the case in a filled template."""
LAST_ROW = 5_000
"""The last row with drop-down lists."""
_HOW = ("how_1", "how_2", "how_3", "how_4")
_LONGEST_MESSAGE = 255  # of a note of a validation
_LONGEST_TITLE = 32
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook has no time zone; a fixed time gives the same bytes
_DATE = "yyyy-mm-dd"
_MARGIN, _NARROW, _WIDE = 4, 14, 30


def template(agency: str, language: Language, *, filled: bool = False, send: Literal["how_5", "how_page"] = "how_5") -> bytes:
    """The template ``simple`` for an agency. ``filled``: with one case that is made up, whose number is ``FILLED``.

    ``send``: the sentence that says how to send the sheet, by command or on the sender's page.
    """
    buffer = BytesIO()
    with Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE})
        _Template(book, agency, language, filled=filled, send=send).write()
    return buffer.getvalue()


def words_of(entry: Entry, language: str) -> str:
    """How a code is shown in a drop-down list. Units of measure and markings are known by their codes in every language."""
    if entry.code.startswith("TLP:") or (entry.fields.get("base_unit") and len(entry.code) <= len("cm3")):
        return entry.code
    return entry.label(language)


class _Template:
    def __init__(self, book: Workbook, agency: str, language: Language, *, filled: bool, send: str) -> None:
        self._book, self._agency, self._language, self._filled = book, agency, language, filled
        self._how = (*_HOW, send)
        self._data = book.add_worksheet(self._say("sheet"))
        self._notes = book.add_worksheet(self._say("notes"))
        self._lists = book.add_worksheet(marker.NAME)
        self._ranges: dict[str, str] = {}

    def write(self) -> None:
        """All three worksheets."""
        self._write_lists()
        self._write_columns()
        self._write_notes()

    def _say(self, key: str) -> str:
        return TEMPLATE[key][self._language].format(agency=self._agency)

    def _format(self, **properties: Any) -> Format:
        return self._book.add_format({"font_name": "Arial", "font_size": 10, **properties})

    def _write_lists(self) -> None:
        self._lists.hide()
        self._lists.write_row(0, 0, marker.row(Marker(LAYOUT, self._language, self._agency)))
        for at, (name, texts) in enumerate(_lists(self._language).items()):
            self._lists.write_string(1, at, name)
            self._lists.write_column(2, at, texts)
            column = xl_col_to_name(at, col_abs=True)
            self._ranges[name] = f"={marker.NAME}!{column}$3:{column}${2 + len(texts)}"

    def _write_columns(self) -> None:
        sheet = self._data
        must, may = (self._format(bold=True, bg_color=color, border=1, text_wrap=True, valign="top") for color in ("#BDD7EE", "#E7EEF5"))
        plain, dated = self._format(locked=False), self._format(locked=False, num_format=_DATE)
        grey = {"italic": True, "font_color": "#7F7F7F", "bg_color": "#F2F2F2"}
        example, example_day = self._format(**grey), self._format(**grey, num_format=_DATE)
        for at, column in enumerate(COLUMNS.values()):
            heading = column.heading[self._language] + (" *" if column.required else "")
            sheet.set_column(at, at, _width(column, heading), dated if column.kind == "date" else plain)
            sheet.write_string(0, at, heading, must if column.required else may)
            self._write_case(1, at, column, example_day if column.kind == "date" else example, EXAMPLE[self._language])
            if self._filled:
                self._write_case(2, at, column, dated if column.kind == "date" else plain, FILLED)
            sheet.data_validation(2, at, LAST_ROW - 1, at, self._validation(column, heading))
        sheet.set_row(0, 32)
        sheet.freeze_panes(1, 1)
        sheet.protect("", {"format_cells": True, "format_columns": True, "format_rows": True, "insert_rows": True, "delete_rows": True})

    def _write_case(self, row: int, at: int, column: Column, form: Format, case_no: str) -> None:
        """One cell of a case that is made up."""
        shown = case_no if column is COLUMNS["case_no"] else column.example
        if column.codes and shown:
            shown = words_of(code_list(column.codes)[shown], self._language)
        if not shown:
            self._data.write_blank(row, at, None, form)
        elif column.kind == "date":
            self._data.write_datetime(row, at, date.fromisoformat(shown), form)
        elif column.kind in {"number", "count"}:
            self._data.write_number(row, at, float(shown), form)
        else:
            self._data.write_string(row, at, shown, form)

    def _validation(self, column: Column, heading: str) -> dict[str, Any]:
        note = {"input_title": heading[:_LONGEST_TITLE], "input_message": column.note[self._language][:_LONGEST_MESSAGE]}
        if column.kind == "date":
            limits = {"criteria": "between", "minimum": date(FIRST_YEAR, 1, 1), "maximum": "=TODAY()"}
            return {**note, "validate": "date", **limits, "error_message": self._say("bad_date"), "error_type": "warning"}
        if column.kind == "number":
            limits = {"criteria": ">", "value": 0, "error_message": self._say("bad_number"), "error_type": "warning"}
            return {**note, "validate": "decimal", **limits}
        if column.kind == "count":
            return {**note, "validate": "integer", "criteria": ">=", "value": 0, "error_message": self._say("bad_count")}
        if column.kind == "text":
            return {**note, "validate": "any"}
        listed = {**note, "validate": "list", "source": self._ranges[column.codes or column.kind]}
        if column.kind == "code":
            return {**listed, "error_message": self._say("not_listed")}
        return {**listed, "show_error": False}

    def _write_notes(self) -> None:
        sheet, wrapped = self._notes, self._format(text_wrap=True, valign="top")
        bold = self._format(bold=True, valign="top", text_wrap=True)
        sheet.set_column(0, 0, _WIDE)
        sheet.set_column(1, 1, 3 * _WIDE)
        sheet.write_string(0, 0, self._say("title"), self._format(bold=True, font_size=13))
        for at, key in enumerate(self._how, start=2):
            sheet.merge_range(at, 0, at, 1, self._say(key), wrapped)
        first = len(self._how) + 3
        sheet.write_row(first, 0, [self._say("column"), self._say("what")], bold)
        for at, column in enumerate(COLUMNS.values(), start=first + 1):
            sheet.write_string(at, 0, column.heading[self._language] + (" *" if column.required else ""), bold)
            sheet.write_string(at, 1, column.note[self._language], wrapped)
        sheet.protect()


def _lists(language: Language) -> Mapping[str, list[str]]:
    """The texts of each drop-down list, by the name of the code list or ``goods``."""
    names = dict.fromkeys(column.codes for column in COLUMNS.values() if column.codes)
    return {name: list(_words(name, language)) for name in names} | {"goods": _goods(language)}


def _words(name: str, language: Language) -> Iterator[str]:
    entries = [entry for entry in code_list(name).values() if entry.valid_to is None]
    texts = (words_of(entry, language) for entry in entries)
    yield from sorted(texts) if name in {"countries", "places", "terms"} else texts


def _goods(language: Language) -> list[str]:
    """Substances in the words of the language, then taxa by their scientific names."""
    substances = (words_of(entry, language) for entry in code_list("substances").values())
    return list(dict.fromkeys([*substances, *code_list("taxa")]))


def _width(column: Column, heading: str) -> int:
    return _WIDE if column.kind == "goods" else max(_NARROW, len(heading) + _MARGIN)
