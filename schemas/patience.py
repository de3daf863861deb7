"""How long to wait for a reader of Kafka that should come to an end: its clients wait for a broker that is away for ever."""

from __future__ import annotations

import time

from schemas.errors import Retriable

STANDSTILL_S = 30.0


class Patience:
    """With a reader that should come to an end: it lasts while the reader gets further."""

    def __init__(self, doing: str) -> None:
        """``doing`` is a phrase such as "read journal.v1"."""
        self._doing = doing
        self._place: object = None
        self._since = time.monotonic()

    def look(self, place: object) -> None:
        """Take note of where the reader stands. Raises Retriable when it has stood there for ``STANDSTILL_S``."""
        now = time.monotonic()
        if place != self._place:
            self._place, self._since = place, now
        elif now - self._since > STANDSTILL_S:
            raise Retriable(f"cannot {self._doing}: nothing has come from Kafka for {STANDSTILL_S:.0f} s. Is it up (`mekong status`)?", 5.0)
