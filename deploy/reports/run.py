"""Writes the files of a briefing: it asks ClickHouse for the tables of a phase and of the phase before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from mekong.deploy.cli.csv_lines import csv_lines
from mekong.deploy.exports.run import complete
from mekong.schemas.errors import Refused
from mekong.schemas.languages import Language
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.reports import document, workbook
from mekong.sinks.reports.briefing import Briefing, ShownTable, write
from mekong.sinks.reports.page import page
from mekong.sinks.reports.question import Scope, account, read_all
from mekong.sinks.reports.record import record
from mekong.sinks.reports.shape import Answers
from mekong.sinks.reports.tables import BY_NAME
from mekong.sinks.reports.words import Words

_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""The byte-order mark, by which Excel knows UTF-8."""


def briefing(database: Database, scope: Scope, before: str, language: Language, confirmed: Iterable[str] = ()) -> Briefing:
    """Ask for everything. ``before``: the phase to compare with; empty: none. Raises Refused when no case counts, Retriable."""
    counted = account(database, scope)
    if not counted.cases:
        raise Refused(_nothing(scope, counted.above, counted.other))
    now = read_all(database, BY_NAME, scope)
    earlier = scope._replace(phase=before, since=None)
    compared = read_all(database, {name: BY_NAME[name] for name in ("groups", "members", "member_groups")}, earlier) if before else {}
    if not any(row["cases"] for row in compared.get("members", ())):
        compared, before = {}, ""
    words = Words(language)
    names = (phase_name(scope.phase, words), phase_name(before, words) if before else "")
    return write(scope, counted, Answers(now, compared), words, names, frozenset(confirmed))


def phase_name(phase: str, words: Words) -> str:
    """A phase in words."""
    return words.label("phases", phase) if phase else words.texts["outside"]


def files(made: Briefing) -> Mapping[str, Callable[[Path], object]]:
    """Each file of a briefing, and what writes it."""
    found: dict[str, Callable[[Path], object]] = {
        "report.html": lambda path: path.write_text(page(made), encoding="utf-8"),
        "report.json": lambda path: path.write_text(record(made), encoding="utf-8"),
        "report.xlsx": lambda path: workbook.write(path, made),
        "report.docx": lambda path: document.write(path, made),
    }
    for table in made.tables.values():
        if table.rows:
            found[f"{table.name}.csv"] = lambda path, table=table: path.write_text(_csv(table), encoding="utf-8", newline="")  # type: ignore[misc]
    return found


def save(made: Briefing, folder: Path) -> list[str]:
    """Write all files into a folder; their names. A file appears only when it is complete. Raises Refused when one cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise Refused(f"{folder} cannot be made: {exc.strerror}") from exc
    wanted = files(made)
    for name, write_to in wanted.items():
        with complete(folder / name) as partial:
            write_to(partial)
    return list(wanted)


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


def _nothing(scope: Scope, above: int, other: int) -> str:
    """Why no case counts, and what to do."""
    asked, others = ("simulated", "real") if scope.simulated else ("real", "simulated")
    which = f"the phase {scope.phase}" if scope.phase else "no operation"
    said = [f"{scope.known_at:%Y-%m-%d %H:%M} UTC: the exchange knew of 0 {asked} cases for {which} that may be shown"]
    if other:
        said.append(f"it knew of {other:,} {others} cases: {'leave out' if scope.simulated else 'add'} --simulated")
    if above:
        said.append(f"{above:,} cases have a marking above {scope.up_to}, or need their senders' leave: see --up-to and --with-leave")
    return ". ".join(said)
