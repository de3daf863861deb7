"""Reads and changes the state of a lane inside a transaction (``Draft``): the changes are on top of the committed state."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from mekong.schemas import wire
from mekong.schemas.errors import Refused

NEWEST = 2
"""The newest format of any value that this code writes."""
MOST_BYTES = 256_000
"""The largest size of one value. Collections are kept in many records: ``streams/core/collections.py``."""
POSITION = b"@position/"
"""The prefix of the keys that have the next offset of a source: ``<topic>/<partition>`` follows."""
_ABSENT = object()


class ValueTooLarge(Exception):  # noqa: N818 - named for what happened, as all our errors
    """A fold writes a value that grows without a limit. This is a defect of our code. The text names the key."""


class Draft:
    """Reads through the changes to the state, writes to the changes only. JSON values carry a format number ``f``."""

    def __init__(self, state: Mapping[bytes, bytes], changes: MutableMapping[bytes, bytes | None]) -> None:
        self.state, self.changes = state, changes
        self._before: list[tuple[bytes, Any]] = []

    def raw(self, key: bytes) -> bytes | None:
        """The value as it is stored, or None."""
        return self.changes[key] if key in self.changes else self.state.get(key)

    def get(self, key: bytes, newest: int = NEWEST) -> Any | None:
        """The parsed value, or None. ``newest``: the highest format of such a value. Raises Refused when newer code wrote it."""
        raw = self.raw(key)
        if raw is None:
            return None
        value = wire.load(raw)
        if value["f"] > newest:
            raise Refused(f"the state has format {value['f']}, this code knows up to {newest}: deploy the newer code again")
        return value

    def put_raw(self, key: bytes, value: bytes) -> None:
        """Set a key. Raises ValueTooLarge."""
        if len(value) > MOST_BYTES:
            raise ValueTooLarge(f"{key.decode(errors='replace')}: a value of {len(value):,} bytes; at most {MOST_BYTES:,}")
        self._before.append((key, self.changes.get(key, _ABSENT)))
        self.changes[key] = value

    def put(self, key: bytes, value: Any) -> None:
        """Set a key to a JSON value. Raises ValueTooLarge."""
        self.put_raw(key, wire.compact(wire.dump(value)))

    def drop(self, key: bytes) -> None:
        """Remove a key."""
        self._before.append((key, self.changes.get(key, _ABSENT)))
        self.changes[key] = None

    def begin(self) -> None:
        """Begin a step. ``undo`` undoes the changes after it."""
        self._before.clear()

    def undo(self) -> None:
        """Undo all changes since ``begin``."""
        while self._before:
            key, value = self._before.pop()
            if value is _ABSENT:
                del self.changes[key]
            else:
                self.changes[key] = value


class Named:
    """The JSON values of a draft by their names, for ``mekong.streams.core.collections``."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def get(self, name: str) -> Any | None:
        """The parsed value, or None."""
        return self._draft.get(name.encode())

    def put(self, name: str, value: Mapping[str, Any]) -> None:
        """Set a value."""
        self._draft.put(name.encode(), {**value, "f": NEWEST})

    def drop(self, name: str) -> None:
        """Remove a value."""
        self._draft.drop(name.encode())
