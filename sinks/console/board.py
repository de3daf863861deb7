"""Holds the newest value of everything that the live page shows, and wakes the readers of the page when one changes.

A reader waits for a change and then reads the board, so nothing is kept for a slow reader. The sources work only while somebody looks.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Literal, NamedTuple

from mekong.schemas.answered import Given
from mekong.sinks.console.values import Agencies, Alerts, Hour, Pipeline, Places, Row

WATCHED_S = 60.0
"""The sources go on for this time after the last page was read."""
Source = Literal["kafka", "clickhouse", "health", "rights"]
"""What the page is made from: two servers, the look at the pipeline, and the right to read the topics of the feed."""
FIRST_LOOK_S = 0.4
"""A page that is opened waits at most this time for the sources. What is missing then arrives by the stream."""
MOST_ANSWERS = 5_000
"""Of the newest answers, so many are kept."""
INSIDE = "inside"
"""Why a source cannot be read: our own code has failed in it."""


class Shown(NamedTuple):
    """What is known now. None: not yet."""

    feed: tuple[Row, ...] | None = None
    hour: Hour | None = None
    agencies: Agencies | None = None
    alerts: Alerts | None = None
    places: Places | None = None
    pipeline: Pipeline | None = None
    answers: Mapping[int, Given] = {}
    """The newest answers to alerts, by their offset in ``answers.v1``."""
    read_to: int = -1
    """The offset up to which ClickHouse gave the answers."""
    away: Mapping[Source, str] = {}
    """Source -> why it cannot be read, or INSIDE."""

    @property
    def is_complete(self) -> bool:
        """Whether each source that answers fast has answered, or has failed."""
        has_answers = self.feed is not None and self.hour is not None and self.places is not None
        return has_answers or {"kafka", "clickhouse"} <= self.away.keys()


class Board:
    """The values. ``put`` and ``failed`` are called by the threads of the sources, the rest on the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Condition()
        self._changed = asyncio.Event()
        self._until = 0.0
        self._is_closed = False
        self.shown = Shown()

    @property
    def is_closed(self) -> bool:
        """Whether the program ends."""
        return self._is_closed

    def put(self, server: Source, **values: object) -> None:
        """Show new values, which ``server`` has given: it answers again."""
        with self._lock:
            away: Mapping[Source, str] = {name: why for name, why in self.shown.away.items() if name != server}
            now = self.shown._replace(away=away, **values)  # type: ignore[arg-type]
            is_new, self.shown = now != self.shown, now
        if is_new:
            self._wake()

    def hear(self, answers: Mapping[int, Given]) -> None:
        """Show answers, however we heard of them. Which alerts an answer to a notification is about, only ClickHouse says."""
        with self._lock:
            known = self.shown.answers
            new = {offset: one for offset, one in answers.items() if one.alert_ids and known.get(offset) != one}
            if new:
                self.shown = self.shown._replace(answers=dict(sorted({**known, **new}.items())[-MOST_ANSWERS:]))
        if new:
            self._wake()

    def put_pipeline(self, found: Pipeline) -> None:
        """Show how the pipeline is. It says itself which server does not answer."""
        with self._lock:
            away: Mapping[Source, str] = {name: why for name, why in self.shown.away.items() if name != "health"}
            self.shown = self.shown._replace(pipeline=found, away=away)
        self._wake()

    def failed(self, server: Source, why: str) -> None:
        """Show that a source cannot be read. What is known stays."""
        with self._lock:
            is_new = self.shown.away.get(server) != why
            self.shown = self.shown._replace(away={**self.shown.away, server: why})
        if is_new:
            self._wake()

    def look(self) -> None:
        """Somebody reads the page: the sources work. What was known when they last did is forgotten, but not a failure of our own."""
        with self._lock:
            if not self.is_watched():
                self.shown = Shown(away={name: why for name, why in self.shown.away.items() if why == INSIDE})
            self._until = time.monotonic() + WATCHED_S
            self._lock.notify_all()

    def is_watched(self) -> bool:
        """Whether somebody has read the page lately."""
        return not self._is_closed and time.monotonic() < self._until

    def wait_until_watched(self) -> bool:
        """Block a source's thread until somebody looks. False: the program ends."""
        with self._lock:
            self._lock.wait_for(lambda: self._is_closed or self.is_watched())
        return not self._is_closed

    def pause(self, seconds: float) -> None:
        """Block a source's thread for a time, or until the program ends."""
        with self._lock:
            self._lock.wait_for(lambda: self._is_closed, seconds)

    def close(self) -> None:
        """End every wait."""
        with self._lock:
            self._is_closed = True
            self._lock.notify_all()
        self._changed.set()

    async def first_look(self, is_enough: Callable[[Shown], bool]) -> Shown:
        """What is known when that is enough, or when ``FIRST_LOOK_S`` have passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_S):
                while not is_enough(self.shown) and not self._is_closed:
                    await self._changed.wait()
        return self.shown

    @property
    def next_change(self) -> asyncio.Event:
        """What is set at the next change. Take it before reading ``shown``: then no change is missed."""
        return self._changed

    def _wake(self) -> None:
        if not self._is_closed:
            self._loop.call_soon_threadsafe(self._publish)

    def _publish(self) -> None:
        """Everybody who waits wakes up; who waits from now on waits for the next change."""
        before, self._changed = self._changed, asyncio.Event()
        before.set()
        if self._is_closed:
            self._changed.set()
