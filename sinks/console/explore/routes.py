"""Gives the routes of Explore: the numbers of a choice, the cases behind a number, and the same as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.tlp import LEVELS
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.console.asker import Asker, Busy
from mekong.sinks.console.door import Door
from mekong.sinks.console.explore.choice import FACETS, Choice, choice_of
from mekong.sinks.console.explore.counting import SHOWN, listed, numbers
from mekong.sinks.console.explore.files import FORMATS, LEVEL, MOST_CASES, Export, Files, wanted
from mekong.sinks.console.pages import HOME, Pages
from mekong.sinks.console.visit import FORM_HEADERS, HEADERS, asked

EXPLORE = f"{HOME}/explore"
_MOST_DIGITS = 6
_PIECE = 1 << 16


class Explore:
    """Answers the requests."""

    def __init__(self, pages: Pages, asker: Asker, door: Door, export: Export) -> None:
        self._pages, self._asker, self._door, self._files = pages, asker, door, Files(export)

    def routes(self) -> list[Route]:
        """All routes."""
        guarded = self._door.guarded
        return [
            Route(EXPLORE, guarded(self.numbers)),
            Route(f"{EXPLORE}/cases", guarded(self.cases)),
            Route(f"{EXPLORE}/file", guarded(self.file)),
        ]

    def close(self) -> None:
        """Write no more files."""
        self._files.close()

    async def numbers(self, request: Request) -> Response:
        """The numbers of a choice."""
        choice = choice_of(request.query_params)
        return await self._answer(request, choice, "numbers", partial(numbers, choice=choice))

    async def cases(self, request: Request) -> Response:
        """The cases behind a number."""
        choice, page = choice_of(request.query_params), request.query_params.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) <= _MOST_DIGITS else 1
        return await self._answer(request, choice, "cases", partial(listed, choice=choice, page=number))

    async def file(self, request: Request) -> Response:
        """The same as a file: of what may leave."""
        query = request.query_params
        choice, suffix = choice_of(query), query.get("format", "")
        suffix = suffix if suffix in FORMATS else "csv"
        try:
            made = await self._files.make(wanted(choice, suffix, query.get("up_to", "")), suffix)
        except (Busy, Refused, Retriable, Fatal) as exc:
            page = self._pages.page("explore/no_file", asked(request), choice=choice, why=str(exc))
            return self._door.answer(request, page, HTTPStatus.SERVICE_UNAVAILABLE)
        file, size = made.path.open("rb"), made.path.stat().st_size
        made.remove()  # what is open can be read to its end, and nothing is left behind when the person goes away
        headers = {**HEADERS, "content-disposition": f'attachment; filename="{made.name}"', "content-length": str(size)}
        return StreamingResponse(_pieces(file), headers=headers, media_type="application/octet-stream")

    async def _answer(self, request: Request, choice: Choice, name: str, ask: Callable[[Database], Any]) -> Response:
        try:
            found = await self._asker.ask(ask)
        except (Busy, Retriable, Fatal) as exc:
            page = self._pages.page("away", asked(request), why=str(exc))
            return self._door.answer(request, page, HTTPStatus.SERVICE_UNAVAILABLE)
        values: Mapping[str, Any] = {
            "choice": choice,
            "found": found,
            "facets": tuple(FACETS),
            "codes": {"country": "countries", "group": "commodity_groups", "agency": "agencies"},
            "explore": EXPLORE,
            "shown": SHOWN,
            "levels": LEVELS,
            "level": LEVEL,
            "most_cases": MOST_CASES,
        }
        return self._door.answer(request, self._pages.page(f"explore/{name}", asked(request), **values), headers=FORM_HEADERS)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
