"""Gives the routes of the live page: the page, its stream of changes, the page of a case, and its files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from mekong.schemas.errors import Fatal, Retriable
from mekong.sinks.console.asker import Asker, Busy
from mekong.sinks.console.board import Board
from mekong.sinks.console.case_reader import read_case
from mekong.sinks.console.door import Door, Endpoint
from mekong.sinks.console.pages import HOME, Pages
from mekong.sinks.console.stream import Changes, Readers, changes
from mekong.sinks.console.values import Part
from mekong.sinks.console.visit import HEADERS, asked

_FOLDER = Path(__file__).parent
_FILES = {"style.css": "text/css", "live.js": "text/javascript", "triage.js": "text/javascript", "explore.js": "text/javascript"}


class Console:
    """Answers the requests."""

    def __init__(self, board: Board, pages: Pages, asker: Asker, door: Door, readers: Readers, begin: Callable[[], None]) -> None:
        """``begin`` starts the sources; it is called at each look."""
        self._board, self._pages, self._asker, self._door, self._begin = board, pages, asker, door, begin
        self._readers = readers

    def routes(self) -> list[Route]:
        """All routes."""
        guarded = self._door.guarded
        return [
            Route(HOME, guarded(self.now)),
            Route(f"{HOME}/events", guarded(self.events)),
            Route(f"{HOME}/case/{{event_id}}", guarded(self.case)),
            *(Route(f"{HOME}/{name}", guarded(_file(name, media))) for name, media in _FILES.items()),
        ]

    async def now(self, request: Request) -> Response:
        """What happens now. ``?lang=vi`` changes the language, which is remembered."""
        self._look()
        shown = await self._board.first_look(lambda shown: shown.is_complete)
        return self._door.answer(request, self._pages.now(shown, asked(request)))

    async def events(self, request: Request) -> Response:
        """The changes of the page."""
        self._readers.check()
        self._look()
        wanted = asked(request)
        written = changes(self._board, lambda shown: {part.value: self._pages.part(part, shown, wanted) for part in Part})
        return Changes(written, self._readers, HEADERS)

    async def case(self, request: Request) -> Response:
        """The page of a case, or a page that says why it cannot be shown."""
        wanted = asked(request)
        try:
            found = await self._asker.ask(partial(read_case, event_id=UUID(request.path_params["event_id"])))
        except ValueError:
            found = None
        except (Busy, Retriable, Fatal) as exc:
            return self._door.answer(request, self._pages.page("away", wanted, why=str(exc)), HTTPStatus.SERVICE_UNAVAILABLE)
        if found is None:
            return self._door.answer(request, self._pages.page("unknown", wanted), HTTPStatus.NOT_FOUND)
        return self._door.answer(request, self._pages.page("case", wanted, case=found))

    def _look(self) -> None:
        self._board.look()
        self._begin()


def _file(name: str, media: str) -> Endpoint:
    async def answer(request: Request) -> Response:  # noqa: ARG001 - Starlette's form
        return FileResponse(_FOLDER / name, media_type=media, headers={**HEADERS, "cache-control": "max-age=300"})

    return answer
