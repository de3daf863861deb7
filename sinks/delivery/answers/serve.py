"""``GET`` and ``POST /v1/answers/<token>``: serves the page of a notification, and writes its answer to ``answers.v1``.

Guarantee: the page shows «recorded» only after Kafka has acknowledged the answer. GET changes nothing, because mail scanners follow
links. The same form sent again is the same answer. It is recorded once while this process remembers it, later again under the same id.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from mekong.schemas.errors import Retriable
from mekong.schemas.notifications import Notification
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.sinks.delivery.answers.form import Wrong, about, alerts_of, fields, read
from mekong.sinks.delivery.answers.page import POLICY, PageMessage, page, plain
from mekong.sinks.delivery.answers.recording import Line, Recorder, RecordsAnswers, body_of, end
from mekong.sinks.delivery.links import PATH, AnswerTarget, Links
from mekong.sinks.delivery.words import say, series

log = logging.getLogger(__name__)

_HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}


class ReadsNotifications(Protocol):
    """See ``store.NotificationReader``."""

    def notification(self, place: AnswerTarget) -> Notification | None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class Answers:
    """Answers requests. Used on one event loop; one thread reads Kafka for it, another one writes."""

    def __init__(
        self, links: Links, reader: ReadsNotifications, writer: RecordsAnswers, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._links, self._reader, self._now = links, reader, now
        self._reading, self._line = ThreadPoolExecutor(1, "reader"), Line()
        self._recorder = Recorder(writer, self._line)

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
            body = await body_of(request)
        except Retriable as exc:
            return _away(exc, None)
        if body is None:
            return _response(413, plain("too_large"))
        given = fields(body)
        found = await self._found(request, given)
        if isinstance(found, Response):
            return found
        answer = read(given, about(found), self._now())
        if isinstance(answer, Wrong):
            text = say(answer.sentence, found.language, **answer.facts)
            message = PageMessage(text, is_done=False, kind=answer.kind, given=given, may_insist=answer.sentence == "bad_identifier")
            return self._page(found, message, 422)
        try:
            await self._recorder.record(answer)
        except Retriable as exc:
            return _away(exc, given)
        return self._page(found, PageMessage(_done(answer, found), is_done=True))

    def close(self) -> None:
        """Leave, as soon as what is under way has ended."""
        end(self._reading, self._reader.close)
        self._recorder.close()

    async def _found(self, request: Request, given: dict[str, str] | None = None) -> Notification | Response:
        """The notification of the link, or the page that says why there is none."""
        place = self._links.place(request.path_params["token"])
        if place is None:
            return _response(404, plain("unknown_link"))
        if place.until <= self._now():
            return _response(410, plain("over"))
        try:
            found = await self._line.wait(self._reading, lambda: self._reader.notification(place))
        except Retriable as exc:
            return _away(exc, given)
        return found or _response(404, plain("unknown_link"))

    def _page(self, notification: Notification, message: PageMessage | None = None, status: int = 200) -> Response:
        return _response(status, page(notification, self._now(), secrets.token_urlsafe(12), message))


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
