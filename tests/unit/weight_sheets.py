"""Sheets with columns of weights, varied by a seed: net, gross and seized weights, units in the heading, in a column, or nowhere."""

from __future__ import annotations

import io
import random
from typing import NamedTuple

import xlsxwriter

from tests.unit.varied_sheets import HEADINGS, key, value_of

WEIGHTS = {
    "en": ("Net weight", "Gross weight", "Weight", "Quantity"),
    "vi": ("Trọng lượng tịnh", "Trọng lượng cả bì", "Trọng lượng", "Số lượng"),
    "zh": ("净重", "毛重", "重量", "数量"),
    "th": ("น้ำหนักสุทธิ", "น้ำหนักรวมบรรจุภัณฑ์", "น้ำหนัก", "จำนวน"),
    "fr": ("Poids net", "Poids brut", "Poids", "Quantité"),
}
"""Net, gross, a weight of which nothing is said, and a quantity."""
SHAPES = {"en": ("{} (kg)", "{} in kg", "{} kg", "{}, kg"), "zh": ("{}（公斤）", "{}公斤", "{}(千克)"), "th": ("{} (กก.)", "{} (กิโลกรัม)")}
ASKED = "?"
"""Nobody can know from the sheet whether this column is the quantity."""
KINDS = ("net", "unit in heading", "gross and net", "gross", "number and weight", "another unit", "no unit")
_ROWS = 12
_FIELDS = (
    "case_no",
    "seized_at",
    "country",
    "admin1",
    "substance_or_taxon",
    "transport_mode",
    "route.origin",
    "value_currency",
    "method_note",
)


class Weighed(NamedTuple):
    data: bytes
    truth: dict[str, str]
    """Heading -> field, or ``ASKED``."""
    asks_unit: bool
    unit: str
    """Of the heading of the column that is the quantity."""


def weighed(seed: int) -> Weighed:
    pick = random.Random(seed)
    language, kind = sorted(WEIGHTS)[seed % len(WEIGHTS)], KINDS[seed % len(KINDS)]
    net, gross, weight, number = WEIGHTS[language]
    with_kg = pick.choice(SHAPES.get(language, ("{} (kg)", "{} kg", "{}/kg"))).format
    unit = HEADINGS[language]["unit"]
    columns: dict[str, tuple[str, str]] = {
        "net": {net: ("quantity", "quantity"), unit: ("unit", "mass")},
        "unit in heading": {with_kg(weight): ("quantity", "quantity")},
        "gross and net": {net: (ASKED, "quantity"), gross: (ASKED, "quantity"), unit: ("unit", "mass")},
        "gross": {with_kg(gross): (ASKED, "quantity")},
        "number and weight": {number: (ASKED, "quantity"), unit: ("unit", "piece"), with_kg(weight): (ASKED, "quantity")},
        "another unit": {with_kg(weight): (ASKED, "quantity"), unit: ("unit", "piece")},
        "no unit": {weight: ("quantity", "quantity")},
    }[kind]
    columns |= {HEADINGS[language][field]: (field, field) for field in _FIELDS}
    order = list(columns)
    pick.shuffle(order)
    values = [[_cell(columns[heading][1], row, pick) for heading in order] for row in range(1, _ROWS + 1)]
    truth = {key(heading): field for heading, (field, _) in columns.items()}
    return Weighed(_book(order, values), truth, kind == "no unit", "kg" if kind == "unit in heading" else "")


def _cell(kind: str, row: int, pick: random.Random) -> object:
    units = {"mass": ("kg", "g", "公斤"), "piece": ("piece", "animal", "viên")}
    return pick.choice(units[kind]) if kind in units else value_of(kind, row, pick)


def _book(headings: list[str], rows: list[list[object]]) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate([headings, *rows]):
        sheet.write_row(number, 0, row)
    book.close()
    return data.getvalue()
