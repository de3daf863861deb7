"""Serves ``alerts.<agency>.v1`` to the agency as server-sent events over HTTP, and puts the page for answers next to it.

Guarantee: each record that passes the filter is sent at least once, in order, to a reader that returns with the id of its last event.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, aclosing
from datetime import UTC, datetime, timedelta
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mekong.schemas import measured, metrics
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.topics import MEMBER_ALERTS
from mekong.sinks.delivery.answers.serve import Answers
from mekong.sinks.delivery.feed import Feeds, Listener
from mekong.sinks.delivery.frames import HEARTBEAT, Entry, Wanted, frame, place, resume_at
from mekong.sinks.streaming import EventStream

log = logging.getLogger(__name__)

PATH = "/v1/alerts/stream"
_HEADERS = {"cache-control": "no-store"}
FIRST_LOOK_BACK = timedelta(days=7)
"""What a reader gets that names no place to go on from."""
_OTHER_LIFE = (
    "Last-Event-ID is behind the last event there is: it is of another deployment, or of one that was reset."
    " Come without it (the last 7 days), or with ?since=2026-05-03T00:00:00Z, and forget the old ids"
)
HEARTBEAT_S = 15.0
WRITE_WITHIN_S = 30.0
MOST_READERS = 500
MOST_OF_A_MEMBER = 15
"""Readers at the same time. This limit for one member leaves room for the readers of all others."""


class KnowsTokens(Protocol):
    """See ``tokens.Tokens``."""

    def member(self, authorization: str) -> str | None: ...  # noqa: D102


def routes(stream: Stream, answers: Answers | None) -> list[Route]:
    """The stream, and the page for answers where links lead to it."""
    return [Route(PATH, stream.serve), *(answers.routes() if answers else [])]


class Stream:
    """Answers requests."""

    def __init__(self, tokens: KnowsTokens, feeds: Feeds) -> None:
        self._tokens, self._feeds = tokens, feeds
        self._readers = Counter[str]()
        measured.put(metrics.READERS, 0)

    async def serve(self, request: Request) -> Response:
        """Serve one reader, until it leaves, is too slow, or has a token that was removed."""
        try:
            member = self._tokens.member(_token(request))
        except (Refused, Retriable) as exc:
            log.error("nobody is let in by a token: %s", exc)  # noqa: TRY400 - the cause is in it
            return _refusal(503, "the tokens cannot be read now", {"retry-after": "30"})
        if member is None:
            return _refusal(401, "show a token: Authorization: Bearer <token>", {"www-authenticate": "Bearer"})
        if self._readers.total() >= MOST_READERS or self._readers[member] >= MOST_OF_A_MEMBER:
            return _refusal(503, "too many readers now", {"retry-after": "30"})
        with ExitStack() as held:
            self._count(member, 1)  # before anything is waited for: many may ask at once
            held.callback(self._count, member, -1)
            return await self._serve(request, member, held)

    def _count(self, member: str, more: int) -> None:
        self._readers[member] += more
        measured.put(metrics.READERS, self._readers.total())

    async def _serve(self, request: Request, member: str, held: ExitStack) -> Response:
        topic = MEMBER_ALERTS.of(member)
        try:
            wanted, start = Wanted.of(request.query_params.multi_items()), _start(request)
            listener = await self._feeds.join(topic)
        except Refused as exc:
            return _refusal(400, str(exc))
        held.callback(self._feeds.leave, topic, listener)
        if await self._is_ahead(topic, listener, start):
            return _refusal(400, _OTHER_LIFE)
        entries = self._all(topic, listener, start)
        kept = held.pop_all()
        return EventStream(_raw(entries, wanted, lambda: self._may_read(request, member), kept), kept, WRITE_WITHIN_S, _HEADERS)

    def _may_read(self, request: Request, member: str) -> bool:
        """Whether the reader's token is still the member's. False when that cannot be known."""
        try:
            return self._tokens.member(_token(request)) == member
        except (Refused, Retriable) as exc:
            log.error("a reader of %s is let go: %s", member, exc)  # noqa: TRY400 - the file's fault, not ours
            return False

    async def _is_ahead(self, topic: str, listener: Listener, start: int | datetime) -> bool:
        """Whether a reader names an event that never existed. This process may have read a little less than another server has sent."""
        return isinstance(start, int) and start > listener.start and start > await self._feeds.end(topic)

    async def _all(self, topic: str, listener: Listener, start: int | datetime) -> AsyncGenerator[Entry | None]:
        """The missed records, then new ones as they arrive; None at a heartbeat. Ends when the reader is too slow."""
        if isinstance(start, datetime) or start < listener.start:
            async with aclosing(self._feeds.missed(topic, start, listener.start)) as missed:
                async for found in missed:
                    yield found
        while not listener.lost:
            new = await listener.next(HEARTBEAT_S)
            if new is None or isinstance(start, datetime) or new.offset >= start:
                yield new


async def _raw(
    entries: AsyncGenerator[Entry | None], wanted: Wanted, may_read: Callable[[], bool], held: ExitStack
) -> AsyncGenerator[bytes]:
    """The entries as events, while the reader may read them. Its place is free again as soon as the last of them is sent."""
    async with aclosing(entries):
        yield HEARTBEAT
        silent = b""  # the place of records that were not sent
        async for found in entries:
            if not may_read():
                break
            if found is None:
                yield silent + HEARTBEAT
                silent = b""
            elif wanted.takes(found):
                yield frame(found)
                silent = b""
            else:
                silent = place(found.offset)
    held.close()


def _token(request: Request) -> str:
    return request.headers.get("authorization", "")


def _start(request: Request) -> int | datetime:
    last = resume_at(request.headers.get("last-event-id", "") or request.query_params.get("last_event_id", ""))
    if last is not None:
        return last
    if since := request.query_params.get("since"):
        try:
            at = datetime.fromisoformat(since)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise Refused(f"since={since!r} is not a time with its UTC offset: give it as 2026-05-03T00:00:00Z")
        return at
    return datetime.now(UTC) - FIRST_LOOK_BACK


def _refusal(status: int, why: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": why}, status, headers, "application/json; charset=utf-8")
