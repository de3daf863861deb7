"""The event stream and the page for answers, as a part of ``mekong web``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute

from mekong.schemas.settings import Settings
from mekong.sinks.delivery.answers.serve import Answers
from mekong.sinks.delivery.answers.store import AnswerWriter, NotificationReader
from mekong.sinks.delivery.events import PATH, Stream, routes
from mekong.sinks.delivery.feed import Feeds
from mekong.sinks.delivery.links import Links
from mekong.sinks.delivery.tokens import EitherTokens, Reads, Tokens


class Events:
    """A room of ``mekong web`` (deploy/web/rooms.py)."""

    shown = PATH

    def __init__(self, settings: Settings, reader: Reads | None) -> None:
        """``reader``: the agency of a token that is not in the file. With it the file may be absent."""
        self._settings, self._reader = settings, reader
        self._feeds: Feeds | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: Answers | None = None

    async def start(self, end: Callable[[], None]) -> Sequence[BaseRoute]:
        """Read the file of tokens and follow Kafka. Raises Refused. ``end`` is called when our code fails, not when Kafka does."""
        settings = self._settings
        tokens = Tokens(settings.stream_tokens) if settings.stream_tokens or not self._reader else None
        links, self._feeds = Links.of(settings), Feeds(settings)
        self._answers = Answers(links, NotificationReader(settings), AnswerWriter(settings)) if links else None
        self._reading = asyncio.create_task(self._feeds.run())
        self._reading.add_done_callback(lambda _: end())
        return routes(Stream(EitherTokens(tokens, self._reader), self._feeds), self._answers)

    def leave(self) -> None:
        """Let readers of the stream go."""
        if self._feeds:
            self._feeds.stop()

    async def stop(self) -> None:
        """End. Raises what has ended the reading."""
        self.leave()
        if self._answers:
            await asyncio.to_thread(self._answers.close)
        if self._reading:
            await self._reading
