r"""Writes rows of ClickHouse as lines of CSV that a spreadsheet shows and does not run. Pure.

A spreadsheet reads a text that begins with ``=``, ``+``, ``-`` or ``@`` as a formula, and many columns have the words of members. So
such a text gets a ``'`` in front. Numbers stay numbers. Line ends and characters that control a terminal are written as escapes, so
each row is one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mekong.deploy.cli.terminal import harmless

NULL = "ᴺᵁᴸᴸ"
"""How ClickHouse writes it in the rows that it gives as texts."""
_NUMBER = re.compile(r"(?:Nullable\(|LowCardinality\()*(?:U?Int|Float|Decimal|Bool)")
_FORMULA = re.compile(r"[=+\-@\uff1d\uff0b\uff0d\uff20]")  # also as wide characters
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def csv_lines(lines: Iterable[Sequence[str]], nothing: str = r"\N") -> Iterator[str]:
    """The header, then the rows; the first two of ``lines`` are the columns' names and types. ``nothing``: how NULL is written."""
    rows = iter(lines)
    names, types = next(rows, ()), next(rows, ())
    if not names:
        return
    is_number = [_NUMBER.match(kind) is not None for kind in types]
    yield ",".join(map(_text, names))
    for row in rows:
        yield ",".join(_cells(row, is_number, nothing))


def _cells(row: Iterable[str], is_number: Iterable[bool], nothing: str) -> Iterator[str]:
    for value, plain in zip(row, is_number, strict=True):
        if value == NULL:
            yield nothing
        else:
            yield value if plain else _text(value)


def _text(value: str) -> str:
    shown = harmless(value)
    if _FORMULA.match(shown.lstrip()) and not _PLAIN_NUMBER.fullmatch(shown):
        shown = f"'{shown}"
    return '"' + shown.replace('"', '""') + '"'
