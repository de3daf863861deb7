"""Gives the receipts of each agency to its readers: one thread follows the topics that somebody reads, and keeps their last receipts.

An older receipt is read by a reader of its own, so a reader that is far behind delays nobody. The end of a topic is also found by a
reader of its own: a topic that the gateway may not see delays only its own agency.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import TopicAuthorizationFailedError

from mekong.producers.broker import reaching
from mekong.producers.gateway import topic_reader
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.shelf import Found, Shelf
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.inside import failed_inside
from mekong.schemas.settings import Settings

log = logging.getLogger(__name__)

_POLL_MS = 200
_ENDS_AT_ONCE = 8
_OLDER_AT_ONCE = 6
_LOST_S = 30.0
"""Seconds in which a topic that the gateway may not read is not tried again: each try interrupts the reading of the others."""


class Mailroom:
    """Every receipts topic that somebody reads. Used on one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._shelves: dict[str, Shelf] = {}
        self._opening: dict[str, asyncio.Future[None]] = {}
        self._lost: dict[str, float] = {}
        """Topic -> when the broker refused to read it (monotonic seconds)."""
        self._ends = ThreadPoolExecutor(_ENDS_AT_ONCE, "mailroom-ends")
        self._older = ThreadPoolExecutor(_OLDER_AT_ONCE, "mailroom-older")
        self._wanted: SimpleQueue[tuple[str, int, asyncio.Future[None]]] = SimpleQueue()
        self._stop = threading.Event()
        self._asking = threading.Lock()
        self._ended = False
        """Whether the thread looks at what is wanted no more. Under ``_asking``, so that nobody asks where nobody looks."""
        self._thread = threading.Thread(target=self._run, name="mailroom", daemon=True)
        self._thread.start()

    async def place(self, topic: str) -> int:
        """Where the next receipt of a topic will be, or a little before. Raises Problem (503)."""
        return (await self._shelf(topic)).next

    async def read(self, topic: str, after: int, most: int, wait_s: float) -> Found:
        """At most ``most`` receipts from an offset on; when there are none, those that arrive in ``wait_s``. Raises Problem."""
        shelf = await self._shelf(topic)
        if after > shelf.next and after > await self._end(topic):
            raise Problem(400, "This place does not exist: it is of another exchange. Begin without `after`.", field="after")
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while topic in self._shelves and after >= shelf.first and not shelf.since(after, 1).receipts:
                    if self._stop.is_set():
                        break
                    await shelf.news.wait()
        await self._shelf(topic)  # raises when nobody reads any more
        if after < shelf.first:  # also when more than a shelf came while it waited
            return await self._loop.run_in_executor(self._older, topic_reader.older, self._settings, topic, after, shelf.first, most)
        found = shelf.since(after, most)
        return found._replace(next=max(after, found.next))

    @property
    def is_closed(self) -> bool:
        """Whether readers should leave."""
        return self._stop.is_set()

    def close(self) -> None:
        """Let all who wait leave, and end."""
        self._stop.set()
        self._ends.shutdown(wait=False)
        for shelf in self._shelves.values():
            shelf.wake()

    async def _shelf(self, topic: str) -> Shelf:
        if not self._thread.is_alive() and not self._stop.is_set():
            raise topic_reader.unread()
        if topic not in self._shelves:
            if topic not in self._opening:
                self._opening[topic] = asyncio.ensure_future(self._open(topic))
                self._opening[topic].add_done_callback(lambda _: self._opening.pop(topic))
            await asyncio.shield(self._opening[topic])
        if topic not in self._shelves:  # the broker has refused to read it meanwhile
            raise topic_reader.unread()
        return self._shelves[topic]

    async def _open(self, topic: str) -> None:
        if time.monotonic() - self._lost.get(topic, -_LOST_S) < _LOST_S:
            raise topic_reader.unread()
        end = await self._end(topic)
        opened: asyncio.Future[None] = self._loop.create_future()
        with self._asking:
            if self._ended:
                raise topic_reader.unread()
            self._wanted.put((topic, end, opened))
        await opened

    async def _end(self, topic: str) -> int:
        """The end of a topic. Only who waits for this topic waits for it. Raises Problem."""
        if self._stop.is_set():
            raise topic_reader.unread()
        return await self._loop.run_in_executor(self._ends, topic_reader.end_of, self._settings, topic)

    def _run(self) -> None:
        try:
            self._work()
        finally:
            with self._asking:
                self._ended = True
            self._refuse_wanted()

    def _work(self) -> None:
        consumer: Any = None
        places: dict[TopicPartition, int] = {}
        while not self._stop.is_set():
            try:
                with reaching(self._settings, "read receipts"):
                    consumer = consumer or topic_reader.opened(self._settings, places)
                    self._round(consumer, places)
            except (Retriable, Fatal) as exc:
                log.warning("%s", exc)
                self._fail(consumer)
                consumer = None
            except Exception as exc:  # noqa: BLE001 - the outermost edge of the thread: readers still wait for receipts
                failed_inside(log, "reading receipts", exc)
                self._fail(consumer)
                consumer = None
            if not places:
                self._stop.wait(_POLL_MS / 1_000)
        topic_reader.close(consumer)

    def _round(self, consumer: KafkaConsumer, places: dict[TopicPartition, int]) -> None:
        self._follow(consumer, places)
        try:
            polled = consumer.poll(_POLL_MS) if places else {}
        except TopicAuthorizationFailedError as exc:
            self._leave(consumer, places, exc)
            return
        for tp, records in polled.items():
            position = int(consumer.position(tp))
            found = [(record.offset, record.value or b"") for record in records]
            self._loop.call_soon_threadsafe(self._publish, tp.topic, found, position)
            places[tp] = position

    def _fail(self, consumer: KafkaConsumer | None) -> None:
        """Answer who waits for a topic. The next round opens a new connection, from the places that were published."""
        self._refuse_wanted()
        topic_reader.close(consumer)
        self._stop.wait(_POLL_MS / 1_000)

    def _leave(self, consumer: KafkaConsumer, places: dict[TopicPartition, int], exc: TopicAuthorizationFailedError) -> None:
        """Follow the topics no more that the broker refuses; their readers are answered 503. Raises the error when it names none."""
        refused = [tp for tp in places if exc.args and isinstance(exc.args[0], set) and tp.topic in exc.args[0]]
        if not refused:
            raise exc
        for tp in refused:
            log.error("the gateway may not read %s: give its user the right READ to this topic", tp.topic)
            del places[tp]
            self._loop.call_soon_threadsafe(self._closed, tp.topic)
        topic_reader.place_at(consumer, places)

    def _follow(self, consumer: KafkaConsumer, places: dict[TopicPartition, int]) -> None:
        """Also follow what was asked for since."""
        while not self._wanted.empty():
            topic, end, opened = self._wanted.get_nowait()
            tp = TopicPartition(topic, 0)
            try:
                if tp not in places:
                    consumer.assign([*consumer.assignment(), tp])
                    consumer.seek(tp, end)
                    places[tp] = end
            finally:
                self._loop.call_soon_threadsafe(self._opened, topic, opened, places.get(tp))

    def _refuse_wanted(self) -> None:
        with suppress(Empty):
            while True:
                topic, _, opened = self._wanted.get_nowait()
                self._loop.call_soon_threadsafe(self._opened, topic, opened, None)

    def _opened(self, topic: str, opened: asyncio.Future[None], start: int | None) -> None:
        if start is not None:
            self._shelves.setdefault(topic, Shelf(start))
        if opened.done():
            return
        if start is None:
            opened.set_exception(topic_reader.unread())
        else:
            opened.set_result(None)

    def _closed(self, topic: str) -> None:
        self._lost[topic] = time.monotonic()
        self._shelves.pop(topic).wake()

    def _publish(self, topic: str, found: list[tuple[int, bytes]], position: int) -> None:
        self._shelves[topic].add(found, position)
