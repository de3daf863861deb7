"""Measures how much memory and time a long workbook needs from its file to its messages: ``.venv/bin/python -m benchmarks.sheets``.

The workbook has 200,000 rows and 15 columns, of which 13 are of the layout ``simple``. It is written and read in two processes, so that
the memory of writing is not in the figure. The figure is the largest resident size of the process that reads.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter

from mekong.producers.files import Chunks
from mekong.producers.formats.sheet import sheet_format

ROWS = 200_000
HEADINGS = (
    *("Case number", "Date", "Country", "Province", "Goods", "Quantity", "Unit", "Transport", "Detection", "Concealment"),
    *("Origin", "Destination", "Note", "Họ và tên", "Row number"),
)


def write(path: Path) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADINGS)
    for row in range(1, ROWS + 1):
        day = date(2025, 1, 1) + timedelta(days=row % 300)
        where = ("Viet Nam", f"Province {row % 60}", "heroin", row % 100 + 0.5, "kg", "Train", "Scanning", "In luggage", "Laos", "China")
        sheet.write_row(row, 0, (f"2025-{row}", day, *where, f"note {row}", "x", "y"))
    book.close()


def read(path: Path) -> None:
    started, used = time.monotonic(), time.process_time()
    cases = sum(1 for _ in sheet_format(None, "VN-CUSTOMS").parse(Chunks(path)))
    seconds, cpu_s = time.monotonic() - started, time.process_time() - used
    largest_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{cases:,} rows, {path.stat().st_size / 1e6:.0f} MB: {largest_mb:.0f} MB of memory, {seconds:.0f} s, {cpu_s:.0f} s of one core")


def main() -> None:
    if len(sys.argv) > 1:
        read(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.xlsx"
        write(path)
        subprocess.run([sys.executable, "-m", "benchmarks.sheets", str(path)], check=True)


if __name__ == "__main__":
    main()
