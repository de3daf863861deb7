"""Topics in, a sink's writes out: ask the store for its position, poll behind it, write; while one batch is written the next is polled.

The consumer group only shares out the partitions; its commits tell tools the lag and are never read back.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Event

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError, TopicAuthorizationFailedError

from schemas.errors import Fatal, Refused, Retriable
from sinks.base import NOTHING, Batch, Sink, Source
from sinks.reader import POLL_MS
from sinks.waiting import Limits, Waiting

log = logging.getLogger(__name__)

LOOK_FOR_TOPICS_S = 10  # a new agency's topics are picked up within a minute
_COMMIT_EVERY_S = 2.0
_LONGEST_WAIT_S = 30.0


class Runner(ConsumerRebalanceListener):  # type: ignore[misc]
    """One consumer and one sink. ``run`` returns after ``stop`` is set, and raises Fatal when it cannot go on."""

    def __init__(self, reader: KafkaConsumer, pattern: str, sink: Sink, stop: Event, limits: Limits = Limits()) -> None:  # noqa: B008 - immutable
        self._reader, self._pattern, self._sink, self._stop, self._limits = reader, re.compile(pattern), sink, stop, limits
        self._topics: list[str] = []
        self._look_at = 0.0
        self._waiting = Waiting()
        self._mine: set[Source] = set()
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
            self._reader.seek(tp, 0)  # a place of our own, or the client would go by the group's
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
        if not self._topics:
            self._stop.wait(POLL_MS / 1_000)
            return
        self._heed_changes()
        self._find_places()
        for tp, records in self._reader.poll(timeout_ms=POLL_MS).items():
            source = Source(tp.topic, tp.partition)
            if source in self._waiting:
                self._waiting.add(source, records, time.monotonic())
        if self._flight and self._waiting.is_full(self._limits):
            self._land(wait_s=1.0)  # it may fail, and then nothing waits any more
        if self._flight is None and (self._waiting.is_full(self._limits) or self._is_due()):
            self._take_off()
        self._commit()

    def _heed_changes(self) -> None:
        """Let go of the places of what was given and taken: they are asked for again, also of what came back at once."""
        while not self._changes.empty():
            given, sources = self._changes.get()
            self._mine = self._mine | sources if given else self._mine - sources
            self._waiting.forget(sources)

    def _find_topics(self) -> None:
        """Subscribe to what matches the pattern now. The client's own patterns miss topics that are made later."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_FOR_TOPICS_S
        topics = sorted(filter(self._pattern.fullmatch, self._reader.topics()))
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
        """Take the result of the write in flight, if it is there within ``wait_s``."""
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
        self._flight, self._flying = None, []

    def _lose_places(self, why: Retriable) -> None:
        """Nothing is known of what was being written: ask again, after a wait."""
        wait_s = min(why.retry_after_s * 2**self._failures, _LONGEST_WAIT_S)
        self._failures = min(self._failures + 1, 10)
        self._retry_at = time.monotonic() + wait_s
        log.info("%s; asking for the position in %.1f s", why, wait_s)
        self._waiting.forget()
        for tp in self._reader.assignment():
            with suppress(KeyError):  # taken from us at this moment
                self._reader.pause(tp)

    def _find_places(self) -> None:
        """Ask the store where the sources stand whose place is not known, and read on behind that."""
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
            with suppress(KeyError, ValueError):  # taken from us while we asked: it is heeded in the next step
                self._reader.seek(tp, after)
                self._waiting.place({source: positions[source]})
                self._reader.resume(tp)

    def _commit(self) -> None:
        """Tell the group how far we are, for tools that show lag. Nothing depends on it."""
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
            f"{where} ends at {end}, but its offset {position} is stored already: the topic was made anew. Use another database for it."
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
