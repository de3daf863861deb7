"""``Draft``: the committed state of a lane with the changes of the transaction under way on top."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from schemas import wire
from schemas.errors import Refused

_ABSENT = object()


class Draft:
    """Reads through the changes to the state, writes to the changes only. JSON values carry a format number ``f``."""

    def __init__(self, state: Mapping[bytes, bytes], changes: MutableMapping[bytes, bytes | None], newest: int = 1) -> None:
        self.state, self.changes, self.newest = state, changes, newest
        self._before: list[tuple[bytes, Any]] = []

    def raw(self, key: bytes) -> bytes | None:
        """The value as it is stored, or None."""
        return self.changes[key] if key in self.changes else self.state.get(key)

    def get(self, key: bytes) -> Any | None:
        """The parsed value, or None. Raises Refused when newer code wrote it."""
        raw = self.raw(key)
        if raw is None:
            return None
        value = wire.load(raw)
        if value["f"] > self.newest:
            raise Refused(f"the state has format {value['f']}, this code knows up to {self.newest}: deploy the newer code again")
        return value

    def put_raw(self, key: bytes, value: bytes) -> None:
        """Set a key."""
        self._before.append((key, self.changes.get(key, _ABSENT)))
        self.changes[key] = value

    def put(self, key: bytes, value: Any) -> None:
        """Set a key to a JSON value."""
        self.put_raw(key, wire.compact(wire.dump(value)))

    def drop(self, key: bytes) -> None:
        """Remove a key."""
        self._before.append((key, self.changes.get(key, _ABSENT)))
        self.changes[key] = None

    def begin(self) -> None:
        """What is put from here on can be taken back."""
        self._before.clear()

    def take_back(self) -> None:
        """Undo all since ``begin``."""
        while self._before:
            key, value = self._before.pop()
            if value is _ABSENT:
                del self.changes[key]
            else:
                self.changes[key] = value
