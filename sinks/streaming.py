"""Answers a request with server-sent events. Nothing is kept for a reader that does not read: it is disconnected."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import AbstractContextManager, aclosing, suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class EventStream(Response):
    """The events for one reader: until they end, the reader leaves, or it has not read one for ``write_within_s``."""

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncGenerator[bytes], held: AbstractContextManager[object], write_within_s: float, headers: Mapping[str, str]
    ) -> None:
        """``held``: what is given back at the end, such as the reader's place."""
        super().__init__(headers={**headers, "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._events, self._held, self._write_within_s = events, held, write_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the form of ASGI
        """Send them all."""
        with self._held:
            ways = [asyncio.ensure_future(self._send_all(send)), asyncio.ensure_future(_left(receive))]
            try:
                done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    one.result()
            finally:
                for one in ways:
                    one.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def _send_all(self, send: Send) -> None:
        """Also end the answer in order, except for a reader that reads nothing more: the server closes its connection."""
        with suppress(TimeoutError):  # it connects again and resumes
            await self._within(send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}))
            async with aclosing(self._events):
                async for raw in self._events:
                    await self._within(send({"type": "http.response.body", "body": raw, "more_body": True}))
            await self._within(send({"type": "http.response.body", "body": b""}))

    async def _within(self, sending: Awaitable[None]) -> None:
        async with asyncio.timeout(self._write_within_s):
            await sending


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
