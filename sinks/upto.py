"""A Kafka consumer and ends that were fixed before in; its records up to them out, or Retriable when no more come.

Kafka's client waits for a broker that is away for ever, and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kafka import TopicPartition

from schemas.patience import Patience

_POLL_MS = 500


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
