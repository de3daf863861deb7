"""A workbook in which names of persons are planted everywhere: in columns, comments, properties, sheets, and its file's name."""

from __future__ import annotations

import io

import xlsxwriter

PLANTED = {
    "unmapped": "Nguyễn Văn Alpha",
    "hidden column": "Trần Thị Bravo",
    "comment": "Phạm Văn Charlie",
    "author": "Lê Thị Delta",
    "hidden sheet": "王小明艾可",
    "mapped note": "Hoàng Văn Foxtrot",
    "mapped goods": "นาย สมชาย กอล์ฟ",
    "mapped code": "Daw Khin Hotel",
    "mapped date": "Vũ Thị India",
    "mapped number": "Bùi Văn Juliett",
    "mapped case number": "Đặng Văn Kilo",
    "file name": "Ngô Thị Lima",
    "other sheet": "ທ້າວ ມາຍ",
    "total row": "Total by Mr November",
    "passport": "B98765432",
    "phone": "0912 345 678",
}
_HEADINGS = ("Case number", "Date", "Goods", "Quantity", "Unit", "Note", "Transport", "Họ và tên", "Remarks of the officer", "Số hộ chiếu")


def workbook() -> bytes:
    """Two clean cases and six that have a name in a column of the layout."""
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    book.set_properties({"author": PLANTED["author"], "title": PLANTED["author"], "comments": PLANTED["author"]})
    sheet = book.add_worksheet("Seizures")
    sheet.write_row(0, 0, _HEADINGS)
    rows = [
        ("2025-1", "2025-05-03", "heroin", 1.5, "kg", "", "Train"),
        ("2025-2", "2025-05-04", "opium", 2.5, "kg", "", "Train"),
        ("2025-3", "2025-05-05", "opium", 3, "kg", f"driven by {PLANTED['mapped note']}", "Train"),
        ("2025-4", "2025-05-05", PLANTED["mapped goods"], 4, "kg", "", "Train"),
        ("2025-5", "2025-05-05", "opium", 5, "kg", "", PLANTED["mapped code"]),
        ("2025-6", PLANTED["mapped date"], "opium", 6, "kg", "", "Train"),
        ("2025-7", "2025-05-05", "opium", PLANTED["mapped number"], "kg", f"call {PLANTED['phone']}", "Train"),
        (PLANTED["mapped case number"], "2025-05-05", "opium", 8, "kg", "", "Train"),
    ]
    for number, row in enumerate(rows, 1):
        sheet.write_row(number, 0, (*row, PLANTED["unmapped"], PLANTED["hidden column"], PLANTED["passport"]))
    sheet.write_row(len(rows) + 1, 0, (PLANTED["total row"], "", "", 33))
    sheet.write_row(len(rows) + 2, 0, ("Total", "", PLANTED["total row"], 33))
    sheet.set_column(8, 8, None, None, {"hidden": True})
    sheet.write_comment("A2", PLANTED["comment"], {"author": PLANTED["author"]})
    book.add_worksheet("Notes").write(0, 0, PLANTED["other sheet"])
    hidden = book.add_worksheet("Persons")
    hidden.write(0, 0, PLANTED["hidden sheet"])
    hidden.hide()
    book.close()
    return data.getvalue()


def name_of_file() -> str:
    return f"{PLANTED['file name']}.xlsx"


def found_in(text: str) -> list[str]:
    """What of the planted is in a text."""
    return [what for what, name in PLANTED.items() if name in text or (_family(name) and _family(name) in text)]


def _family(name: str) -> str:
    """The last word of a name, where nothing else would be written like it."""
    last = name.rsplit(maxsplit=1)[-1]
    return last if last.isalpha() and len(last) > 3 else ""
