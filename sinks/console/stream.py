"""Sends the changed parts of the live page as server-sent events. A reader that does not read is disconnected; nothing is kept for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus

from starlette.exceptions import HTTPException

from mekong.schemas.wire import dump
from mekong.sinks.console.board import Board, Shown
from mekong.sinks.streaming import EventStream

MOST_READERS = 50
_SHORTEST_S = 0.3
"""Changes within this time are sent together."""
_HEARTBEAT_S = 10.0
_WRITE_WITHIN_S = 10.0
_AGAIN_MS = 1_000
"""After a break a browser connects again after this time."""


class Readers:
    """Counts the pages that are open."""

    def __init__(self) -> None:
        self.count = 0

    def check(self) -> None:
        """Raises HTTPException when no place is free."""
        if self.count >= MOST_READERS:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "too many pages are open", {"retry-after": "30"})

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count one until the block ends."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1


async def changes(board: Board, write: Callable[[Shown], Mapping[str, str]]) -> AsyncGenerator[bytes]:
    """Each part as it is now, then each part that differs from what was sent. Ends with the program.

    ``write``: what is known -> name of a part -> its HTML.
    """
    sent: Mapping[str, str] = {}
    yield f"retry: {_AGAIN_MS}\n\n".encode()
    while not board.is_closed:
        board.look()
        changed = board.next_change
        now = write(board.shown)
        new = b"".join(_frame(part, html) for part, html in now.items() if sent.get(part) != html)
        sent = now
        yield new or b": alive\n\n"
        with suppress(TimeoutError):
            async with asyncio.timeout(_HEARTBEAT_S):
                await changed.wait()
        await asyncio.sleep(_SHORTEST_S)


def _frame(part: str, html: str) -> bytes:
    return b"event: part\ndata: " + dump({"part": part, "html": html}) + b"\n\n"


class Changes(EventStream):
    """The answer to one reader."""

    def __init__(self, entries: AsyncGenerator[bytes], readers: Readers, headers: dict[str, str]) -> None:
        super().__init__(entries, readers.one_more(), _WRITE_WITHIN_S, headers)
