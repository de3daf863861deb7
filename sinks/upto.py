"""A Kafka consumer and ends that were fixed before in; its records up to them out, or Retriable when no more come.

Kafka's client waits for a broker that is away for ever, and says nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from kafka import TopicPartition

from schemas.errors import Retriable

STANDSTILL_S = 30.0
_POLL_MS = 500


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


def up_to(consumer: Any, ends: Mapping[TopicPartition, int], doing: str) -> Iterator[Mapping[TopicPartition, list[Any]]]:
    """The records of each poll, until the consumer stands at all of ``ends``; those of a partition may go a little beyond its end.

    The partitions are assigned and placed already; one that is through is paused. Raises Retriable when nothing comes for ``STANDSTILL_S``.
    """
    patience, left = Patience(doing), dict(ends)
    while True:
        places = {tp: consumer.position(tp, timeout_ms=_POLL_MS) or 0 for tp in left}  # None: the broker has not told it yet
        done = [tp for tp, place in places.items() if place >= left[tp]]
        if done:
            consumer.pause(*done)
            left = {tp: end for tp, end in left.items() if tp not in done}
        if not left:
            return
        patience.look(places)
        if found := consumer.poll(timeout_ms=_POLL_MS):
            yield found
