"""The live page as a part of ``mekong web``. Nothing is read before somebody opens the page, and its threads are its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread

from starlette.routing import BaseRoute

from mekong.schemas.inside import failed_inside
from mekong.schemas.settings import Settings
from mekong.sinks.console.asker import Asker
from mekong.sinks.console.asking import ask, look_on
from mekong.sinks.console.board import INSIDE, Board, Source
from mekong.sinks.console.door import Door
from mekong.sinks.console.explore.files import Export
from mekong.sinks.console.explore.routes import Explore
from mekong.sinks.console.following import follow
from mekong.sinks.console.key import Key
from mekong.sinks.console.pages import HOME, Pages
from mekong.sinks.console.pairs import Pairs
from mekong.sinks.console.routes import Console
from mekong.sinks.console.stream import Readers
from mekong.sinks.console.triage.routes import Triage
from mekong.sinks.console.values import Pipeline
from mekong.sinks.delivery.answers.recording import Line, Recorder
from mekong.sinks.delivery.answers.store import AnswerWriter

log = logging.getLogger(__name__)

_END_WITHIN_S = 3.0
_AGAIN_S = 30.0
"""After a failure of our own code."""


class LivePage:
    """A room of ``mekong web`` (deploy/web/rooms.py)."""

    shown = HOME

    def __init__(self, settings: Settings, look: Callable[[], Pipeline], export: Export, base_style: str) -> None:
        """``look`` finds how the pipeline is, ``export`` writes a file, both of which deploy knows.

        ``base_style`` is the path of the style sheet that all pages share.

        Raises Refused without a key.
        """
        self._key = Key(settings.console_key.get_secret_value())
        self._settings, self._look, self._export, self._base_style = settings, look, export, base_style
        self._board: Board | None = None
        self._asker: Asker | None = None
        self._recorder: Recorder | None = None
        self._explore: Explore | None = None
        self._pairs: Pairs | None = None
        self._threads: list[Thread] = []

    async def start(self, end: Callable[[], None]) -> Sequence[BaseRoute]:  # noqa: ARG002 - the page goes on without its sources
        """Give the routes. Asks no server."""
        board, asker = self._board, self._asker = Board(), Asker(self._settings)
        self._recorder = Recorder(AnswerWriter(self._settings), Line())
        pages, readers = Pages(self._base_style), Readers()
        door = Door(self._key, pages)
        self._explore = Explore(pages, asker, door, self._export)
        self._pairs = Pairs(self._settings, pages, door)
        return [
            *Console(board, pages, asker, door, readers, self._begin).routes(),
            *Triage(board, pages, asker, door, readers, self._recorder, self._begin).routes(),
            *self._explore.routes(),
            *self._pairs.routes(),
        ]

    def leave(self) -> None:
        """Let go who reads the stream, or waits for a case."""
        if self._board:
            self._board.close()
        if self._asker:
            self._asker.close()
        if self._pairs:
            self._pairs.close()

    async def stop(self) -> None:
        """End. A thread that waits for a server is left behind: it ends with the process."""
        self.leave()
        if self._explore:
            self._explore.close()
        if self._recorder:
            await asyncio.to_thread(self._recorder.close)
        deadline = time.monotonic() + _END_WITHIN_S
        for thread in self._threads:
            await asyncio.to_thread(thread.join, max(0.0, deadline - time.monotonic()))

    def _begin(self) -> None:
        """Start the sources, at the first look."""
        board = self._board
        if self._threads or board is None:
            return
        sources = (partial(follow, self._settings), partial(ask, self._settings), partial(look_on, self._look))
        names: tuple[Source, ...] = ("kafka", "clickhouse", "health")
        for name, source in zip(names, sources, strict=True):
            self._threads.append(Thread(target=_on, args=[name, source, board], name=f"console-{name}", daemon=True))
            self._threads[-1].start()


def _on(name: Source, source: Callable[[Board], None], board: Board) -> None:
    """Begin a source again when our own code fails in it: the page goes on with what is known, and says so."""
    while not board.is_closed:
        try:
            source(board)
        except Exception as exc:  # noqa: BLE001 - the outermost edge of a thread
            failed_inside(log, "the live page", exc)
            board.failed(name, INSIDE)
            board.pause(_AGAIN_S)
