"""Writes the files of a briefing into a folder: each appears only when it is complete. Reads the file of confirmations."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

from mekong.deploy.cli.csv_lines import csv_lines
from mekong.deploy.exports.run import complete
from mekong.schemas.errors import Refused
from mekong.sinks.reports import document, workbook
from mekong.sinks.reports.briefing import Briefing, ShownTable
from mekong.sinks.reports.page import page
from mekong.sinks.reports.record import record
from mekong.sinks.reports.tables import BY_NAME

_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""The byte-order mark, by which Excel knows UTF-8."""
_COLUMNS = ["agency", "cases"]


def save(made: Briefing, folder: Path) -> list[str]:
    """Write all files; their names. The tables of an earlier briefing that this one does not have are removed.

    Raises Refused when a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise Refused(f"{folder} cannot be made: {exc.strerror}") from exc
    wanted = files(made)
    for name, write_to in wanted.items():
        with complete(folder / name) as partial:
            write_to(partial)
    for name in BY_NAME.keys() - {table.name for table in made.tables.values() if table.rows}:
        (folder / f"{name}.csv").unlink(missing_ok=True)
    return list(wanted)


def files(made: Briefing) -> Mapping[str, Callable[[Path], object]]:
    """Each file of a briefing, and what writes it."""
    found: dict[str, Callable[[Path], object]] = {
        "report.html": lambda path: path.write_text(page(made), encoding="utf-8"),
        "report.json": lambda path: path.write_text(record(made), encoding="utf-8"),
        "report.xlsx": lambda path: workbook.write(path, made),
        "report.docx": lambda path: document.write(path, made),
    }
    return found | {f"{table.name}.csv": _writer(table) for table in made.tables.values() if table.rows}


def confirmations(path: Path) -> dict[str, int]:
    """Member -> the number of cases that it has confirmed, of a CSV file with the columns agency and cases. Raises Refused."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise Refused(f"{path}: the first line must have the columns agency and cases")
            return {str(row["agency"]).strip(): int(row["cases"]) for row in reader}
    except (OSError, UnicodeDecodeError) as exc:
        raise Refused(f"{path} cannot be read: {exc}") from exc
    except (TypeError, ValueError) as exc:
        raise Refused(f"{path}: 'cases' must be a whole number in each line") from exc


def _writer(table: ShownTable) -> Callable[[Path], object]:
    return lambda path: path.write_text(_csv(table), encoding="utf-8", newline="")


def _csv(table: ShownTable) -> str:
    """Codes and exact numbers, as in ClickHouse: a program reads them. A text is never a formula."""
    columns = table.table.columns
    lines = [[column.name for column in columns], ["Decimal" if column.is_number else "String" for column in columns]]
    lines += [[_value(row[column.name]) for column in columns] for row in table.rows]
    return _MARK + "".join(f"{line}\r\n" for line in csv_lines(lines))


def _value(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
