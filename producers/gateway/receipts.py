"""Answers ``GET /v1/receipts``: the receipts after a place, as a long poll or as server-sent events. The place is the reader's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.shelf import Found
from mekong.producers.gateway.state import State
from mekong.producers.resume_point import ResumePoint, read_resume_point
from mekong.schemas.errors import Refused
from mekong.schemas.topics import INCOMING, receipts_of
from mekong.schemas.wire import Ready, dump

MOST = 1_000
"""Receipts in one answer."""
LONGEST_WAIT_S = 50
"""Less than the minute after which many proxies cut a silent connection."""
_HEARTBEAT_S = 15.0
_EVENTS = "text/event-stream"
_STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class _Stream(StreamingResponse):
    """Events for one reader, who counts as one that waits until the last of them."""

    def __init__(self, events: AsyncIterator[bytes], waiting: ExitStack) -> None:
        super().__init__(events, headers=_STREAM_HEADERS, media_type=_EVENTS)
        self._waiting = waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._waiting:
            await super().__call__(scope, receive, send)


async def get(state: State, request: Request, caller: Caller, shown: Callable[[bytes], bytes] = bytes) -> Response:
    """The receipts after a place; without one, from the first one that is kept. Raises Problem.

    ``shown``: how a receipt is written into the stream of events.
    """
    topic = INCOMING.of(caller.agency)
    is_stream = _EVENTS in request.headers.get("accept", "")
    after = _after(topic, request, is_stream=is_stream)
    if is_stream:
        with ExitStack() as waiting:
            waiting.enter_context(state.quotas.waiting(caller.agency))
            if after < 0:
                after = await state.mailroom.place(receipts_of(topic))
            first = await state.mailroom.read(receipts_of(topic), after, MOST, 0.0)
            return _Stream(_events(state, request, caller, first, shown), waiting.pop_all())
    found = await read_for(state, request, caller, receipts_of(topic), after)
    answer = {"receipts": [Ready(raw) for _, raw in found.receipts], "next": str(ResumePoint(topic, found.next))}
    return Response(dump(answer), media_type="application/json", headers={"cache-control": "no-store"})


async def read_for(state: State, request: Request, caller: Caller, topic: str, after: int) -> Found:
    """The records of a topic of the caller from an offset on (-1: its end), by ``limit`` and ``wait``. Raises Problem."""
    most, wait_s = _number(request, "limit", MOST, 1, MOST), _number(request, "wait", 0, 0, LONGEST_WAIT_S)
    if after < 0:
        after = await state.mailroom.place(topic)
    found = await state.mailroom.read(topic, after, most, 0.0)
    if wait_s and not found.receipts:
        with state.quotas.waiting(caller.agency):
            found = await _while_connected(request, state.mailroom.read(topic, found.next, most, wait_s))
    state.book.caller(request.headers.get("authorization", ""), "read")  # the token may have been revoked meanwhile
    return found


async def _while_connected(request: Request, reading: Coroutine[Any, Any, Found]) -> Found:
    """What is read. Raises Problem as soon as the reader has left: it would count as one that waits."""
    found, left = asyncio.ensure_future(reading), asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((found, left), return_when=asyncio.FIRST_COMPLETED)
        if not found.done():
            raise Problem(400, "The reader has left.")
        return found.result()
    finally:
        found.cancel()
        left.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _events(state: State, request: Request, caller: Caller, first: Found, shown: Callable[[bytes], bytes]) -> AsyncIterator[bytes]:
    """Receipts as they arrive, each with its place as its id, until the token is revoked or the gateway ends."""
    topic, found = INCOMING.of(caller.agency), first
    yield b"retry: 2000\n\n"
    while not state.mailroom.is_closed:
        for offset, raw in found.receipts:
            yield b"id: " + str(ResumePoint(topic, offset + 1)).encode() + b"\nevent: receipt\ndata: " + shown(raw) + b"\n\n"
            await asyncio.sleep(0)  # a client that keeps up never makes it wait, and others have their turn
        try:
            found = await state.mailroom.read(receipts_of(topic), found.next, MOST, _HEARTBEAT_S)
            state.book.caller(request.headers.get("authorization", ""), "read")
        except Problem:  # the reader connects again, and sees why
            return
        if not found.receipts:
            yield f"id: {ResumePoint(topic, found.next)}\n: nothing new\n\n".encode()


def _after(topic: str, request: Request, *, is_stream: bool) -> int:
    """The offset to read from; -1 for the end."""
    text = (request.headers.get("last-event-id", "") if is_stream else "") or request.query_params.get("after", "")
    if text in ("", "now"):
        return -1 if text else 0
    try:
        return read_resume_point(text, topic).read
    except Refused as exc:
        raise Problem(400, f"{exc}", field="after") from exc


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 7 and least <= int(text) <= most):  # noqa: PLR2004 - no number is longer
        raise Problem(400, f"{name} must be a number from {least} to {most}.", field=name)
    return int(text)
