"""Counts the answers of ``mekong web`` by route and status, and beats for its event loop."""

from __future__ import annotations

import asyncio

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mekong.schemas import measured, metrics
from mekong.schemas.condition import CONDITION

_BEAT_S, _STUCK_S = 1.0, 60.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
NO_ROUTE = "none"


def counted(app: ASGIApp) -> ASGIApp:
    """The application, with each of its answers counted. A path of a client never becomes a label: only the pattern of its route does."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        status = 500  # when it fails before it answers

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, sent)
        finally:
            method = scope.get("method", "")
            route = scope.get("route")  # Starlette's
            pattern = route.path if isinstance(route, Route) else NO_ROUTE
            measured.count(metrics.REQUESTS, method=method if method in _METHODS else "other", route=pattern, status=str(status))

    return counting


async def beating() -> None:
    """Beat for the event loop until cancelled."""
    while True:
        CONDITION.beat("the event loop of the server", _STUCK_S)
        await asyncio.sleep(_BEAT_S)
