"""Writes all records of one change, or none of them. Only one operator can write at a time: the one who began last.

The producer has a fixed transactional id and is opened before the register is read. Another operator who had it open is refused from
then on. The producer writes one transaction and is closed. So a request that arrives late can commit nothing but that transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from kafka import KafkaProducer
from kafka.errors import AuthorizationError, KafkaError

from mekong.schemas.settings import Settings
from mekong.schemas.topics import REGISTRY, agency_of
from mekong.sinks.transactions import end, open_producer

TRANSACTIONAL_ID = "mekong-registry"
_WITHIN_S = 30
_CLOSE_S = 5
_TIMEOUT_MS = 20_000  # longest time that a killed command holds back the readers of these topics
Outgoing = tuple[str, str, bytes | None, list[tuple[str, bytes]]]
"""Topic, key, value, headers."""


class Lost(Exception):  # noqa: N818 - named for what happened
    """Another operator has begun, or nobody answered: the change is written, or not. Read again."""


class Fence:
    """The right to write the register, once."""

    def __init__(self, producer: KafkaProducer) -> None:
        self._producer = producer

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings) -> Iterator[Fence]:
        """Refuse all who have it, and end what they left open. Raises KafkaError, Fatal."""
        producer = open_producer(
            settings, TRANSACTIONAL_ID, REGISTRY, _WITHIN_S, others=lambda topic: agency_of(topic) is not None, timeout_ms=_TIMEOUT_MS
        )
        try:
            yield cls(producer)
        finally:
            with suppress(KafkaError):
                producer.close(timeout=_CLOSE_S)

    def commit(self, records: Iterable[Outgoing]) -> None:
        """Return when all of them are written. Raises Lost when that is not known, AuthorizationError."""
        try:
            self._producer.begin_transaction()
            sent = [self._producer.send(topic, value, key=key.encode(), headers=headers) for topic, key, value, headers in records]
            for future in sent:
                future.get(_WITHIN_S)
            self._end()
        except AuthorizationError:
            raise
        except KafkaError as exc:
            raise Lost(repr(exc)) from exc

    def _end(self) -> None:
        end(self._producer, commit=True, within_s=_WITHIN_S)
