"""A condition that a person wrote -> one expression over the columns of ``seizures`` that can read nothing else. Pure.

The text is split into words. Each word must be a column, a value, an operator or one of ``FUNCTIONS``, and brackets must close. The
expression is written again from the words, so that a comment, a second statement or a sub-query cannot be in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rapidfuzz.process import extractOne

from mekong.schemas.errors import Refused
from mekong.schemas.tables.cases import SEIZURES

COLUMNS = frozenset(SEIZURES.name_of(column) for column in SEIZURES.shown if not column.name.startswith("_"))
FUNCTIONS = frozenset(
    (
        *("has", "hasAny", "hasAll", "empty", "notEmpty", "length", "lower", "upper", "startsWith", "endsWith", "position", "match"),
        *("toYear", "toMonth", "toDate", "today", "now", "coalesce", "ifNull", "isNull", "abs", "arraySum", "arrayMax"),
    )
)
_OPERATORS = frozenset(("and", "or", "not", "in", "like", "ilike", "is", "null", "between", "true", "false"))
_WORD = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|'')*')|(?P<name>[A-Za-z_][\w.]*)|(?P<number>\d+(?:\.\d+)?)|(?P<sign><=|>=|!=|<>|[=<>+\-*/(),\[\]]))",
    re.ASCII,
)
_CLOSES = {")": "(", "]": "["}


def condition(text: str) -> str:
    """The expression in SQL, in brackets. Raises Refused with what is wrong."""
    if not text.strip():
        return "(true)"
    found = list(_words(text))
    open_: list[str] = []
    for word in found:
        if word in "([":
            open_.append(word)
        elif word in _CLOSES and (not open_ or open_.pop() != _CLOSES[word]):
            raise _refused(f"a bracket {word} is closed that was not opened")
        elif word == "," and not open_:
            raise _refused("a comma is only for the values in brackets: phase IN ('VI', 'VII')")
    if open_:
        raise _refused(f"a bracket {open_[-1]} is not closed")
    return f"({' '.join(found)})"


def _words(text: str) -> Iterator[str]:
    at = 0
    while text[at:].strip():
        found = _WORD.match(text, at)
        if found is None:
            raise _refused(f"{text[at:].strip()[:20]!r} is not a part of a condition; write a text in single quotes, without a backslash")
        at = found.end()
        yield _named(found["name"], text[at:].lstrip()[:1]) if found["name"] else found[0].strip()


def _named(name: str, following: str) -> str:
    if name.lower() in _OPERATORS:
        return name
    if following == "(":
        if name in FUNCTIONS:
            return name
        raise _refused(f"{name} is not one of its functions: {', '.join(sorted(FUNCTIONS))}")
    if name not in COLUMNS:
        near = extractOne(name, sorted(COLUMNS), score_cutoff=60)
        mean = f"did you mean {near[0]}? " if near else ""
        raise _refused(f'{name} is not a column of seizures; {mean}`mekong sql "DESCRIBE seizures"` lists them')
    return f"`{name}`"


def _refused(why: str) -> Refused:
    return Refused(f"--where: {why}")
