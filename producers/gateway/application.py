"""Makes the ASGI application of the gateway from ``OPERATIONS``: each request is judged by its token first.

Nothing here logs a message, a token, or an exception's text, which may quote a message.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mekong.producers.gateway.openapi import document
from mekong.producers.gateway.operations import OPERATIONS, Operation
from mekong.producers.gateway.page import POLICY, page
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.state import State
from mekong.schemas.inside import failed_inside
from mekong.schemas.wire import dump

log = logging.getLogger(__name__)

DOCUMENT, PAGE = "/v1/openapi.json", "/v1/"
"""What a program and what a person reads about the address; both need no token."""
_PAGE_HEADERS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


def application(state: State) -> Starlette:
    """The gateway alone. Without a token only its own description is given."""
    return Starlette(routes=routes(state), exception_handlers={HTTPException: not_found})


def routes(state: State) -> list[Route]:
    """A route for each operation, and two for their description."""
    found = document()
    written, shown = dump(found), page(found)

    async def openapi(request: Request) -> Response:  # noqa: ARG001 - Starlette's form
        return Response(written, media_type="application/json")

    async def people(request: Request) -> Response:  # noqa: ARG001 - Starlette's form
        return Response(shown, media_type="text/html", headers=_PAGE_HEADERS)

    return [
        Route(PAGE, people),
        Route(DOCUMENT, openapi),
        *(Route(one.path, _endpoint(state, one), methods=[one.method]) for one in OPERATIONS),
    ]


def _endpoint(state: State, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            caller = state.book.caller(request.headers.get("authorization", ""), operation.scope)
            return await operation.answer(state, request, caller)
        except Problem as exc:
            return exc.response()
        except Exception as exc:  # noqa: BLE001 - the outermost edge: an exception's text may quote a message
            failed_inside(log, f"{operation.method} {operation.path}", exc)
            return Problem(500, "The gateway failed inside; its log says where. Send the request again later.").response()

    return answer


async def not_found(request: Request, exc: Exception) -> Response:  # noqa: ARG001 - Starlette's form
    """Answer a request for what is not there."""
    found = cast("HTTPException", exc)
    return Problem(found.status_code, f"{found.detail}. {PAGE} lists what there is.", headers=found.headers).response()
