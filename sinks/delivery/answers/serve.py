"""``GET`` and ``POST /v1/answers/<token>``: serves the page of a notification, and writes its answer to ``answers.v1``.

Guarantee: the page shows «recorded» only after Kafka has acknowledged the answer. GET changes nothing, because mail scanners follow
links. The same form sent again is the same answer. It is recorded once while this process remembers it, later again under the same id.
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

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from mekong.schemas.errors import Retriable
from mekong.schemas.notifications import Notification
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.sinks.delivery.answers.form import Wrong, alerts_of, fields, read
from mekong.sinks.delivery.answers.page import POLICY, PageMessage, page, plain
from mekong.sinks.delivery.links import PATH, AnswerTarget, Links
from mekong.sinks.delivery.words import say, series

log = logging.getLogger(__name__)

MOST_BYTES = 32_768
"""The largest form: 1,000 characters are at most 12,000 bytes in a form."""
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


class ReadsNotifications(Protocol):
    """See ``store.NotificationReader``."""

    def notification(self, place: AnswerTarget) -> Notification | None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class RecordsAnswers(Protocol):
    """See ``store.AnswerWriter``."""

    def record(self, answer: Answer) -> None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class Answers:
    """Answers requests. Used on one event loop; one thread reads Kafka for it, another one writes."""

    def __init__(
        self, links: Links, reader: ReadsNotifications, writer: RecordsAnswers, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._links, self._reader, self._writer, self._now = links, reader, writer, now
        self._reading, self._writing = ThreadPoolExecutor(1, "reader"), ThreadPoolExecutor(1, "writer")
        self._waiting = 0
        self._recorded: OrderedDict[UUID, asyncio.Future[None]] = OrderedDict()

    def routes(self) -> list[Route]:
        """The routes of the page."""
        return [Route(PATH + "{token}", self.show), Route(PATH + "{token}", self.take, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """The page; it changes nothing."""
        found = await self._found(request)
        return found if isinstance(found, Response) else self._page(found)

    async def take(self, request: Request) -> Response:
        """The answer of a form, and the page again with what became of it."""
        try:
            body = await _body(request)
        except Retriable as exc:
            return _away(exc, None)
        if body is None:
            return _response(413, plain("too_large"))
        given = fields(body)
        found = await self._found(request, given)
        if isinstance(found, Response):
            return found
        answer = read(given, found, self._now())
        if isinstance(answer, Wrong):
            text = say(answer.sentence, found.language, **answer.facts)
            message = PageMessage(text, is_done=False, kind=answer.kind, given=given, may_insist=answer.sentence == "bad_identifier")
            return self._page(found, message, 422)
        try:
            await self._record(answer)
        except Retriable as exc:
            return _away(exc, given)
        return self._page(found, PageMessage(_done(answer, found), is_done=True))

    def close(self) -> None:
        """Leave, as soon as what is under way has ended."""
        for executor, closed in ((self._reading, self._reader.close), (self._writing, self._writer.close)):
            executor.submit(closed)
            executor.shutdown(wait=True, cancel_futures=False)

    async def _found(self, request: Request, given: dict[str, str] | None = None) -> Notification | Response:
        """The notification of the link, or the page that says why there is none."""
        place = self._links.place(request.path_params["token"])
        if place is None:
            return _response(404, plain("unknown_link"))
        if place.until <= self._now():
            return _response(410, plain("over"))
        try:
            found = await self._by_thread(self._reading, lambda: self._reader.notification(place))
        except Retriable as exc:
            return _away(exc, given)
        return found or _response(404, plain("unknown_link"))

    async def _record(self, answer: Answer) -> None:
        """Write the answer, unless the same answer is written or being written. Then both requests wait for that one. Raises Retriable."""
        assert answer.answer_id is not None  # noqa: S101 - every form gives one
        known = self._recorded.get(answer.answer_id)
        if known is None:
            known = asyncio.ensure_future(self._by_thread(self._writing, lambda: self._writer.record(answer)))
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

    def _page(self, notification: Notification, message: PageMessage | None = None, status: int = 200) -> Response:
        return _response(status, page(notification, self._now(), secrets.token_urlsafe(12), message))


async def _body(request: Request) -> bytes | None:
    """The body of a form; None when it is too large, and then the rest is not read. Raises Retriable when it does not arrive."""
    found = bytearray()
    try:
        async with asyncio.timeout(WITHIN_S):
            async for part in request.stream():
                found += part
                if len(found) > MOST_BYTES:
                    return None
    except (TimeoutError, ClientDisconnect) as exc:
        raise Retriable("a form did not arrive") from exc
    return bytes(found)


def _done(answer: Answer, notification: Notification) -> str:
    """What was recorded, in words."""
    language = notification.language
    what = say(answer.verdict, language) if answer.verdict else ""
    if answer.kind is AnswerKind.MUTE:
        what = next(series(alert, language) for alert in alerts_of(notification) if alert["series"] == answer.series)
    until = answer.until or ""
    return say(f"done_{answer.kind.value}", language, what=what, until=until)


def _away(exc: Retriable, given: dict[str, str] | None) -> Response:
    log.warning("%s", exc)
    text = plain("away", given, "unclear_text") if given else plain("away")
    return _response(503, text, {"retry-after": "30"})


def _response(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return HTMLResponse(text, status, {**_HEADERS, **(headers or {})})
