"""Keeps the last receipts of one topic for the readers that wait for the next ones."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

SHELF = 5_000
"""Receipts of a topic that are kept in memory."""


class Found(NamedTuple):
    """Some receipts as they are on the topic, and where to read on."""

    receipts: list[tuple[int, bytes]]
    """Each with its offset."""
    next: int


class Shelf:
    """The last receipts of one topic, from ``first`` to before ``next``."""

    def __init__(self, start: int) -> None:
        self.first = self.next = start
        self._kept: deque[tuple[int, bytes]] = deque()
        self.news = asyncio.Event()

    def add(self, found: list[tuple[int, bytes]], position: int) -> None:
        """New receipts, and the offset after them."""
        self._kept.extend(found)
        while len(self._kept) > SHELF:
            self.first = self._kept.popleft()[0] + 1
        self.next = position
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self.news.set()
        self.news = asyncio.Event()

    def since(self, after: int, most: int) -> Found:
        """At most so many receipts from an offset on."""
        found = [one for one in self._kept if one[0] >= after][:most]
        return Found(found, found[-1][0] + 1 if len(found) == most else self.next)
