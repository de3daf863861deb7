"""Gives the routes of triage: the queue of alerts, the page of one alert, their changes, and the forms that answer an alert."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mekong.schemas.answered import Given
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.sinks.console.asker import Asker, Busy
from mekong.sinks.console.board import Board, Shown
from mekong.sinks.console.door import Door
from mekong.sinks.console.pages import HOME, Pages
from mekong.sinks.console.stream import Changes, Readers, changes
from mekong.sinks.console.triage.person import back, name_of, person_of, remember
from mekong.sinks.console.triage.reading import read_alert
from mekong.sinks.console.triage.values import Found, once
from mekong.sinks.console.triage.writing import Message, Writing
from mekong.sinks.console.visit import FORM_HEADERS, HEADERS, asked
from mekong.sinks.delivery.answers.form import About, Wrong, read
from mekong.sinks.delivery.answers.recording import Recorder

ALERTS = f"{HOME}/alerts"
KINDS = (AnswerKind.ACKNOWLEDGE, AnswerKind.VERDICT, AnswerKind.SNOOZE, AnswerKind.MUTE, AnswerKind.NOTE, AnswerKind.UNDO)
GO_ON = frozenset({AnswerKind.VERDICT, AnswerKind.SNOOZE, AnswerKind.MUTE})
"""After these the next alert is shown."""


class Triage:
    """Answers the requests."""

    def __init__(
        self, board: Board, pages: Pages, asker: Asker, door: Door, readers: Readers, recorder: Recorder, begin: Callable[[], None]
    ) -> None:
        """``begin`` starts the sources; it is called at each look."""
        self._board, self._asker, self._door, self._readers, self._begin = board, asker, door, readers, begin
        self._writing, self._recorder = Writing(pages, door.key.form), recorder

    def routes(self) -> list[Route]:
        """All routes."""
        guarded = self._door.guarded
        return [
            Route(ALERTS, guarded(self.queue)),
            Route(f"{ALERTS}/events", guarded(self.queue_events)),
            Route(f"{ALERTS}/who", guarded(self.enter), methods=["POST"]),
            Route(f"{ALERTS}/{{alert_id}}", guarded(self.show)),
            Route(f"{ALERTS}/{{alert_id}}", guarded(self.answer), methods=["POST"]),
            Route(f"{ALERTS}/{{alert_id}}/events", guarded(self.events)),
        ]

    async def queue(self, request: Request) -> Response:
        """The queue."""
        self._start()
        shown = await self._known()
        page = self._writing.queue(shown, asked(request), datetime.now(UTC), person_of(request), _message(request))
        return self._door.answer(request, page, headers=FORM_HEADERS)

    async def queue_events(self, request: Request) -> Response:
        """The changes of the queue."""
        wanted = asked(request)
        part = once(lambda alerts, answers, minute: self._writing.queue_part(Shown(alerts=alerts, answers=answers), wanted, minute))
        return self._stream(lambda shown: {"queue": part(shown.alerts, shown.answers, _minute())})

    async def enter(self, request: Request) -> Response:
        """Remember the short name of the person."""
        given = await self._door.form(request)
        name = name_of(given.get("name", ""))
        answer = RedirectResponse(
            back(given.get("back", "")) + ("?who=wrong" if given.get("name") and not name else ""), HTTPStatus.SEE_OTHER, HEADERS
        )
        if name or not given.get("name"):
            remember(answer, name)
        return answer

    async def show(self, request: Request) -> Response:
        """The page of an alert."""
        self._start()
        found = await self._found(request)
        await self._known()
        return found if isinstance(found, Response) else self._page(request, found, _message(request))

    async def events(self, request: Request) -> Response:
        """The changes of the page of an alert: who is on it, and what was said."""
        found = await self._found(request)
        if isinstance(found, Response):
            raise HTTPException(found.status_code, "the alert cannot be shown now", {"retry-after": "3"})
        wanted, person = asked(request), person_of(request)
        part = once(lambda answers, _: self._writing.standing(found, answers, wanted, person))
        return self._stream(lambda shown: {"standing": part(shown.answers, _minute())})

    async def answer(self, request: Request) -> Response:
        """The answer of a form, then the same alert, or the next one after a judgement."""
        given = await self._door.form(request)
        self._start()
        found = await self._found(request)
        await self._known()
        if isinstance(found, Response):
            return found
        person, wanted = person_of(request), asked(request)
        if not person:
            return self._page(request, found, Message("need_name", given=given), HTTPStatus.UNPROCESSABLE_ENTITY)
        whose = {"subscription": person, "alert_id": UUID(request.path_params["alert_id"])}
        answer = read(given, About(whose, KINDS, (found.alert.series,), wanted.language), datetime.now(UTC))
        if isinstance(answer, Wrong):
            return self._page(request, found, Message.of(answer, given), HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            offset = await self._recorder.record(answer)
        except Retriable:
            return self._page(request, found, Message("not_confirmed", given=given), HTTPStatus.SERVICE_UNAVAILABLE)
        self._board.hear({offset: Given(answer, (answer.alert_id,) if answer.alert_id else ())})
        return RedirectResponse(self._after(answer, found), HTTPStatus.SEE_OTHER, HEADERS)

    def _after(self, answer: Answer, found: Found) -> str:
        here = str(answer.alert_id)
        if answer.kind not in GO_ON:
            return f"{ALERTS}/{here}"
        following = self._writing.queue_of(self._board.shown, datetime.now(UTC)).beside(str(found.alert.alert_id), 1)
        return f"{ALERTS}/{following}?after={here}" if following else f"{ALERTS}?after={here}"

    async def _found(self, request: Request) -> Found | Response:
        """The alert of a page, or the page that says why there is none."""
        wanted = asked(request)
        try:
            found = await self._asker.ask(partial(read_alert, alert_id=UUID(request.path_params["alert_id"])))
        except ValueError:
            found = None
        except (Busy, Retriable, Fatal) as exc:
            page = self._writing.away(wanted, str(exc))
            return self._door.answer(request, page, HTTPStatus.SERVICE_UNAVAILABLE)
        return found or self._door.answer(request, self._writing.unknown(wanted), HTTPStatus.NOT_FOUND)

    def _page(self, request: Request, found: Found, message: Message | None, status: HTTPStatus = HTTPStatus.OK) -> Response:
        page = self._writing.alert(found, self._board.shown, asked(request), datetime.now(UTC), person_of(request), message)
        return self._door.answer(request, page, status, FORM_HEADERS)

    def _start(self) -> None:
        self._board.look()
        self._begin()

    async def _known(self) -> Shown:
        """What is known, with the queue when that is soon."""
        return await self._board.first_look(lambda shown: shown.alerts is not None or "clickhouse" in shown.away)

    def _stream(self, write: Callable[[Shown], Mapping[str, str]]) -> Response:
        self._readers.check()
        self._start()
        return Changes(changes(self._board, write), self._readers, HEADERS)


def _message(request: Request) -> Message | None:
    """What the page says first: which alert was answered before it, or that a name cannot be one."""
    if request.query_params.get("who") == "wrong":
        return Message("bad_name")
    after = request.query_params.get("after", "")
    try:
        return Message("answered", after=str(UUID(after))) if after else None
    except ValueError:
        return None


def _minute() -> datetime:
    """The time to the minute: what rests may end."""
    return datetime.now(UTC).replace(second=0, microsecond=0)
