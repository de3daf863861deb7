"""Holds what the requests of one gateway share: register, quotas, judging, couriers and mailroom."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Protocol

from mekong.producers.gateway.activations import Activations, ClaimWriter
from mekong.producers.gateway.courier import Courier
from mekong.producers.gateway.judging import Carries, Judge, Judging
from mekong.producers.gateway.mailroom import Mailroom
from mekong.producers.gateway.quota import Quotas
from mekong.producers.gateway.register import Book
from mekong.producers.gateway.sheets.children import Children
from mekong.producers.gateway.sheets.history import History, Keeps
from mekong.producers.gateway.shelf import Found
from mekong.schemas.settings import Settings
from mekong.schemas.topics import agency_of


class Reads(Protocol):
    """What gives receipts."""

    async def place(self, topic: str) -> int:
        """Where the next receipt of a topic will be, or a little before. Raises Problem."""

    async def read(self, topic: str, after: int, most: int, wait_s: float) -> Found:
        """At most so many receipts from an offset on. Raises Problem."""

    @property
    def is_closed(self) -> bool:
        """Whether readers should leave."""


class KnowsFeeds(Protocol):
    """What gives the health of feeds."""

    async def health(self, agency: str) -> dict[str, Any]:
        """The health of an agency's feed, as JSON. Raises Problem."""


class State:
    """What the requests share. ``judge`` says what intake would reject; deploy gives it."""

    def __init__(self, book: Book, quotas: Quotas, judge: Judge, exchange: str) -> None:
        self.book, self.quotas, self.judge, self.exchange = book, quotas, judge, exchange
        self.mailroom: Reads
        self.feeds: KnowsFeeds
        self.history: Keeps
        self.activations: Activations
        self.children = Children((judge.__module__,))
        self.judging = Judging(judge, self.courier)

    def courier(self, topic: str) -> Carries:
        """The courier of an agency's topic."""
        raise NotImplementedError


class Running(State):
    """With a broker."""

    def __init__(self, settings: Settings, book: Book, quotas: Quotas, judge: Judge, exchange: str) -> None:
        super().__init__(book, quotas, judge, exchange)
        self._settings = settings
        self._couriers: dict[str, Courier] = {}
        self.mailroom: Mailroom = Mailroom(settings)
        self._history = self.history = History(settings)
        self.activations = Activations(book, ClaimWriter(settings))

    def courier(self, topic: str) -> Courier:
        """The courier of an agency's topic, started at its first message."""
        if topic not in self._couriers or not self._couriers[topic].is_alive:
            self._couriers[topic] = Courier(self._settings, topic, partial(self.judging.turns.pause_s, agency_of(topic) or topic))
        return self._couriers[topic]

    async def close(self) -> None:
        """Deliver what is under way, and end."""
        self.mailroom.close()
        self.children.close()
        await asyncio.gather(*(asyncio.to_thread(courier.stop) for courier in self._couriers.values()))
        await asyncio.to_thread(self._history.close)
