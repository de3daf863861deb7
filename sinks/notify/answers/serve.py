"""``GET`` and ``POST /v1/answers/<token>``: the page of a notification, and the answer it takes to ``answers.v1``.

Guarantee: «recorded» is said only when Kafka has acknowledged the answer. GET changes nothing, since mail scanners follow links. The
same form sent again is the same answer: recorded once while this process remembers it, else once more under the same id.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from uuid import UUID

from aiohttp import web

from schemas.errors import Retriable
from schemas.notifications import Notification
from schemas.subscriptions import Answer, AnswerKind
from sinks.notify.answers.form import Wrong, alerts_of, fields, read
from sinks.notify.answers.page import POLICY, Said, page, plain
from sinks.notify.links import PATH, Links, Place
from sinks.notify.words import say, series

log = logging.getLogger(__name__)

MOST_BYTES = 32_768
"""Of a form: 1,000 characters are at most 12,000 bytes as forms are written."""
MOST_WAITING = 32
"""Requests that wait for Kafka; more are sent away."""
WITHIN_S = 25.0
_REMEMBERED = 10_000
_HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
T = TypeVar("T")


class Reads(Protocol):
    """See ``store.Shelf``."""

    def notification(self, place: Place) -> Notification | None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class Records(Protocol):
    """See ``store.Desk``."""

    def record(self, answer: Answer) -> None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class Answers:
    """Answers requests. Used on one event loop; one thread reads Kafka for it, another one writes."""

    def __init__(self, links: Links, shelf: Reads, desk: Records, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._links, self._shelf, self._desk, self._now = links, shelf, desk, now
        self._reading, self._writing = ThreadPoolExecutor(1, "shelf"), ThreadPoolExecutor(1, "desk")
        self._waiting = 0
        self._recorded: OrderedDict[UUID, asyncio.Future[None]] = OrderedDict()

    def add_to(self, app: web.Application) -> None:
        """Serve the page in an application."""
        app.router.add_get(PATH + "{token}", self.show)
        app.router.add_post(PATH + "{token}", self.take)

    async def show(self, request: web.Request) -> web.Response:
        """The page; it changes nothing."""
        found = await self._found(request)
        return found if isinstance(found, web.Response) else self._page(found)

    async def take(self, request: web.Request) -> web.Response:
        """The answer of a form, and the page again with what became of it."""
        try:
            given = fields(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _response(413, plain("too_large"))
        found = await self._found(request, given)
        if isinstance(found, web.Response):
            return found
        answer = read(given, found, self._now())
        if isinstance(answer, Wrong):
            text = say(answer.sentence, found.language, **answer.facts)
            said = Said(text, is_done=False, kind=answer.kind, given=given, may_insist=answer.sentence == "bad_identifier")
            return self._page(found, said, 422)
        try:
            await self._record(answer)
        except Retriable as exc:
            return _away(exc, given)
        return self._page(found, Said(_done(answer, found), is_done=True))

    def close(self) -> None:
        """Leave, as soon as what is under way has ended."""
        for executor, closed in ((self._reading, self._shelf.close), (self._writing, self._desk.close)):
            executor.submit(closed)
            executor.shutdown(wait=True, cancel_futures=False)

    async def _found(self, request: web.Request, given: dict[str, str] | None = None) -> Notification | web.Response:
        """The notification of the link, or the page that says why there is none."""
        place = self._links.place(request.match_info["token"])
        if place is None:
            return _response(404, plain("unknown_link"))
        if place.until <= self._now():
            return _response(410, plain("over"))
        try:
            found = await self._by_thread(self._reading, lambda: self._shelf.notification(place))
        except Retriable as exc:
            return _away(exc, given)
        return found or _response(404, plain("unknown_link"))

    async def _record(self, answer: Answer) -> None:
        """Write it, unless the same is written or under way; both then wait for the one. Raises Retriable."""
        assert answer.answer_id is not None  # noqa: S101 - every form gives one
        known = self._recorded.get(answer.answer_id)
        if known is None:
            known = asyncio.ensure_future(self._by_thread(self._writing, lambda: self._desk.record(answer)))
            known.add_done_callback(lambda done: self._forget(answer.answer_id, done))
            self._recorded[answer.answer_id] = known
            if len(self._recorded) > _REMEMBERED:
                self._recorded.popitem(last=False)
        await asyncio.shield(known)
        log.info("%s: %s of %s", answer.subscription, answer.kind.value, answer.notification_id)

    def _forget(self, answer_id: UUID | None, done: asyncio.Future[None]) -> None:
        """What failed may be tried again."""
        if answer_id and (done.cancelled() or done.exception() is not None):
            self._recorded.pop(answer_id, None)

    async def _by_thread(self, executor: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Retriable("too many requests wait for Kafka")
        self._waiting += 1
        try:
            async with asyncio.timeout(WITHIN_S):
                return await asyncio.get_running_loop().run_in_executor(executor, call)
        except TimeoutError as exc:
            raise Retriable("Kafka did not answer in time") from exc
        finally:
            self._waiting -= 1

    def _page(self, notification: Notification, said: Said | None = None, status: int = 200) -> web.Response:
        return _response(status, page(notification, self._now(), secrets.token_urlsafe(12), said))


def _done(answer: Answer, notification: Notification) -> str:
    """What was recorded, in words."""
    language = notification.language
    what = say(answer.verdict, language) if answer.verdict else ""
    if answer.kind is AnswerKind.MUTE:
        what = next(series(alert, language) for alert in alerts_of(notification) if alert["series"] == answer.series)
    until = f"{answer.until:%Y-%m-%d %H:%M} UTC" if answer.until else ""
    return say(f"done_{answer.kind.value}", language, what=what, until=until)


def _away(exc: Retriable, given: dict[str, str] | None) -> web.Response:
    log.warning("%s", exc)
    text = plain("away", given, "unclear_text") if given else plain("away")
    return _response(503, text, {"retry-after": "30"})


def _response(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8", headers={**_HEADERS, **(headers or {})})
