"""Makes and checks the seal of exported rows: a case comes back exactly as it was exported, or not at all. Pure.

The column ``rest`` has in each row of a case its place (row n of m) and a SHA-256 over its other cells, the content of the case and the
place. The first row has the content too. It has no key: who sends a sheet can send any message.
The seal finds what a person changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Any, NamedTuple

import orjson

from mekong.producers.sheets.cells import Value, words
from mekong.schemas.sheet_words import EXPORTED, OUR_HEADINGS

_NOT_SEALED = OUR_HEADINGS | {EXPORTED["rest"]}
_NAMES = ({"row", "seal"}, {"row", "seal", "content"})


class SealedRow(NamedTuple):
    """One row of an exported case, as the reader of sheets sees it."""

    cells: Mapping[str, str]
    """``cells_of`` the row."""
    rest: str


class Opened(NamedTuple):
    """What the rows of a case are, when each is as it was exported."""

    content: Mapping[str, Any] | None
    """None: they are the row of a case that was withdrawn."""


def cells_of(cells: Iterable[tuple[str, Value]]) -> dict[str, str]:
    """Heading -> text of each cell that has one, without those that a seal is not over."""
    found = ((" ".join(heading.split()), _text(value)) for heading, value in cells)
    kept: dict[str, str] = {}
    for heading, text in found:
        if text and heading not in _NOT_SEALED:
            kept[heading] = f"{kept[heading]}\n{text}" if heading in kept else text
    return kept


def rests(rows: Sequence[Mapping[str, str]], content: Mapping[str, Any] | None) -> Iterator[str]:
    """What the column has in each row of a case, in ASCII."""
    for number, cells in enumerate(rows, 1):
        place = [number, len(rows)]
        first = {} if content is None or number > 1 else {"content": content}
        yield _canonical({"row": place, "seal": _seal(cells, content, place), **first})


def opened(rows: Sequence[SealedRow]) -> Opened | None:
    """The case of these rows. None when one of them was changed, or is missing, or is there twice."""
    read = [_read(row.rest) for row in rows]
    every = [one for one in read if one is not None]
    if len(every) < len(rows) or sorted(one["row"] for one in every) != [[number, len(rows)] for number in range(1, len(rows) + 1)]:
        return None
    if any("content" in one for one in every if one["row"][0] > 1):
        return None
    content = next(one.get("content") for one in every if one["row"][0] == 1)
    if any(_seal(row.cells, content, one["row"]) != one["seal"] for row, one in zip(rows, every, strict=True)):
        return None
    return Opened(content)


def _seal(cells: Mapping[str, str], content: Mapping[str, Any] | None, place: Sequence[int]) -> str:
    return hashlib.sha256(_canonical([cells, content, place]).encode()).hexdigest()


def _read(text: str) -> dict[str, Any] | None:
    """What a cell of the column has, when the export could have written it."""
    try:
        found = orjson.loads(text)
        is_ours = isinstance(found, dict) and set(found) in _NAMES and _canonical(found) == text
    except (ValueError, RecursionError):
        return None
    is_place = is_ours and isinstance(found["row"], list) and all(type(one) is int for one in found["row"])
    return found if is_place and isinstance(found.get("content", {}), dict) else None


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _text(value: Value) -> str:
    """A day is the same as its midnight: programs write both."""
    return words(value.date() if isinstance(value, datetime) and value.time() == time() else value)
