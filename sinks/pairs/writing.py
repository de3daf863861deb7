"""Writes decisions about pairs to ``decisions.v1``."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from kafka.errors import KafkaError

from mekong.schemas.decisions import PairDecision
from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import DECISIONS
from mekong.schemas.wire import encode
from mekong.sinks.recording import recording_producer

WITHIN_S = 8.0
_CLOSE_S = 2


class DecisionWriter:
    """Writes one decision after the other. For one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None

    def write(self, decision: PairDecision) -> int:
        """The offset of the decision, when all replicas have it. Raises Retriable when that is not certain.

        To write it again does no harm: it has the same id.
        """
        key = f"{decision.first}/{decision.second}".encode()
        try:
            self._producer = self._producer or recording_producer(self._settings, WITHIN_S)
            stored = self._producer.send(DECISIONS.name, encode(decision), key=key, partition=0).get(WITHIN_S)
        except KafkaError as exc:
            self.close()
            raise Retriable(f"the decision was not confirmed, send it again: {exc!r}") from exc
        return int(stored.offset)

    def close(self) -> None:
        """Close the producer; the next decision connects again."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError):
                producer.close(timeout=_CLOSE_S)
