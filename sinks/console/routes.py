"""Gives the routes of the live page: the page, its stream of changes, the page of a case, and two files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.inside import failed_inside
from mekong.schemas.languages import LANGUAGES
from mekong.sinks.console.board import Board
from mekong.sinks.console.case_reader import CaseReader
from mekong.sinks.console.clerk import Busy
from mekong.sinks.console.key import SHOWN_AS, Key
from mekong.sinks.console.pages import HOME, Pages
from mekong.sinks.console.pairs import PairDesk
from mekong.sinks.console.stream import MOST_READERS, Changes, Readers, changes
from mekong.sinks.console.visit import HEADERS, LANGUAGE, asked, check

log = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent
_FILES = {"style.css": "text/css", "live.js": "text/javascript"}
_A_YEAR_S = 365 * 86_400
FIRST_LOOK_S = 0.4
"""The first page waits at most this time for the sources. What is missing then arrives by the stream."""
Answer = Callable[[Request], Awaitable[Response]]


class Console:
    """Answers the requests."""

    def __init__(self, board: Board, pages: Pages, cases: CaseReader, key: Key, begin: Callable[[], None], pairs: PairDesk) -> None:
        """``begin`` starts the sources; it is called at each look."""
        self._board, self._pages, self._cases, self._begin = board, pages, cases, begin
        self._key, self._pairs = key, pairs
        self._readers = Readers()

    def routes(self) -> list[Route]:
        """All routes."""
        guarded = self._guarded
        return [
            Route(HOME, guarded(self.now)),
            Route(f"{HOME}/events", guarded(self.events)),
            Route(f"{HOME}/case/{{event_id}}", guarded(self.case)),
            *(Route(path, guarded(answer), methods=methods) for path, methods, answer in self._pairs.answers()),
            *(Route(f"{HOME}/{name}", guarded(_file(name, media))) for name, media in _FILES.items()),
        ]

    async def now(self, request: Request) -> Response:
        """What happens now. ``?lang=vi`` changes the language, which is remembered."""
        self._look()
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_S):
                while not self._board.shown.is_complete and not self._board.is_closed:
                    await self._board.next_change.wait()
        return self._answer(request, self._pages.now(self._board.shown, asked(request)))

    async def events(self, request: Request) -> Response:
        """The changes of the page."""
        if self._readers.count >= MOST_READERS:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "too many pages are open", {"retry-after": "30"})
        self._look()
        return Changes(changes(self._board, self._pages, asked(request)), self._readers, HEADERS)

    async def case(self, request: Request) -> Response:
        """The page of a case, or a page that says why it cannot be shown."""
        wanted = asked(request)
        try:
            found = await self._cases.read(UUID(request.path_params["event_id"]))
        except ValueError:
            found = None
        except (Busy, Retriable, Fatal) as exc:
            return self._answer(request, self._pages.page("away", wanted, why=str(exc)), HTTPStatus.SERVICE_UNAVAILABLE)
        if found is None:
            return self._answer(request, self._pages.page("unknown", wanted), HTTPStatus.NOT_FOUND)
        return self._answer(request, self._pages.page("case", wanted, case=found))

    def _guarded(self, answer: Answer) -> Answer:
        async def endpoint(request: Request) -> Response:
            check(request)
            if SHOWN_AS in request.query_params:
                return self._entered(request)
            if not self._key.knows(request.cookies.get(self._key.cookie, "")):
                return self._locked(request)
            try:
                return await answer(request)
            except HTTPException:
                raise
            except Exception as exc:  # noqa: BLE001 - the outermost edge: an exception's text may quote a message
                failed_inside(log, f"GET {HOME}", exc)
                raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, "The page failed inside; the log says where") from None

        return endpoint

    def _entered(self, request: Request) -> Response:
        """The cookie for the right key, and the same address without the key."""
        if not self._key.fits(request.query_params[SHOWN_AS]):
            return self._locked(request)
        rest = request.url.remove_query_params(SHOWN_AS).query
        answer = RedirectResponse(f"{HOME}?{rest}" if rest else HOME, HTTPStatus.SEE_OTHER, HEADERS)
        answer.set_cookie(self._key.cookie, self._key.ticket, path=HOME, httponly=True, samesite="strict")
        return answer

    def _locked(self, request: Request) -> Response:
        return HTMLResponse(self._pages.page("locked", asked(request)), HTTPStatus.FORBIDDEN, HEADERS)

    def _look(self) -> None:
        self._board.look()
        self._begin()

    def _answer(self, request: Request, page: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
        answer = HTMLResponse(page, status, HEADERS)
        if (language := request.query_params.get("lang", "")) in LANGUAGES:
            answer.set_cookie(LANGUAGE, language, max_age=_A_YEAR_S, path=HOME, httponly=True, samesite="strict")
        return answer


def _file(name: str, media: str) -> Answer:
    async def answer(request: Request) -> Response:  # noqa: ARG001 - Starlette's form
        return FileResponse(_FOLDER / name, media_type=media, headers={**HEADERS, "cache-control": "max-age=300"})

    return answer
