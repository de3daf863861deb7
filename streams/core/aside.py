"""Keeps, in the state of each stage's lane, which keys are aside: a key goes aside with the first of its records on which our code fails.

``@aside/run`` -> failures in a row; ``@aside/keys`` -> how many keys are aside; ``@aside/key/<key>`` -> topic, partition and offset of
the first record of a key. Later records of a key are set aside without an attempt: version 3 of a case subtracts what version 2 would
have added.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from typing import Any

from mekong.schemas.errors import Fatal, Retriable
from mekong.streams.core.draft import Draft

MOST_IN_A_ROW = 100
"""Failures in a row before the process ends: a bad deploy must not set everything aside. Counted across restarts."""
NOT_OF_THE_RECORD = (Fatal, Retriable, MemoryError, OSError)
"""Failures that are not caused by the record at which they happen."""
FORMAT = 1
RUN, _KEYS = b"@aside/run", b"@aside/keys"


def failed(draft: Draft) -> int:
    """Count one more failure; returns the number of failures in a row."""
    run = int(draft.raw(RUN) or 0) + 1
    draft.put_raw(RUN, b"%d" % run)
    return run


def went_well(draft: Draft) -> None:
    """End the count of failures in a row."""
    if draft.raw(RUN) is not None:
        draft.drop(RUN)


def has_any(draft: Draft) -> bool:
    """Whether any key is aside."""
    return draft.raw(_KEYS) is not None


def is_aside(draft: Draft, keys: Iterable[str]) -> bool:
    """Whether one of the keys is aside."""
    return any(draft.raw(_key(key)) is not None for key in keys)


def remember(draft: Draft, keys: Iterable[str], topic: str, partition: int, offset: int) -> None:
    """Set keys aside from this record on. A key that is aside already does not change."""
    for key in keys:
        if draft.raw(_key(key)) is None:
            draft.put(_key(key), {"f": FORMAT, "topic": topic, "partition": partition, "offset": offset})
            draft.put_raw(_KEYS, b"%d" % (int(draft.raw(_KEYS) or 0) + 1))


def forget(draft: Draft, keys: Iterable[str]) -> None:
    """Mark keys as not aside any more."""
    for key in keys:
        if draft.raw(_key(key)) is not None:
            draft.drop(_key(key))
            left = int(draft.raw(_KEYS) or 0) - 1
            if left > 0:
                draft.put_raw(_KEYS, b"%d" % left)
            else:
                draft.drop(_KEYS)


def place_of(exc: BaseException) -> str:
    """The innermost module and line of our own code that failed. It has no part of the record and no path of a machine."""
    ours = [
        f"{name.removeprefix('mekong.')}, line {line}"
        for frame, line in traceback.walk_tb(exc.__traceback__)
        if (name := str(frame.f_globals.get("__name__", ""))).startswith(("mekong.streams.", "mekong.schemas."))
    ]
    return ours[-1] if ours else "outside of our code"


def said(value: dict[str, Any], name: str) -> str | None:
    """A text field of a record; None when the field is missing or is not a text."""
    found = value.get(name)
    return found if isinstance(found, str) else None


def _key(key: str) -> bytes:
    return f"@aside/key/{key}".encode()
