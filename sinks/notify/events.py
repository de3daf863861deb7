"""``mekong events``: ``alerts.<agency>.v1`` -> server-sent events for the agency, over HTTP; and the page for answers, by its link.

Guarantee: each record that the filter takes is sent at least once to a reader that comes back with its last event's id, in order.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta

from aiohttp import web

from schemas.errors import Refused
from schemas.settings import Settings
from schemas.topics import MEMBER_ALERTS
from sinks.notify.answers.serve import MOST_BYTES, Answers
from sinks.notify.answers.store import Desk, Shelf
from sinks.notify.feed import Feeds, Listener
from sinks.notify.frames import HEARTBEAT, Entry, Wanted, frame, place, resume_at
from sinks.notify.links import Links
from sinks.notify.tokens import Tokens

log = logging.getLogger(__name__)

PATH = "/v1/alerts/stream"
_HEADERS = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}
FIRST_LOOK_BACK = timedelta(days=7)
"""What a reader gets that names no place to go on from."""
HEARTBEAT_S = 15.0
WRITE_WITHIN_S = 30.0
GONE_AFTER_S = 60
"""Without an acknowledgement of what was sent (RFC 5482): a reader whose network dropped it without a word keeps no place."""
MOST_READERS = 500
MOST_OF_A_MEMBER = 15
"""Readers at the same time: one member's leave room for those of all others."""


def run(settings: Settings, host: str, port: int, stop: threading.Event) -> None:
    """Serve until ``stop`` is set. Raises Fatal."""
    asyncio.run(_run(settings, host, port, stop))


async def _run(settings: Settings, host: str, port: int, stop: threading.Event) -> None:
    tokens, feeds, links = Tokens(settings.stream_tokens), Feeds(settings), Links.of(settings)
    answers = Answers(links, Shelf(settings), Desk(settings)) if links else None
    runner = web.AppRunner(application(Stream(tokens, feeds), answers), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as exc:
            raise Refused(f"cannot listen on {host}:{port}: {exc.strerror or exc}") from exc
        reading = asyncio.create_task(feeds.run())
        reading.add_done_callback(lambda _: stop.set())
        log.info("ready: http://%s:%d%s", host, runner.addresses[0][1], PATH)
        await asyncio.to_thread(stop.wait)
        feeds.end()
        await reading
    finally:
        await runner.cleanup()
        if answers:
            await asyncio.to_thread(answers.close)


def application(stream: Stream, answers: Answers | None) -> web.Application:
    """The stream, and the page for answers where links lead to it."""
    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_get(PATH, stream.serve)
    if answers:
        answers.add_to(app)
    return app


class Stream:
    """Answers requests."""

    def __init__(self, tokens: Tokens, feeds: Feeds) -> None:
        self._tokens, self._feeds = tokens, feeds
        self._readers = Counter[str]()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One reader, until it leaves, does not keep up, or has a token that was taken back."""
        member = self._tokens.member(_token(request))
        if member is None:
            return _refusal(401, "show a token: Authorization: Bearer <token>", {"www-authenticate": "Bearer"})
        if self._readers.total() >= MOST_READERS or self._readers[member] >= MOST_OF_A_MEMBER:
            return _refusal(503, "too many readers now", {"retry-after": "30"})
        self._readers[member] += 1  # before anything is waited for: many may ask at once
        try:
            return await self._serve(request, member)
        finally:
            self._readers[member] -= 1

    async def _serve(self, request: web.Request, member: str) -> web.StreamResponse:
        topic = MEMBER_ALERTS.of(member)
        try:
            wanted, start = Wanted.of(request.query.items()), _start(request)
            listener = await self._feeds.join(topic)
        except Refused as exc:
            return _refusal(400, str(exc))
        try:
            answer = web.StreamResponse(headers=_HEADERS)
            with suppress(ConnectionError, TimeoutError):  # it has gone, or takes nothing more: it comes back and resumes
                await answer.prepare(request)
                _notice_when_gone(request)
                async with aclosing(self._all(topic, listener, start)) as entries:
                    await _send(answer, entries, wanted, lambda: self._may_read(request, member))
        finally:
            self._feeds.leave(topic, listener)
        return answer

    def _may_read(self, request: web.Request, member: str) -> bool:
        """Whether its token is still the member's; not when that cannot be told."""
        try:
            return self._tokens.member(_token(request)) == member
        except Refused as exc:
            log.error("a reader of %s is let go: %s", member, exc)  # noqa: TRY400 - the file's fault, not ours
            return False

    async def _all(self, topic: str, listener: Listener, start: int | datetime) -> AsyncGenerator[Entry | None]:
        """What was missed, then what comes; None at a heartbeat. Ends when the reader does not keep up."""
        if isinstance(start, datetime) or start < listener.start:
            async with aclosing(self._feeds.missed(topic, start, listener.start)) as missed:
                async for found in missed:
                    yield found
        while not listener.lost:
            yield await listener.next(HEARTBEAT_S)


async def _send(answer: web.StreamResponse, entries: AsyncGenerator[Entry | None], wanted: Wanted, may_read: Callable[[], bool]) -> None:
    await _write(answer, HEARTBEAT)
    silent = b""  # the place of records that were not sent
    async for found in entries:
        if not may_read():
            return
        if found is None:
            await _write(answer, silent + HEARTBEAT)
            silent = b""
        elif wanted.takes(found):
            await _write(answer, frame(found))
            silent = b""
        else:
            silent = place(found.offset)


async def _write(answer: web.StreamResponse, raw: bytes) -> None:
    async with asyncio.timeout(WRITE_WITHIN_S):
        await answer.write(raw)


def _notice_when_gone(request: web.Request) -> None:
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and request.transport is not None:
        request.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, option, GONE_AFTER_S * 1_000)


def _token(request: web.Request) -> str:
    return request.headers.get("authorization", "")


def _start(request: web.Request) -> int | datetime:
    last = resume_at(request.headers.get("last-event-id", "") or request.query.get("last_event_id", ""))
    if last is not None:
        return last
    if since := request.query.get("since"):
        try:
            at = datetime.fromisoformat(since)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise Refused(f"since={since!r} is no time with its UTC offset: give it as 2026-05-03T00:00:00Z")
        return at
    return datetime.now(UTC) - FIRST_LOOK_BACK


def _refusal(status: int, why: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": why}, status=status, headers=headers)
