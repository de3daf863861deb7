"""Lets a request in to the live page, or not: by its origin, its key and its cookie. Writes the answers with their headers."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mekong.schemas.errors import Retriable
from mekong.schemas.inside import failed_inside
from mekong.schemas.languages import LANGUAGES
from mekong.sinks.console.key import SHOWN_AS, Key
from mekong.sinks.console.pages import HOME, Pages
from mekong.sinks.console.visit import HEADERS, LANGUAGE, asked, check, check_origin
from mekong.sinks.delivery.answers.form import fields
from mekong.sinks.delivery.answers.recording import body_of

log = logging.getLogger(__name__)

_A_YEAR_S = 365 * 86_400
Endpoint = Callable[[Request], Awaitable[Response]]


class Door:
    """The door of the live page."""

    def __init__(self, key: Key, pages: Pages) -> None:
        self._pages = pages
        self.key = key

    def guarded(self, answer: Endpoint) -> Endpoint:
        """The endpoint for those who may see the page."""

        async def endpoint(request: Request) -> Response:
            check(request)
            if request.method == "POST":
                check_origin(request)
            elif SHOWN_AS in request.query_params:
                return self._entered(request)
            if not self.key.knows(request.cookies.get(self.key.cookie, "")):
                return self._locked(request)
            try:
                return await answer(request)
            except HTTPException:
                raise
            except Exception as exc:  # noqa: BLE001 - the outermost edge: an exception's text may quote a message
                failed_inside(log, f"{request.method} {HOME}", exc)
                raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, "The page failed inside; the log says where") from None

        return endpoint

    def answer(self, request: Request, page: str, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] = HEADERS) -> HTMLResponse:
        """A page. A language that the address names is remembered."""
        answer = HTMLResponse(page, status, headers)
        if (language := request.query_params.get("lang", "")) in LANGUAGES:
            answer.set_cookie(LANGUAGE, language, max_age=_A_YEAR_S, path=HOME, httponly=True, samesite="strict")
        return answer

    async def form(self, request: Request) -> dict[str, str]:
        """The fields of a form of this page. Raises HTTPException for another one."""
        try:
            body = await body_of(request)
        except Retriable:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the form did not arrive") from None
        if body is None:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the form is too long")
        given = fields(body)
        if not self.key.made(given.pop("token", "")):
            raise HTTPException(HTTPStatus.FORBIDDEN, "this form is not one of this page: load the page again")
        return given

    def _entered(self, request: Request) -> Response:
        """The cookie for the right key, and the same address without the key."""
        if not self.key.fits(request.query_params[SHOWN_AS]):
            return self._locked(request)
        rest = request.url.remove_query_params(SHOWN_AS).query
        answer = RedirectResponse(f"{request.url.path}?{rest}" if rest else request.url.path, HTTPStatus.SEE_OTHER, HEADERS)
        answer.set_cookie(self.key.cookie, self.key.ticket, path=HOME, httponly=True, samesite="strict")
        return answer

    def _locked(self, request: Request) -> Response:
        return HTMLResponse(self._pages.page("locked", asked(request)), HTTPStatus.FORBIDDEN, HEADERS)
