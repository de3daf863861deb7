"""Makes the pictures of a sheet and of its marked sheet, by LibreOffice and pdftoppm: what a person sees who opens them.

``make pictures`` calls it. Where one of the two programs is missing it says so and leaves the pictures as they are.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from mekong.deploy.check.trial import Trial
from mekong.producers.sheets.checking import check_sheet
from mekong.producers.sheets.marked import marked
from mekong.producers.sheets.summary import summary
from mekong.producers.sheets.table import open_table
from mekong.producers.sheets.template import template
from mekong.schemas.columns import COLUMNS
from mekong.schemas.sheet_words import OUR_HEADINGS

NEEDED = ("soffice", "pdftoppm")
FIRST_ROW = 3
SHOWN = ("case_no", "seized_at", "country", "substance_or_taxon", "quantity", "unit")
"""The other columns are hidden in the pictures."""
ROWS: tuple[tuple[object, ...], ...] = (
    ("VN-2026-0101", date(2026, 5, 3), "Viet Nam", "Heroin", 3.5, "kg"),
    ("VN-2026-0102", "31/31/2026", "Viet Nam", "Ketamine", 12, "kg"),
    ("VN-2026-0103", date(2026, 5, 6), "Viet Nam", "Manis javanica", "a lot", "kg"),
    ("VN-2026-0104", date(2026, 5, 9), "Viet Nam", "Methamphetamine", 24_000, "tablet"),
    ("VN-2026-0105", date(2026, 5, 11), "Atlantis", "Opium", 2.25, "kg"),
)
_NOW_MS = 1_780_000_000_000  # May 2026
_WITHIN_S = 180
_DPI = 180
_TABLE = ("-x", "115", "-y", "125", "-W", "1755")
HEIGHTS = {"sheet": "320", "marked-sheet": "190"}
"""The part of the page that has the table, in pixels."""


def write(folder: Path) -> str:
    """Write ``sheet.png`` and ``marked-sheet.png``. Returns a sentence that says what was done."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"the pictures of sheets were left as they are: install LibreOffice Calc and poppler-utils (missing: {', '.join(missing)})"
    sheet = _filled()
    for name, data in {"sheet": sheet, "marked-sheet": _marked(sheet)}.items():
        _draw(name, _for_print(data), folder)
    return f"sheet.png and marked-sheet.png are in {folder}"


def _filled() -> bytes:
    book = load_workbook(io.BytesIO(template("VN-CUSTOMS", "en")))
    at = _columns()
    for number, row in enumerate(ROWS, FIRST_ROW):
        for field, value in zip(SHOWN, row, strict=True):
            book.worksheets[0].cell(number, at[field]).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _columns() -> Mapping[str, int]:
    return {field: place for place, field in enumerate(COLUMNS, 1)}


def _marked(data: bytes) -> bytes:
    table = open_table(data)
    found = check_sheet(table, None, Trial(_NOW_MS, each_case_once=True).judge)
    lines = summary("sheet.xlsx", table.layout.name, found.counts, found.findings, found.notes)
    return marked(data, table.sheet, found.marking(table, lines, "en")).data


def _for_print(data: bytes) -> bytes:
    """The same sheet on one page, with the columns that are shown."""
    book = load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    shown = {_columns()[field] for field in SHOWN} | {cell.column for cell in sheet[1] if cell.value in OUR_HEADINGS}
    for column in range(1, sheet.max_column + 1):
        sheet.column_dimensions[get_column_letter(column)].hidden = column not in shown
    sheet.row_dimensions[FIRST_ROW + len(ROWS) - 1].height = 26  # a sentence of two lines
    sheet.print_area = f"A1:{get_column_letter(max(shown))}{FIRST_ROW + len(ROWS) - 1}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 1
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.headings = sheet.print_options.gridLines = True
    for other in book.worksheets[1:]:
        other.sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _draw(name: str, data: bytes, folder: Path) -> None:
    with TemporaryDirectory() as made:
        place = Path(made)
        (place / f"{name}.xlsx").write_bytes(data)
        office = ["soffice", "--headless", "--norestore", f"-env:UserInstallation={(place / 'profile').as_uri()}"]
        _run(*office, "--convert-to", "pdf:calc_pdf_Export", "--outdir", made, f"{place / name}.xlsx")
        _run("pdftoppm", "-png", "-r", str(_DPI), *_TABLE, "-H", HEIGHTS[name], "-singlefile", f"{place / name}.pdf", f"{folder / name}")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_WITHIN_S)
