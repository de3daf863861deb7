"""Runs a sink: it asks the store for its position, polls after it, and writes. While one batch is written, the next one is polled.

The consumer group only assigns the partitions. Its commits show the lag to other tools and are never read back.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Event

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import IllegalStateError, KafkaError, TopicAuthorizationFailedError

from mekong.schemas import measured, metrics
from mekong.schemas.condition import CONDITION
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.sinks.base import NOTHING, Batch, Sink, Source
from mekong.sinks.waiting import Limits, Waiting

log = logging.getLogger(__name__)

IDLE_S = 2.0  # a poll while nothing waits: a record ends it at once
GATHER_S = 0.25  # after a poll with few records: an answer costs some milliseconds, even with one record
LITTLE = 131_072  # bytes of values
LOOK_FOR_TOPICS_S = 10  # a new agency's topics are picked up within a minute
_COMMIT_EVERY_S = 2.0
_LONGEST_WAIT_S = 30.0
_STUCK_S = 180.0
"""A step may wait for ClickHouse for a minute or two. After this time without a step, the thread is stuck."""
_LAG_EVERY_S = 15.0
_ASKS = "does not know its position, because ClickHouse did not answer or was busy: its log says more"


class Runner(ConsumerRebalanceListener):  # type: ignore[misc]
    """One consumer and one sink. ``run`` returns after ``stop`` is set, and raises Fatal when it cannot go on."""

    def __init__(
        self,
        reader: KafkaConsumer,
        pattern: str,
        sink: Sink,
        stop: Event,
        limits: Limits = Limits(),  # noqa: B008 - immutable
        name: str = "sink",
    ) -> None:
        """``name``: what is filled, for the sentences about its condition."""
        self._name, self._joined = name, False
        self._reader, self._pattern, self._sink, self._stop, self._limits = reader, re.compile(pattern), sink, stop, limits
        self._topics: list[str] = []
        self._look_at = self._lag_at = 0.0
        self._waiting = Waiting()
        self._mine: set[Source] = set()
        self._stored: dict[Source, int] = {}
        self._changes: SimpleQueue[tuple[bool, set[Source]]] = SimpleQueue()
        self._flight: Future[None] | None = None
        self._flying: list[Batch] = []
        self._took_off = self._took_s = 0.0
        self._failures = 0
        self._retry_at = 0.0
        self._commits: dict[TopicPartition, OffsetAndMetadata] = {}
        self._committed_at = 0.0

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Their places are asked for before anything of them is polled. Called in the client's thread, as the next."""
        self._reader.pause(*assigned)
        for tp in assigned:
            self._reader.seek(tp, 0)  # the store's place, or the client would use the group's
        self._changes.put((True, _sources(assigned)))

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """What waits of them is another process's now; what is being written may be written: it cannot do harm."""
        self._changes.put((False, _sources(revoked)))

    def run(self) -> None:
        """Serve until ``stop``. Raises Fatal."""
        with ThreadPoolExecutor(1, thread_name_prefix="write") as self._writer, _kafka_failures():
            try:
                while not self._stop.is_set():
                    self._step()
            finally:
                self._reader.close(autocommit=False)

    def _step(self) -> None:
        self._land()
        self._find_topics()
        self._tell()
        if not self._topics:
            self._stop.wait(GATHER_S)
            return
        self._heed_changes()
        self._find_places()
        self._poll()
        if self._flight and self._waiting.is_full(self._limits):
            self._land(wait_s=1.0)  # it may fail, and then no record waits any more
        if self._flight is None and (self._waiting.is_full(self._limits) or self._is_due()):
            self._take_off()
        self._commit()
        self._measure()

    def _tell(self) -> None:
        """Report the condition of this thread."""
        missing = ""
        if self._topics and not self._joined:
            missing = "waits for its partitions: its group has not assigned any yet"
        elif self._mine - self._waiting.sources:
            missing = _ASKS if self._failures else "asks ClickHouse for its position"
        CONDITION.beat(f"the sink of {self._name}", _STUCK_S)
        CONDITION.report(self._name, f"The sink of {self._name} {missing}." if missing else "")

    def _measure(self) -> None:
        """Show how far each topic is ahead of the store, by what the client knows: this asks nobody."""
        if time.monotonic() < self._lag_at:
            return
        self._lag_at = time.monotonic() + _LAG_EVERY_S
        found = Counter[str]()
        for source in self._mine & self._stored.keys():
            with suppress(IllegalStateError, KeyError):  # the group revoked it at this moment
                found[source.topic] += max(0, (self._reader.highwater(TopicPartition(*source)) or 0) - self._stored[source] - 1)
        measured.put_all(metrics.LAG, found, "topic", stage=f"sink-{self._name}")

    def _poll(self) -> None:
        """Poll records. After a few records, wait a short time, so that the next poll finds more of them together."""
        is_idle = self._flight is None and self._waiting.since is None
        before = self._waiting.size
        found = self._reader.poll(timeout_ms=int(1_000 * (IDLE_S if is_idle else GATHER_S)))
        for tp, records in found.items():
            source = Source(tp.topic, tp.partition)
            if source in self._waiting:
                self._waiting.add(source, records, time.monotonic())
        if found and self._waiting.size - before < LITTLE:
            self._stop.wait(GATHER_S)

    def _heed_changes(self) -> None:
        """Forget the places of partitions that the group revoked or assigned, even of one that came back. The store is asked again."""
        while not self._changes.empty():
            given, sources = self._changes.get()
            self._joined |= given
            self._mine = self._mine | sources if given else self._mine - sources
            self._waiting.forget(sources)

    def _find_topics(self) -> None:
        """Subscribe to what matches the pattern now. The client's own patterns miss topics that are made later."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_FOR_TOPICS_S
        topics = sorted(filter(self._pattern.fullmatch, self._reader.topics()))
        measured.put(metrics.LAST_ANSWER, time.time(), stage=f"sink-{self._name}")
        if topics != self._topics:
            self._topics = topics
            self._reader.subscribe(topics, listener=self)

    def _is_due(self) -> bool:
        linger_s = min(max(self._limits.linger_s, 4 * self._took_s), self._limits.linger_most_s)
        return self._waiting.since is not None and time.monotonic() - self._waiting.since >= linger_s

    def _take_off(self) -> None:
        self._flying = self._waiting.take()
        self._took_off = time.monotonic()
        self._flight = self._writer.submit(self._sink.write, self._flying)

    def _land(self, wait_s: float = 0.0) -> None:
        """Use the result of the write in flight, if it is there within ``wait_s``."""
        if self._flight is None or not wait([self._flight], wait_s).done:
            return
        try:
            self._flight.result()
        except Retriable as exc:
            self._lose_places(exc)
        else:
            self._failures = 0
            self._took_s = time.monotonic() - self._took_off
            self._commits |= {TopicPartition(*batch.source): OffsetAndMetadata(batch.last + 1, "", -1) for batch in self._flying}
            self._stored |= {batch.source: batch.last for batch in self._flying}
        self._flight, self._flying = None, []

    def _lose_places(self, why: Retriable) -> None:
        """The outcome of the last write is unknown: ask the store again, after a wait."""
        wait_s = min(why.retry_after_s * 2**self._failures, _LONGEST_WAIT_S)
        self._failures = min(self._failures + 1, 10)
        measured.count(metrics.FAILED, table=self._name)
        self._retry_at = time.monotonic() + wait_s
        log.info("%s; asking for the position in %.1f s", why, wait_s)
        self._waiting.forget()
        for tp in self._reader.assignment():
            with suppress(KeyError):  # the group revoked it at this moment
                self._reader.pause(tp)

    def _find_places(self) -> None:
        """Ask the store for the places of the sources whose place is unknown, and read on after them."""
        if not (lost := self._mine - self._waiting.sources) or time.monotonic() < self._retry_at:
            return
        while self._flight and not self._stop.is_set():  # the sink does one thing at a time
            self._land(wait_s=1.0)
        lost = self._mine - self._waiting.sources
        try:
            positions = self._sink.positions(lost)
        except Retriable as exc:
            self._lose_places(exc)
            return
        tps = {source: TopicPartition(*source) for source in lost}
        first, end = self._reader.beginning_offsets(list(tps.values())), self._reader.end_offsets(list(tps.values()))
        for source, tp in tps.items():
            after = _next(source, positions[source], first[tp], end[tp])
            with suppress(KeyError, ValueError):  # the group revoked it meanwhile: the next step handles that
                self._reader.seek(tp, after)
                self._waiting.place({source: positions[source]})
                self._stored[source] = after - 1
                self._reader.resume(tp)

    def _commit(self) -> None:
        """Commit the places to the group, for tools that show lag. Nothing depends on it."""
        if self._commits and time.monotonic() - self._committed_at > _COMMIT_EVERY_S:
            mine = {tp: offset for tp, offset in self._commits.items() if Source(tp.topic, tp.partition) in self._mine}
            self._reader.commit_async(mine, callback=lambda _offsets, _result: None)
            self._commits, self._committed_at = {}, time.monotonic()


def _sources(tps: Iterable[TopicPartition]) -> set[Source]:
    return {Source(tp.topic, tp.partition) for tp in tps}


def _next(source: Source, position: int, first: int, end: int) -> int:
    """The offset to read from. Raises Refused when store and log do not fit each other."""
    where = f"{source.topic}/{source.partition}"
    if position == NOTHING:
        return first
    if position >= end:
        raise Refused(
            f"{where} ends at {end}, but its offset {position} is stored already: the topic was created again. Use another database for it."
        )
    if position + 1 < first:
        raise Refused(f"{where} begins at {first}, but is stored up to {position} only: records were deleted before they were stored.")
    return position + 1


@contextmanager
def _kafka_failures() -> Iterator[None]:
    try:
        yield
    except TopicAuthorizationFailedError as exc:
        raise Refused(f"the sink may not read {exc}: give it the right") from exc
    except KafkaError as exc:
        raise Fatal(f"reading from Kafka failed: {exc!r}") from exc
