"""Reads the rows of a CSV file by the names of its columns. It finds whether the header uses comma, semicolon or tab."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from mekong.producers.lines import Line, bad_file, lines, text
from mekong.schemas.rejected import Reason, Rejected

_DELIMITERS = (",", ";", "\t")


class Row(NamedTuple):
    """The values of the columns asked for, in the order asked for."""

    where: str
    values: tuple[str, ...]


class _Header(NamedTuple):
    delimiter: str
    width: int
    indexes: tuple[int, ...]


def rows(chunks: Iterable[bytes], columns: Sequence[str]) -> Iterator[Row | Rejected]:
    """The rows of a table. Further columns are passed over; blank lines too.

    A header without one of ``columns`` ends it with one ``missing_column`` that names all of them. A row that does not split into
    the header's columns is a ``bad_row``; a value may not hold a line end, so that one stray quote costs one row and not the file.
    """
    header: _Header | None = None
    for line in lines(chunks):
        if isinstance(line, Rejected):
            yield line
            if header is None:
                return
            continue
        if not line.raw.strip():
            continue
        if header is None:
            found = _header(line, columns)
            if isinstance(found, Rejected):
                yield found
                return
            header, pick = found, itemgetter(*found.indexes)
            continue
        cells = _cells(line, header)
        yield cells if isinstance(cells, Rejected) else Row(line.where, pick(cells))
    if header is None:
        yield bad_file("the file has no header")


def _header(line: Line, columns: Sequence[str]) -> _Header | Rejected:
    found = text(line)
    if isinstance(found, Rejected):
        return found
    best: tuple[list[str], list[str]] = (list(columns), [])
    for delimiter in _DELIMITERS:
        try:
            names = [name.strip() for name in next(csv.reader([found], delimiter=delimiter, strict=True))]
        except csv.Error as exc:
            return bad_file(f"the header cannot be split into columns: {exc}")
        missing = [column for column in columns if column not in names]
        if not missing:
            twice = next((column for column in columns if names.count(column) > 1), None)
            if twice is not None:
                return bad_file(f"the header names the column {twice!r} twice")
            return _Header(delimiter, len(names), tuple(map(names.index, columns)))
        best = min(best, (missing, names), key=lambda found: (len(found[0]), -len(found[1])))
    missing, names = best
    return Rejected(
        reason=Reason.MISSING_COLUMN,
        field=", ".join(missing),
        where=line.where,
        detail=f"the header lacks {_listed(missing)}; it has {_listed(names)[:500]}",
    )


def _cells(line: Line, header: _Header) -> list[str] | Rejected:
    found = text(line)
    if isinstance(found, Rejected):
        return found
    try:
        cells = next(csv.reader([found], delimiter=header.delimiter, strict=True))
    except csv.Error as exc:
        return _bad_row(line, f"it cannot be split into columns ({exc})")
    if len(cells) != header.width:
        return _bad_row(line, f"it has {len(cells)} columns, the header {header.width}")
    return cells


def _bad_row(line: Line, detail: str) -> Rejected:
    cut = "" if line.ended else "; the line has no end, so the file seems to be cut off here"
    return Rejected(reason=Reason.BAD_ROW, field="line", where=line.where, detail=detail + cut)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
