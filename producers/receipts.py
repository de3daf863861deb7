"""Reads the ``Receipt``s of ``receipts.<agency>`` in order, and only those that the exchange has committed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from kafka import TopicPartition

from mekong.producers.answer import Answer, answer
from mekong.producers.broker import reaching, reader
from mekong.schemas.errors import Refused
from mekong.schemas.receipts import Receipt
from mekong.schemas.settings import Settings
from mekong.schemas.topics import agency_of, receipts_of
from mekong.schemas.upto import up_to
from mekong.schemas.wire import decode

T = TypeVar("T")


class Mailbox:
    """Follows the receipts of one or more agencies. Needs no group: the reader keeps its own place."""

    def __init__(self, settings: Settings) -> None:
        """Raises Refused or Retriable when the exchange cannot be reached."""
        self._settings = settings
        with reaching(settings, "reach the exchange"):
            self._consumer = reader(settings, max_poll_records=5_000, fetch_max_wait_ms=100)

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

    def has(self, topic: str) -> bool:
        """Whether this user may see a topic."""
        with reaching(self._settings, "list the topics"):
            return topic in self._consumer.topics()

    def follow(self, incoming: Iterable[str], start: Mapping[str, int] | None = None) -> dict[str, int]:
        """Also follow the receipts for these ``in.`` topics, from ``start`` or from now on. Returns where each one starts."""
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

    def since(self, incoming: Iterable[str], at: datetime) -> dict[str, int]:
        """Where to start in the receipts topics so that no receipt that was written after ``at`` is left out: for ``follow``."""
        partitions = [TopicPartition(receipts_of(topic), 0) for topic in incoming]
        with reaching(self._settings, "look for the receipts of the last months"):
            found = self._consumer.offsets_for_times(dict.fromkeys(partitions, int(at.timestamp() * 1000)))
            ends = self._consumer.end_offsets(partitions)
        return {one.topic: ends[one] if found[one] is None else found[one].offset for one in partitions}

    def reach(self, places: Mapping[str, int]) -> bool:
        """Whether these topics exist and are at least as long as before. Not so when the address now belongs to another cluster."""
        with reaching(self._settings, "look how long the topics are"):
            partitions = {TopicPartition(topic, 0): place for topic, place in places.items()}
            if not self._consumer.topics() >= set(places):
                return False
            ends = self._consumer.end_offsets(list(partitions))
        return all(ends[partition] >= place for partition, place in partitions.items())

    def place(self, topic: str) -> int:
        """The offset of the next receipt that is read from a receipts topic that is followed."""
        with reaching(self._settings, f"ask for the place in {topic}"):
            return int(self._consumer.position(TopicPartition(topic, 0)))

    def to_end(self) -> Iterator[list[Receipt]]:
        """The receipts that exist now, in lists as they arrive. Raises Retriable when no more of them arrive."""
        with reaching(self._settings, "read receipts"):
            ends = self._consumer.end_offsets(list(self._consumer.assignment()))
            for polled in up_to(self._consumer, ends, "read receipts"):
                for records in polled.values():
                    yield [decode(record.value, Receipt) for record in records]

    def poll(self, timeout_s: float = 0.0) -> list[Receipt]:
        """The receipts that have come, waiting for the first at most ``timeout_s``."""
        return self._read(timeout_s, lambda raw: decode(raw, Receipt))

    def answers(self, timeout_s: float = 0.0) -> list[Answer]:
        """The same as ``poll``, only what a sender asks; a third of the time."""
        return self._read(timeout_s, answer)

    def answered(self, agencies: Collection[str]) -> set[str]:
        """Those of these agencies that the exchange has answered before."""
        topics = {receipts_of(topic): agency for agency, topic in self.agencies().items() if agency in agencies}
        with reaching(self._settings, "look for earlier receipts"):
            ends = self._consumer.end_offsets([TopicPartition(topic, 0) for topic in topics])
        return {topics[partition.topic] for partition, end in ends.items() if end}

    def _read(self, timeout_s: float, read: Callable[[bytes], T]) -> list[T]:
        """What has come. Raises Refused when one of it cannot be read; all of it comes again then."""
        if not self._consumer.assignment():
            return []
        with reaching(self._settings, "read receipts"):
            found = self._consumer.poll(timeout_ms=int(timeout_s * 1000))
        try:
            return [read(record.value) for records in found.values() for record in records]
        except (ValueError, KeyError) as exc:
            for partition, records in found.items():
                self._consumer.seek(partition, records[0].offset)
            raise Refused(f"a receipt cannot be read ({exc}): is the exchange newer than this program? Install a newer one.") from exc

    def close(self) -> None:
        """Leave."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
