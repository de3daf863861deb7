"""Reads the records of a Kafka consumer up to ends that were fixed before. Raises Retriable when no more records arrive.

Kafka's client does not report that a broker is away; it waits without end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mekong.schemas.patience import Patience

_POLL_MS = 500


def up_to(consumer: Any, ends: Mapping[Any, int], doing: str) -> Iterator[Mapping[Any, list[Any]]]:
    """The records of each poll, until the consumer has reached all of ``ends``.

    The records of a partition may go a little beyond its end. The partitions are already assigned and have their offsets; a partition
    that has reached its end is paused. Raises Retriable when no record arrives for ``STANDSTILL_S``.
    """
    patience, left = Patience(doing), dict(ends)
    while True:
        places = {tp: consumer.position(tp, timeout_ms=_POLL_MS) or 0 for tp in left}  # None: the broker has not answered yet
        done = [tp for tp, place in places.items() if place >= left[tp]]
        if done:
            consumer.pause(*done)
            left = {tp: end for tp, end in left.items() if tp not in done}
        if not left:
            return
        patience.look(places)
        if found := consumer.poll(timeout_ms=_POLL_MS):
            yield found
