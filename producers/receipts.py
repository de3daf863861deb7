"""``receipts.<agency>`` in, ``Receipt``s out, in order; only what the exchange has committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition

from producers.answer import Answer, answer
from producers.broker import reaching
from schemas.connect import kafka_options
from schemas.receipts import Receipt
from schemas.settings import Settings
from schemas.topics import agency_of, receipts_of
from schemas.wire import decode


class Mailbox:
    """Follows the receipts of one or more agencies. Needs no group: the reader keeps its own place."""

    def __init__(self, settings: Settings) -> None:
        """Raises Refused or Retriable when the exchange cannot be reached."""
        self._settings = settings
        with reaching(settings, "reach the exchange"):
            self._consumer = KafkaConsumer(
                **kafka_options(settings),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                allow_auto_create_topics=False,
                max_poll_records=5_000,
                fetch_max_wait_ms=100,
                metrics_enabled=False,
            )

    def agencies(self) -> dict[str, str]:
        """Agency -> its ``in.`` topic, of those this user may see; of several the newest (a name is never used again)."""
        with reaching(self._settings, "list the topics"):
            topics = self._consumer.topics()
        found: dict[str, str] = {}
        for topic in sorted(topics, key=lambda name: (len(name), name)):
            agency = agency_of(topic)
            if agency is not None:
                found[agency] = topic
        return found

    def follow(self, incoming: Iterable[str], start: Mapping[str, int] | None = None) -> dict[str, int]:
        """Also follow the receipts for these ``in.`` topics, from ``start`` or else from now on. Says where each one starts."""
        partitions = [TopicPartition(receipts_of(topic), 0) for topic in incoming]
        with reaching(self._settings, "read " + ", ".join(partition.topic for partition in partitions)[:200]):
            ends = self._consumer.end_offsets(partitions)
            self._consumer.assign([*self._consumer.assignment(), *partitions])
            places = {}
            for partition in partitions:
                place = (start or {}).get(partition.topic, ends[partition])
                self._consumer.seek(partition, place)
                places[partition.topic] = place
        return places

    def reach(self, places: Mapping[str, int]) -> bool:
        """Whether these topics are there, and as long as they were: not where another cluster has taken the address."""
        with reaching(self._settings, "look how long the topics are"):
            partitions = {TopicPartition(topic, 0): place for topic, place in places.items()}
            if not self._consumer.topics() >= set(places):
                return False
            ends = self._consumer.end_offsets(list(partitions))
        return all(ends[partition] >= place for partition, place in partitions.items())

    def ends(self) -> dict[str, int]:
        """Receipts topic -> the place behind its last committed receipt."""
        with reaching(self._settings, "ask for the newest receipts"):
            ends = self._consumer.end_offsets(list(self._consumer.assignment()))
        return {partition.topic: end for partition, end in ends.items()}

    def behind(self, ends: Mapping[str, int]) -> bool:
        """Whether there is more to read before ``ends``. The place moves over transaction markers too, so it gets there."""
        with reaching(self._settings, "ask for the place in the receipts"):
            return any(self._consumer.position(partition) < ends[partition.topic] for partition in self._consumer.assignment())

    def poll(self, timeout_s: float = 0.0) -> list[Receipt]:
        """The receipts that have come, waiting for the first at most ``timeout_s``."""
        return [decode(raw, Receipt) for raw in self._values(timeout_s)]

    def answers(self, timeout_s: float = 0.0) -> list[Answer]:
        """The same as ``poll``, only what a sender asks; a third of the time."""
        return [answer(raw) for raw in self._values(timeout_s)]

    def _values(self, timeout_s: float) -> list[bytes]:
        if not self._consumer.assignment():
            return []
        with reaching(self._settings, "read receipts"):
            found = self._consumer.poll(timeout_ms=int(timeout_s * 1000))
        return [record.value for records in found.values() for record in records]

    def close(self) -> None:
        """Leave."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
