"""Asks ClickHouse what a person at a page wants to know: in a thread of its own, one after the other, and few may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings
from mekong.sinks.clickhouse.client import Database, RowsRefused
from mekong.sinks.console.asking import ANSWER_WITHIN_S

T = TypeVar("T")
Waiting = asyncio.Future[Any]
_MOST_WAITING = 8
_ENDS = "the server ends: load the page again"


class Busy(Exception):  # noqa: N818 - named for what is so
    """Too many wait."""


class Asker:
    """Used on one event loop."""

    def __init__(self, settings: Settings, name: str = "console-asker", within_s: int = ANSWER_WITHIN_S) -> None:
        """``name``: of the thread; ``within_s``: the limit of an answer, seconds."""
        self._settings, self._name, self._within_s = settings, name, within_s
        self._thread: Thread | None = None
        self._jobs: SimpleQueue[tuple[Callable[[Database], Any], Waiting]] = SimpleQueue()
        self._waiting: set[Waiting] = set()
        self._is_closed = False
        self._database: Database | None = None

    async def ask(self, job: Callable[[Database], T]) -> T:
        """What ``job`` finds in the database. Raises Busy, Retriable, Fatal."""
        if self._is_closed:
            raise Retriable(_ENDS)
        if len(self._waiting) >= _MOST_WAITING:
            raise Busy("many pages ask now: load the page again")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        self._jobs.put((job, answer))
        if self._thread is None:
            self._thread = Thread(target=self._work, name=self._name, daemon=True)  # the end does not wait for ClickHouse
            self._thread.start()
        try:
            return await answer
        finally:
            self._waiting.discard(answer)

    def close(self) -> None:
        """Begin nothing more, and answer who waits."""
        self._is_closed = True
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(Retriable(_ENDS))

    def _work(self) -> None:
        while True:
            job, answer = self._jobs.get()
            if self._is_closed:
                return
            if answer.done():
                continue  # nobody waits any more
            found: Any
            try:
                found = self._ask(job)
            except Exception as exc:  # noqa: BLE001 - it is raised where somebody waits for it
                found = exc
            with suppress(RuntimeError):  # the program has ended
                answer.get_loop().call_soon_threadsafe(_give, answer, found)

    def _ask(self, job: Callable[[Database], T]) -> T:
        self._database = self._database or Database(self._settings.clickhouse(), within_s=self._within_s)
        try:
            return job(self._database)
        except RowsRefused as exc:
            raise RuntimeError("our own question is refused") from exc


def _give(answer: Waiting, found: Any) -> None:
    """On the event loop. Nobody may wait any more."""
    if answer.done():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)
