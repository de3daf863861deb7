"""Sheets that no layout knows, varied by a seed: columns shuffled, headings misspelt, title rows, personal columns, in eight languages."""

from __future__ import annotations

import io
import random
from datetime import date, timedelta
from typing import NamedTuple

import xlsxwriter

HEADINGS = {
    "en": {
        "case_no": "Case file number",
        "seized_at": "Date of the seizure",
        "country": "Country where seized",
        "admin1": "Province",
        "substance_or_taxon": "Type of drug",
        "quantity": "Quantity seized",
        "unit": "Unit of measure",
        "transport_mode": "Transport mode",
        "concealment_methods": "Concealment method",
        "route.origin": "Origin country",
        "route.destination": "Final destination country",
        "value_amount": "Estimated value",
        "value_currency": "Currency",
        "method_note": "Notes",
        "": "Row number",
        "personal": "Passport number",
    },
    "vi": {
        "case_no": "Số vụ việc",
        "seized_at": "Ngày bắt giữ",
        "country": "Quốc gia",
        "admin1": "Tỉnh, thành phố",
        "substance_or_taxon": "Loại ma túy",
        "quantity": "Khối lượng",
        "unit": "Đơn vị tính",
        "transport_mode": "Phương tiện vận chuyển",
        "concealment_methods": "Thủ đoạn cất giấu",
        "route.origin": "Nước xuất xứ",
        "route.destination": "Nước đến",
        "value_amount": "Trị giá",
        "value_currency": "Loại tiền",
        "method_note": "Ghi chú",
        "": "Số thứ tự",
        "personal": "Họ và tên đối tượng",
    },
    "zh": {
        "case_no": "案件编号",
        "seized_at": "查获日期",
        "country": "查获国家",
        "admin1": "省份",
        "substance_or_taxon": "毒品种类",
        "quantity": "缴获数量",
        "unit": "计量单位",
        "transport_mode": "运输方式",
        "concealment_methods": "藏匿方式",
        "route.origin": "来源国",
        "route.destination": "目的国",
        "value_amount": "价值",
        "value_currency": "货币",
        "method_note": "备注",
        "": "序号",
        "personal": "嫌疑人姓名",
    },
    "th": {
        "case_no": "หมายเลขคดี",
        "seized_at": "วันที่จับกุม",
        "country": "ประเทศที่จับกุม",
        "admin1": "จังหวัด",
        "substance_or_taxon": "ชนิดยาเสพติด",
        "quantity": "ปริมาณ",
        "unit": "หน่วยนับ",
        "transport_mode": "วิธีขนส่ง",
        "concealment_methods": "วิธีซุกซ่อน",
        "route.origin": "ประเทศต้นทาง",
        "route.destination": "ประเทศปลายทาง",
        "value_amount": "มูลค่า",
        "value_currency": "สกุลเงิน",
        "method_note": "หมายเหตุ",
        "": "ลำดับที่",
        "personal": "ชื่อผู้ต้องหา",
    },
    "fr": {
        "case_no": "Numéro de dossier",
        "seized_at": "Date de la saisie",
        "country": "Pays de saisie",
        "admin1": "Province de saisie",
        "substance_or_taxon": "Marchandise saisie",
        "quantity": "Quantité saisie",
        "unit": "Unité de mesure",
        "transport_mode": "Moyen de transport",
        "concealment_methods": "Méthode de dissimulation",
        "route.origin": "Pays d'origine",
        "route.destination": "Pays de destination",
        "value_amount": "Valeur estimée",
        "value_currency": "Devise",
        "method_note": "Remarques",
        "": "Date du rapport",
        "personal": "Nom du suspect",
    },
}
TITLES = ("Seizures of the year", "BÁO CÁO BẮT GIỮ", "查获情况统计表", "รายงานการจับกุม", "Rapport annuel")
REQUIRED = ("case_no", "seized_at", "substance_or_taxon", "quantity", "unit")
_ROWS = 12
_GOODS = ("heroin", "methamphetamine", "Manis javanica", "ketamine", "opium", "Cannabis resin (hashish)", "Panthera tigris")
_COUNTRIES = ("Viet Nam", "LAO", "ไทย", "中国", "Cambodge", "Myanmar", "VN")


class Varied(NamedTuple):
    """A sheet, and what each of its columns is."""

    data: bytes
    truth: dict[str, str]
    """Heading, as it is spelt in the sheet -> field; empty when it must not be sent."""


def varied(seed: int) -> Varied:
    pick = random.Random(seed)
    words = HEADINGS[sorted(HEADINGS)[seed % len(HEADINGS)]]
    optional = [name for name in words if name not in REQUIRED]
    fields = [*REQUIRED, *pick.sample(optional, pick.randint(4, len(optional)))]
    pick.shuffle(fields)
    headings = {field: _misspelt(words[field], pick) if pick.random() < 0.4 else words[field] for field in fields}
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    top = pick.randint(0, 3)
    for row in range(top):
        sheet.write(row, 0, f"{pick.choice(TITLES)} {row}")
    left = pick.randint(0, 2)
    sheet.write_row(top, left, [_cased(headings[field], pick) for field in fields])
    for row in range(1, _ROWS + 1):
        sheet.write_row(top + row, left, [value_of(field, row, pick) for field in fields])
    book.close()
    return Varied(data.getvalue(), {key(headings[field]): "" if field == "personal" else field for field in fields})


def key(heading: str) -> str:
    return " ".join(heading.casefold().split())


def _misspelt(heading: str, pick: random.Random) -> str:
    """With one letter dropped, doubled or changed with the next; a short heading stays."""
    if len(heading) < 6:
        return heading
    at = pick.randrange(1, len(heading) - 2)
    return pick.choice(
        (
            heading[:at] + heading[at + 1 :],
            heading[:at] + heading[at] + heading[at:],
            heading[:at] + heading[at + 1] + heading[at] + heading[at + 2 :],
        )
    )


def _cased(heading: str, pick: random.Random) -> str:
    return pick.choice((heading, heading.upper(), f" {heading} ")) if heading.isascii() else heading


def value_of(field: str, row: int, pick: random.Random) -> object:
    return {
        "case_no": lambda: f"2025/{row:04d}-{pick.randint(10, 99)}",
        "seized_at": lambda: date(2025, 1, 1) + timedelta(days=pick.randint(0, 300)),
        "country": lambda: pick.choice(_COUNTRIES),
        "admin1": lambda: pick.choice(("Lạng Sơn", "Yunnan", "Chiang Rai", "Bokeo")),
        "substance_or_taxon": lambda: pick.choice(_GOODS),
        "quantity": lambda: pick.choice((1.5, 20, 3.25, 400)),
        "unit": lambda: pick.choice(("kg", "公斤", "piece", "g")),
        "transport_mode": lambda: pick.choice(("Train", "Aircraft", "maritime", "")),
        "concealment_methods": lambda: pick.choice(("In luggage", "hidden", "")),
        "route.origin": lambda: pick.choice(_COUNTRIES),
        "route.destination": lambda: pick.choice(_COUNTRIES),
        "value_amount": lambda: pick.randint(100, 100_000),
        "value_currency": lambda: pick.choice(("VND", "THB", "CNY")),
        "method_note": lambda: pick.choice(("behind a wall", "in a box of fruit", "")),
        "": lambda: row,
        "personal": lambda: "x",
    }[field]()
