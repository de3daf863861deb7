"""Finds a key that is given twice in one object of valid JSON. A parser uses the last of the two and does not report it. Pure.

To see both, the message must be parsed again in Python. So two quick checks come first, which show for most messages that no key is given
twice: one uses the record that was read from the message, the other uses a faster parser.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import BaseModel

from mekong.schemas import wire
from mekong.schemas.record import parts_of

_SPACE = b" \t\r\n"  # white space in JSON


def kept_all(raw: bytes, record: BaseModel) -> bool:
    """Whether ``record``, which was read from ``raw``, has every key of ``raw``. False means that this check cannot decide.

    After each key, its closing quote and a colon follow, with only white space between them. So ``raw`` has as many of these pairs as keys,
    or more when texts have such pairs too.
    """
    return raw.translate(None, _SPACE).count(b'":') == _keys(record)


def _keys(record: BaseModel) -> int:
    """How many keys were given, in the record and in the records inside it."""
    found = len(record.model_fields_set)
    for field in _with_records(type(record)):
        value = getattr(record, field)
        if isinstance(value, tuple):
            found += sum(map(_keys, value))
        elif value is not None:
            found += _keys(value)
    return found


@cache
def _with_records(record: type[BaseModel]) -> tuple[str, ...]:
    """The fields that have one record or several records."""
    return tuple(
        field
        for field, info in record.model_fields.items()
        if any(isinstance(part, type) and issubclass(part, BaseModel) for part in parts_of((info.annotation,)))
    )


def key_given_twice(raw: bytes) -> str | None:
    """The key that is given twice; None when each key is given once."""
    return None if lost_nothing(raw) else look(raw)


def look(raw: bytes) -> str | None:
    """The same as ``key_given_twice``, by a check of each key."""
    try:
        _UNIQUE.decode(raw.decode())
    except _GivenTwiceError as exc:
        return str(exc)
    return None


def lost_nothing(raw: bytes) -> bool:
    """Whether a parser keeps every key. False means that this check cannot decide.

    Each key has one colon after it, and a text keeps its own colons. So when a message that is read and written again has as many colons
    as before, no key was dropped. Only a colon that was written as an escape could hide a dropped key: afterwards it is one colon more.
    """
    try:
        kept = wire.dump(wire.load(raw))
    except ValueError:
        return False
    return kept.count(b":") == raw.count(b":") and (b"\\" not in raw or b"\\u003" not in raw)


class _GivenTwiceError(Exception):
    """A key was given twice. The text of the exception is the key."""


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _GivenTwiceError(next(key for key in keys if keys.count(key) > 1))


_UNIQUE = json.JSONDecoder(object_pairs_hook=_each_once)
