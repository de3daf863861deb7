"""Gives each reader of ``alerts.<agency>.v1`` a live feed. Each topic is read once, however many readers there are.

A reader has a queue of bounded length. A reader that is too slow is disconnected. It returns with the id of its last event and misses
nothing. Its own consumer reads the records that it missed, up to the place where its queue began.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from mekong.schemas.errors import Fatal, Refused
from mekong.schemas.settings import Settings
from mekong.schemas.upto import up_to
from mekong.sinks.delivery.frames import Entry, entry
from mekong.sinks.reading import reader

log = logging.getLogger(__name__)

QUEUE = 1_000
"""The number of records that a reader may be late."""
AGAIN_S = 5.0
"""The time between a failure of Kafka and the next attempt."""
_POLL_MS = 500
_ENDS = "this server ends: connect again"


class Listener:
    """One reader's queue; it begins at ``start``, the offset of the next record when it joined."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._queue: asyncio.Queue[Entry | None] = asyncio.Queue(QUEUE)
        self.lost = False

    def offer(self, found: Entry) -> None:
        """Give the reader a record. When the queue is full, this record and all later ones are dropped."""
        if self.lost:
            return
        try:
            self._queue.put_nowait(found)
        except asyncio.QueueFull:
            self.lost = True

    def end(self) -> None:
        """Disconnect the reader: the server ends."""
        self.lost = True
        with suppress(asyncio.QueueFull):
            self._queue.put_nowait(None)

    async def next(self, within_s: float) -> Entry | None:
        """The next record. None when no record arrives within this time."""
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
        """Read until ``stop``. When Kafka fails, the readers are disconnected and it begins again: they connect again and resume."""
        while not self._stop.is_set():
            try:
                await asyncio.to_thread(self._read)
            except Fatal as exc:
                log.error("%s; the readers are disconnected, it begins again in %g s", exc, AGAIN_S)  # noqa: TRY400 - the cause is in it
                self._next.clear()
                self._disconnect()
                await asyncio.to_thread(self._stop.wait, AGAIN_S)

    def stop(self) -> None:
        """Let ``run`` return, and disconnect the readers. They return to the next server."""
        self._stop.set()
        self._disconnect()

    def _disconnect(self) -> None:
        for listeners in self._listeners.values():
            for one in listeners:
                one.end()

    async def join(self, topic: str) -> Listener:
        """Begin to listen to a topic, from its next record on. Raises Refused when the topic does not exist."""
        if topic not in self._next:
            opened: asyncio.Future[None] = self._loop.create_future()
            self._wanted.put((topic, opened))
            await opened
        if self._stop.is_set() or topic not in self._next:  # or Kafka failed at this moment
            raise Refused(_ENDS)
        listener = Listener(self._next[topic])
        self._listeners.setdefault(topic, set()).add(listener)
        return listener

    def leave(self, topic: str, listener: Listener) -> None:
        """Listen no more."""
        self._listeners.get(topic, set()).discard(listener)

    async def end(self, topic: str) -> int:
        """The offset of the next record of a topic, asked of Kafka."""
        return await asyncio.to_thread(_end, self._settings, topic)

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
                self._refuse_wanted()
                consumer.close()

    def _refuse_wanted(self) -> None:
        """Let nobody wait for a topic that is not followed any more."""
        with suppress(Empty):
            while True:
                self._loop.call_soon_threadsafe(_resolve, self._wanted.get_nowait()[1], Refused(_ENDS))

    def _open(self, consumer: KafkaConsumer) -> None:
        """Follow what was asked for since, from its end on."""
        while True:
            try:
                topic, opened = self._wanted.get_nowait()
            except Empty:
                return
            try:
                refused = self._follow(consumer, topic)
            except KafkaError:
                self._loop.call_soon_threadsafe(_resolve, opened, Refused(_ENDS))
                raise
            self._loop.call_soon_threadsafe(_resolve, opened, refused)

    def _follow(self, consumer: KafkaConsumer, topic: str) -> Refused | None:
        """Follow one topic more, or say why not."""
        tp = TopicPartition(topic, 0)
        if not consumer.partitions_for_topic(topic):
            return Refused(f"the topic {topic} does not exist: the member is not registered here")
        if tp not in consumer.assignment():
            end = consumer.end_offsets([tp])[tp]
            consumer.assign([*consumer.assignment(), tp])
            consumer.seek(tp, end)
            self._loop.call_soon_threadsafe(self._next.setdefault, topic, end)
        return None

    def _publish(self, topic: str, found: list[Entry]) -> None:
        self._next[topic] = found[-1].offset + 1
        for listener in self._listeners.get(topic, ()):
            for one in found:
                listener.offer(one)


def _end(settings: Settings, topic: str) -> int:
    tp = TopicPartition(topic, 0)
    with _failures(f"read {topic}"):
        consumer = reader(settings)
        try:
            return int(consumer.end_offsets([tp])[tp])
        finally:
            consumer.close()


class _History:
    """A piece of one topic, read by a consumer of its own."""

    def __init__(self, settings: Settings, topic: str, start: int | datetime, end: int) -> None:
        self._settings, self._tp, self._start, self._end = settings, TopicPartition(topic, 0), start, end
        self._consumer: Any = None
        self._polls: Iterator[Any] = iter(())

    def open(self) -> None:
        with _failures(f"read {self._tp.topic}"):
            self._consumer = reader(self._settings)
            self._consumer.assign([self._tp])
            self._consumer.seek(self._tp, self._first())
            self._polls = up_to(self._consumer, {self._tp: self._end}, f"read {self._tp.topic}")

    def _first(self) -> int:
        if isinstance(self._start, datetime):
            found = self._consumer.offsets_for_times({self._tp: int(self._start.timestamp() * 1_000)})[self._tp]
            return int(found.offset) if found else self._end
        return max(self._start, int(self._consumer.beginning_offsets([self._tp])[self._tp]))

    def read(self) -> list[Entry]:
        """The next records, and none at the end. Raises Retriable when no more arrive."""
        with _failures(f"read {self._tp.topic}"):
            for polled in self._polls:
                if found := [entry(one.offset, one.value or b"") for one in polled.get(self._tp, []) if one.offset < self._end]:
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
