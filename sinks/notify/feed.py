"""``alerts.<agency>.v1`` in, one live feed for each of its readers out: each topic is read once, however many listen.

A reader has a queue of bounded length. Whoever does not keep up is dropped; it comes back with the id of its last event and misses
nothing. What a reader missed is read by a consumer of its own, up to the place where its queue began.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from schemas.errors import Fatal, Refused
from schemas.patience import Patience
from schemas.settings import Settings
from sinks.notify.frames import Entry, entry
from sinks.notify.reading import reader

log = logging.getLogger(__name__)

QUEUE = 1_000
"""Records that a reader may be behind."""
_POLL_MS = 100


class Listener:
    """One reader's queue; it begins at ``start``, the offset of the next record when it joined."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._queue: asyncio.Queue[Entry] = asyncio.Queue(QUEUE)
        self.lost = False

    def offer(self, found: Entry) -> None:
        """Give it a record; one that finds no room is lost, and so are all behind it."""
        if self.lost:
            return
        try:
            self._queue.put_nowait(found)
        except asyncio.QueueFull:
            self.lost = True

    async def next(self, within_s: float) -> Entry | None:
        """The next record, or None when there is none so long."""
        try:
            async with asyncio.timeout(within_s):
                return await self._queue.get()
        except TimeoutError:
            return None


class Feeds:
    """Every topic somebody listens to. Used on one event loop; a thread reads Kafka."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[str, set[Listener]] = {}
        self._next: dict[str, int] = {}
        self._wanted: SimpleQueue[tuple[str, asyncio.Future[None]]] = SimpleQueue()
        self._stop = threading.Event()

    async def run(self) -> None:
        """Read until cancelled. Raises Fatal when Kafka fails: readers come back and resume."""
        try:
            await asyncio.to_thread(self._read)
        finally:
            self._stop.set()

    def end(self) -> None:
        """Let ``run`` return."""
        self._stop.set()

    async def join(self, topic: str) -> Listener:
        """Begin to listen to a topic, from its next record on. Raises Refused when there is no such topic."""
        if topic not in self._next:
            opened: asyncio.Future[None] = self._loop.create_future()
            self._wanted.put((topic, opened))
            await opened
        listener = Listener(self._next[topic])
        self._listeners.setdefault(topic, set()).add(listener)
        return listener

    def leave(self, topic: str, listener: Listener) -> None:
        """Listen no more."""
        self._listeners.get(topic, set()).discard(listener)

    async def missed(self, topic: str, start: int | datetime, end: int) -> AsyncGenerator[Entry]:
        """The records from ``start`` (an offset, or a time) up to ``end``, in order."""
        history = _History(self._settings, topic, start, end)
        try:
            await asyncio.to_thread(history.open)
            while found := await asyncio.to_thread(history.read):
                for one in found:
                    yield one
        finally:
            await asyncio.to_thread(history.close)

    def _read(self) -> None:
        with _failures("follow the alerts of members"):
            consumer = reader(self._settings)
            try:
                while not self._stop.is_set():
                    self._open(consumer)
                    if not consumer.assignment():
                        self._stop.wait(_POLL_MS / 1_000)
                        continue
                    for tp, records in consumer.poll(timeout_ms=_POLL_MS).items():
                        found = [entry(record.offset, record.value or b"") for record in records]
                        self._loop.call_soon_threadsafe(self._publish, tp.topic, found)
            finally:
                consumer.close()

    def _open(self, consumer: KafkaConsumer) -> None:
        """Follow what was asked for since, from its end on."""
        while True:
            try:
                topic, opened = self._wanted.get_nowait()
            except Empty:
                return
            tp = TopicPartition(topic, 0)
            if not consumer.partitions_for_topic(topic):
                self._loop.call_soon_threadsafe(_resolve, opened, Refused(f"there is no topic {topic}: the member is not registered here"))
                continue
            if tp not in consumer.assignment():
                end = consumer.end_offsets([tp])[tp]
                consumer.assign([*consumer.assignment(), tp])
                consumer.seek(tp, end)
                self._loop.call_soon_threadsafe(self._next.setdefault, topic, end)
            self._loop.call_soon_threadsafe(_resolve, opened)

    def _publish(self, topic: str, found: list[Entry]) -> None:
        self._next[topic] = found[-1].offset + 1
        for listener in self._listeners.get(topic, ()):
            for one in found:
                listener.offer(one)


class _History:
    """A piece of one topic, read by a consumer of its own."""

    def __init__(self, settings: Settings, topic: str, start: int | datetime, end: int) -> None:
        self._settings, self._tp, self._start, self._end = settings, TopicPartition(topic, 0), start, end
        self._consumer: Any = None
        self._patience = Patience(f"read {topic}")

    def open(self) -> None:
        with _failures(f"read {self._tp.topic}"):
            self._consumer = reader(self._settings)
            self._consumer.assign([self._tp])
            self._consumer.seek(self._tp, self._first())

    def _first(self) -> int:
        if isinstance(self._start, datetime):
            found = self._consumer.offsets_for_times({self._tp: int(self._start.timestamp() * 1_000)})[self._tp]
            return int(found.offset) if found else self._end
        return max(self._start, int(self._consumer.beginning_offsets([self._tp])[self._tp]))

    def read(self) -> list[Entry]:
        """The next records; none at the end. Raises Retriable when none come any more."""
        with _failures(f"read {self._tp.topic}"):
            while (place := self._consumer.position(self._tp, timeout_ms=_POLL_MS) or 0) < self._end:
                self._patience.look(place)
                records = self._consumer.poll(timeout_ms=_POLL_MS).get(self._tp, [])
                if found := [entry(record.offset, record.value or b"") for record in records if record.offset < self._end]:
                    return found
        return []

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()


def _resolve(opened: asyncio.Future[None], refused: Refused | None = None) -> None:
    if opened.done():
        return
    if refused:
        opened.set_exception(refused)
    else:
        opened.set_result(None)


@contextmanager
def _failures(doing: str) -> Iterator[None]:
    try:
        yield
    except KafkaError as exc:
        raise Fatal(f"cannot {doing}: {exc!r}") from exc
