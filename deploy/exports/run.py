"""Writes the file of an export, and the list of what is not in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkstemp
from typing import NamedTuple

import orjson
from xlsxwriter.exceptions import FileCreateError

from mekong.deploy.cli.csv_lines import csv_lines
from mekong.deploy.exports.comeback import Rereader
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.sheet_words import WITHDRAWN
from mekong.schemas.topics import JOURNAL
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.exports import query, workbook
from mekong.sinks.exports.position import Positions
from mekong.sinks.exports.query import Account, Question
from mekong.sinks.exports.shape import Case, Cell, SheetExport, TableExport

_RECORDS = "JSONCompactEachRow"
_EARLY = "ClickHouse's answer ended too early; nothing was written. Export again."
_PARQUET = b"PAR1"
_OF_A_CASE = ("agency", "case_no")
MOST_NAMED = 20
"""Cases that cannot come back and are named."""


class Cannot(NamedTuple):
    """A case that cannot come back by its sheet."""

    agency: str
    case_no: str
    why: str


@dataclass
class Written:
    """What is in the file, and what is not."""

    account: Account
    official_only: bool = False
    cases: int = 0
    """In the file."""
    rows: int = 0
    withdrawn: int = 0
    other_goods: int = 0
    """Cases without goods of the format."""
    not_carried: Counter[str] = field(default_factory=Counter)
    """Field -> cases of which the official columns do not give it exactly."""
    cannot: int = 0
    """Cases that cannot come back by the sheet."""
    named: list[Cannot] = field(default_factory=list)
    """The first of them."""


def positions(database: Database) -> Positions:
    """Where the journal ends now."""
    found = {int(partition): int(offset) for partition, offset in database.query(query.POSITIONS).rows}
    return Positions(tuple(found.get(number, 0) for number in range(JOURNAL.partitions)))


def export(database: Database, one: SheetExport | TableExport, asked: Question, path: Path, *, official_only: bool = False) -> Written:
    """Write the file, or nothing. ``official_only``: without the columns of the exchange.

    Raises Refused, Retriable.
    """
    counted = orjson.loads(database.text(query.account(asked), _RECORDS))
    written = Written(Account(*map(int, counted)), official_only)
    with complete(path) as partial:
        _writer(database, one, asked, written)(partial)
    return written


@contextmanager
def complete(path: Path) -> Iterator[Path]:
    """A file that its user alone can read, and that takes the place of ``path`` at the end. Raises Refused when it cannot be written."""
    try:
        handle, name = mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, FileCreateError) as exc:
        raise Refused(f"{path} cannot be written: {exc}") from exc


def _writer(database: Database, one: SheetExport | TableExport, asked: Question, written: Written) -> Callable[[Path], None]:
    if isinstance(one, SheetExport):
        return lambda path: _sheet(database, one, asked, written, path)
    return lambda path: _table(database, one, asked, written, path)


def _sheet(database: Database, one: SheetExport, asked: Question, written: Written, path: Path) -> None:
    lines = _lines(database.stream(query.records(asked), _RECORDS))
    headings = one.headings if written.official_only else one.all_headings
    written.rows = workbook.write(path, one.name, headings, _rows(one, map(_case, lines), written), one.dates)
    _complete(written.cases + written.other_goods, written)


def _rows(one: SheetExport, cases: Iterable[Case], written: Written) -> Iterator[Mapping[str, Cell]]:
    rereader = Rereader(one)
    for case in cases:
        if case.status == WITHDRAWN:
            written.cases += 1
            written.withdrawn += 1
            yield rereader.withdrawn(case)
            continue
        lines = [line for line in case.lines if one.wants(line)]
        if not lines:
            written.other_goods += 1
            continue
        written.cases += 1
        found = rereader.complete(case, list(one.rows(case, lines)))
        written.not_carried.update(found.not_carried)
        if found.fault:
            written.cannot += 1
            written.named += [Cannot(case.agency, case.case_no, found.fault)] if written.cannot <= MOST_NAMED else []
        yield from found.rows


def _case(line: bytes) -> Case:
    try:
        agency, case_no, version, status, value = orjson.loads(line)
        record = orjson.loads(value)
    except ValueError as exc:
        raise Retriable(_EARLY) from exc
    return Case(agency, case_no, version, status, record["content"], record["enriched"])


def _table(database: Database, one: TableExport, asked: Question, written: Written, path: Path) -> None:
    pieces = database.stream(query.table(asked, joins_lists=one.joins_lists), one.form)
    with path.open("wb") as file:
        if one.joins_lists:
            for line in csv_lines(_counted(_lines(pieces), written), nothing=""):
                file.write(f"{'' if file.tell() else chr(0xFEFF)}{line}\r\n".encode())
            _complete(written.cases, written)
            return
        last = b""
        for piece in pieces:
            file.write(piece)
            last = (last + piece)[-len(_PARQUET) :]
        if last != _PARQUET:
            raise Retriable(_EARLY)
    written.cases = written.account.leaving


def _counted(lines: Iterable[bytes], written: Written) -> Iterator[list[str]]:
    before, names = None, list[str]()
    for number, line in enumerate(lines):
        try:
            row: list[str] = orjson.loads(line)
        except ValueError as exc:
            raise Retriable(_EARLY) from exc
        names = names or row
        if number > 1:  # after names and types
            case = [row[names.index(name)] for name in _OF_A_CASE]
            written.rows += 1
            written.cases += case != before
            before = case
        yield row


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _complete(found: int, written: Written) -> None:
    if found != written.account.leaving:
        raise Retriable(_EARLY)
