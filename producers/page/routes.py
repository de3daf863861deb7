"""Gives the routes of the sender's page. Every answer to a person is a page in the person's language, also a refusal."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from mekong.producers.gateway import receipts
from mekong.producers.gateway.body import MOST_BYTES
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.state import State
from mekong.producers.page import form, sheets
from mekong.producers.page.activate import activate, show
from mekong.producers.page.health import health
from mekong.producers.page.sheets import XLSX
from mekong.producers.page.trial import tested
from mekong.producers.page.visit import HEADERS, HOME, Visit, back, in_other_language, language_of, set_ticket, visit, with_ticket
from mekong.producers.sheets.template import template
from mekong.schemas.activations import PATH
from mekong.schemas.inside import failed_inside
from mekong.schemas.receipts import Receipt
from mekong.schemas.said import of_receipt
from mekong.schemas.tokens import Scope
from mekong.schemas.wire import decode, dump

log = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent
_FILES = {"style.css": "text/css", "page.js": "text/javascript", "activate.js": "text/javascript"}
ACTIVATE = PATH.removeprefix(HOME)
Answer = Callable[[Visit], Awaitable[Response]]


def routes(state: State) -> list[Route]:
    """All routes of the page."""
    made = [
        _route(state, "", "GET", home, is_open=True),
        _route(state, "/enter", "POST", enter, is_open=True),
        _route(state, ACTIVATE, "GET", show, is_open=True),
        _route(state, ACTIVATE, "POST", activate, is_open=True),
        _route(state, "/leave", "POST", leave, is_open=True),
        _route(state, "/test", "POST", test, "send"),
        _route(state, "/template", "GET", empty_sheet),
        _route(state, "/check", "POST", sheets.check, "send"),
        _route(state, "/layout", "POST", sheets.propose, "send"),
        _route(state, "/layout/save", "POST", sheets.save, "send"),
        _route(state, "/sheet", "POST", sheets.send, "send"),
        _route(state, "/marked", "POST", sheets.marked, "read"),
        _route(state, "/history", "GET", sheets.history, "read"),
        _route(state, "/receipts", "GET", sheets.receipts, "read"),
        _route(state, "/events", "GET", events, "read"),
        _route(state, "/health", "GET", health, "read"),
    ]
    people = [Route(path, _to_home, methods=["GET"]) for path in ("/", f"{HOME}/")]
    shown = {one.path for one in made if "GET" in (one.methods or ())}
    people += [Route(one.path, _to_home, methods=["GET"]) for one in made if one.path not in shown]
    return [*made, *people, *(Route(f"{HOME}/{name}", _file(name, media)) for name, media in _FILES.items())]


async def _to_home(request: Request) -> Response:  # noqa: ARG001 - Starlette's form
    """A person has shortened the address, or has loaded the answer to a form again."""
    return back()


def _route(state: State, path: str, method: str, answer: Answer, scope: Scope | None = None, *, is_open: bool = False) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            found = visit(state, request, scope, is_open=is_open)
            if found.caller is None and not is_open:
                return _enter_again(found)
            return await answer(found)
        except Problem as exc:
            return _refused(state, request, exc)
        except Exception as exc:  # noqa: BLE001 - the outermost edge: an exception's text may quote a sheet
            failed_inside(log, f"{method} {path or '/'}", exc)
            return _refused(state, request, Problem(500, "The exchange failed inside; its log says where. Try again later."))

    return Route(HOME + path, endpoint, methods=[method])


def _enter_again(found: Visit) -> Response:
    """The ticket has ended. The page's script loads the page again; a browser without it gets the page to enter."""
    is_script = found.is_part or "text/event-stream" in found.request.headers.get("accept", "")
    return Response(status_code=401, headers=HEADERS) if is_script else back()


def _refused(state: State, request: Request, exc: Problem) -> Response:
    shown = Visit(state, request, language_of(request), None)
    with suppress(Problem):
        shown = visit(state, request, is_open=True)
    return shown.refusal("problem", exc, detail=exc.detail)


def _file(name: str, media: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:  # noqa: ARG001 - Starlette's form
        return FileResponse(_FOLDER / name, media_type=media, headers={**HEADERS, "cache-control": "max-age=300"})

    return answer


async def home(found: Visit) -> Response:
    """The page of an agency; the page to enter for anybody else. ``?lang=vi`` changes the language."""
    if answer := in_other_language(found):
        return answer
    return found.page("home" if found.caller else "enter", wrong="", most=MOST_BYTES)


async def enter(found: Visit) -> Response:
    """A token is exchanged for a ticket. The token is kept nowhere."""
    given = await form.small(found.request)
    try:
        ticket = found.state.book.ticket(given.texts.get("token", "").strip())
    except Problem as exc:
        return found.page("enter", exc.status, wrong=exc.detail)
    answer = back()
    set_ticket(answer, found.request, ticket)
    return answer


async def leave(found: Visit) -> Response:
    """The browser forgets the ticket."""
    answer = back()
    set_ticket(answer, found.request, "")
    return answer


async def test(found: Visit) -> Response:
    """A test of the connection."""
    assert found.caller  # noqa: S101 - the route lets nobody else in
    given = await form.read(found.state, found.request, found.caller)
    with found.state.quotas.waiting(found.caller.agency):
        return found.page("tested", tested=await tested(found, given.texts.get("now", "")))


async def empty_sheet(found: Visit) -> Response:
    """The template in the language of the page."""
    assert found.caller  # noqa: S101 - the route lets nobody else in
    agency = found.caller.agency
    named = {"content-disposition": f'attachment; filename="{agency}-{found.language}.xlsx"'}
    return Response(template(agency, found.language, send="how_page"), media_type=XLSX, headers={**HEADERS, **named})


async def events(found: Visit) -> Response:
    """The receipts of the agency as server-sent events, in the language of the page."""
    assert found.caller  # noqa: S101 - the route lets nobody else in

    def shown(raw: bytes) -> bytes:
        one = decode(raw, Receipt)
        row = {"source_offset": one.source_offset, "case_no": one.case_no, "outcome": one.outcome.value}
        return dump({**row, "said": [list(part) for part in of_receipt(one, found.language)]})

    return await receipts.get(found.state, with_ticket(found.request), found.caller, shown)
