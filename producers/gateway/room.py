"""The gateway as a part of ``mekong web``: follows the register, and gives the routes of ``OPERATIONS`` and of the sender's page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from threading import Thread

from starlette.routing import BaseRoute

from mekong.producers.broker import cluster_id
from mekong.producers.gateway.application import routes
from mekong.producers.gateway.feed import Feeds
from mekong.producers.gateway.judging import Judge
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.quota import Limits, Quotas
from mekong.producers.gateway.register import Register
from mekong.producers.gateway.state import Running
from mekong.producers.page.routes import routes as pages
from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings

_END_WITHIN_S = 5.0


class Gateway:
    """A room of ``mekong web`` (deploy/web/rooms.py). ``judge`` says what intake would reject; deploy gives it."""

    shown = ""

    def __init__(self, settings: Settings, judge: Judge) -> None:
        self._settings, self._judge = settings, judge
        self._register = Register(settings)
        self._following: Thread | None = None
        self._state: Running | None = None
        self._feeds: Feeds | None = None

    async def start(self, end: Callable[[], None]) -> Sequence[BaseRoute]:  # noqa: ARG002 - without the register nobody is let in
        """Read the register. Raises Refused without one, Retriable or Fatal when Kafka fails."""
        settings = self._settings
        consumer = await asyncio.to_thread(self._register.open)
        self._following = Thread(target=self._register.follow, args=[consumer], name="register", daemon=True)
        self._following.start()
        exchange = await asyncio.to_thread(cluster_id, settings)
        limits = Limits(settings.gateway_messages_per_minute, settings.gateway_bytes_per_minute)
        self._state = Running(settings, self._register.book, Quotas(limits, time.monotonic()), self._judge, exchange)
        self._state.feeds = self._feeds = Feeds(settings)
        return [*routes(self._state), *pages(self._state)]

    def reader(self, authorization: str) -> str | None:
        """The agency whose token, of the scope read, this header shows; None without one. Raises Retriable while nobody knows."""
        try:
            return self._register.book.caller(authorization, "read").agency
        except Problem as exc:
            if exc.status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise Retriable(exc.detail) from exc
            return None

    def leave(self) -> None:
        """Let readers that wait for receipts leave."""
        if self._state:
            self._state.mailroom.close()

    async def stop(self) -> None:
        """Deliver what is under way, and end."""
        if self._state:
            await self._state.close()
        if self._feeds:
            self._feeds.close()
        self._register.stop()
        if self._following:
            await asyncio.to_thread(self._following.join, _END_WITHIN_S)
