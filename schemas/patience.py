"""Limits the wait for a Kafka reader that should reach an end: Kafka's clients wait without end for a broker that is away."""

from __future__ import annotations

import time

from mekong.schemas.errors import Retriable

STANDSTILL_S = 30.0


class Patience:
    """Waits for a reader that should reach an end, as long as the reader makes progress."""

    def __init__(self, doing: str) -> None:
        """``doing`` is a phrase such as "read journal.v1"."""
        self._doing = doing
        self._place: object = None
        self._since = time.monotonic()

    def look(self, place: object) -> None:
        """Record the reader's place. Raises Retriable when the place has not changed for ``STANDSTILL_S``."""
        now = time.monotonic()
        if place != self._place:
            self._place, self._since = place, now
        elif now - self._since > STANDSTILL_S:
            raise Retriable(f"cannot {self._doing}: nothing has come from Kafka for {STANDSTILL_S:.0f} s. Is it up (`mekong status`)?", 5.0)
