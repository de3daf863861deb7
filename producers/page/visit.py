"""Judges a request of a browser: its ticket, its language, and that the page itself made it. Writes the pages with their headers.

A browser shows a ticket in place of the token. The cookie is not readable by scripts, is sent to this site only, and ends after 8 hours or
with its token.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.state import State
from mekong.producers.gateway.tickets import SCHEME, VALID_S
from mekong.producers.page.words import texts
from mekong.schemas.languages import LANGUAGES, NAMES, Language, chosen
from mekong.schemas.loopback import host_of, is_loopback
from mekong.schemas.said import example, label, meaning, of_receipt, said, told
from mekong.schemas.tokens import Scope

HOME = "/send"
TICKET, TLS_TICKET = "mekong-ticket", "__Host-mekong-ticket"
"""The cookie without TLS, on this machine alone, and over TLS: no other host of the domain can set the latter (RFC 6265bis)."""
LANGUAGE = "mekong-language"
PART = "x-page-part"
"""The header of a request by the page's script: the answer is the changed part only. The answer has it too, the one of a proxy has not."""
_A_YEAR_S = 365 * 86_400
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_PARTS = frozenset(name.removeprefix("parts/").removesuffix(".html") for name in _PAGES.list_templates() if name.startswith("parts/"))


class Visit(NamedTuple):
    """One request of a person."""

    state: State
    request: Request
    language: Language
    caller: Caller | None
    """None for a person who has not entered yet."""

    @property
    def is_part(self) -> bool:
        """Whether the page's script asks for a part of the page."""
        return PART in self.request.headers

    def page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page, or its changed part when the script asks for it and the page has one."""
        is_part = self.is_part and name in _PARTS
        template = _PAGES.get_template(f"{'parts/' if is_part else ''}{name}.html")
        given = {
            "t": texts(self.language),
            "language": self.language,
            "names": NAMES,
            "agency": self.caller.profile if self.caller else None,
            "is_part": is_part,
            "home": HOME,
            "here": HOME,
            "said": partial(said, language=self.language),
            "example": partial(example, language=self.language),
            "label": partial(label, language=self.language),
            "told": partial(told, language=self.language),
            "meaning": partial(meaning, language=self.language),
            "of_receipt": partial(of_receipt, language=self.language),
        }
        return HTMLResponse(template.render(given | values), status, {**HEADERS, **({PART: "1"} if is_part else {})})

    def refusal(self, name: str, exc: Problem, **values: Any) -> HTMLResponse:
        """A page that says why something was refused, and when to ask again."""
        answer = self.page(name, exc.status, **values)
        if after := (exc.headers or {}).get("retry-after"):
            answer.headers["retry-after"] = after
        return answer


def visit(state: State, request: Request, scope: Scope | None = None, *, is_open: bool = False) -> Visit:
    """Who makes a request; ``is_open``: nobody needs to be known. Raises Problem (403): of another site, or the token may not do this."""
    if request.method not in ("GET", "HEAD"):
        check_origin(request)
    try:
        caller = state.book.caller(shown(request), scope) if _ticket_of(request) in request.cookies else None
    except Problem as exc:
        if exc.status != 401 and not (is_open and exc.status == 403):  # noqa: PLR2004 - the ticket has ended: the person enters again
            raise
        caller = None
    return Visit(state, request, language_of(request), caller)


def language_of(request: Request) -> Language:
    """The language that the person has chosen, or that the browser asks for."""
    return chosen(request.cookies.get(LANGUAGE, ""), request.headers.get("accept-language", ""))


def shown(request: Request) -> str:
    """The header Authorization for the ticket of a request."""
    return f"{SCHEME} {request.cookies.get(_ticket_of(request), '')}"


def with_ticket(request: Request) -> Request:
    """The request as a program would make it, which shows its token in a header."""
    scope = {**request.scope, "headers": list(request.scope["headers"])}
    MutableHeaders(scope=scope)["authorization"] = shown(request)
    return Request(scope, request.receive)


def check_origin(request: Request) -> None:
    """Raises Problem (403) when another site has made the request."""
    origin = request.headers.get("origin", "")
    own = _is_own(origin, request.headers.get("host", "")) if origin else request.headers.get("sec-fetch-site") == "same-origin"
    if not own:
        raise Problem(403, "Another site has made this request. Open the page itself, and try again.")


def _is_own(origin: str, host: str) -> bool:
    """Whether a page of this host made it, over TLS; this machine needs no TLS."""
    scheme, _, of = origin.partition("://")
    return of == host and (scheme == "https" or is_loopback(host_of(host)))


def back(where: str = HOME) -> RedirectResponse:
    """To another page, after a form."""
    return RedirectResponse(where, 303, HEADERS)


def set_ticket(answer: Response, request: Request, ticket: str) -> None:
    """Give the browser a ticket; an empty one takes the ticket from it."""
    secure, life = is_over_tls(request), VALID_S if ticket else 0
    path = "/" if secure else HOME
    answer.set_cookie(_ticket_of(request), ticket, max_age=life, path=path, httponly=True, samesite="strict", secure=secure)
    if secure and TICKET in request.cookies:  # of an earlier version, which had this name over TLS too
        answer.delete_cookie(TICKET, path=HOME, httponly=True, samesite="strict", secure=True)


def is_over_tls(request: Request) -> bool:
    """Whether the browser came over TLS, which a proxy may have ended. Without TLS, only this machine is let in."""
    return request.scope["scheme"] == "https" or not is_loopback(host_of(request.headers.get("host", "")))


def _ticket_of(request: Request) -> str:
    return TLS_TICKET if is_over_tls(request) else TICKET


def in_other_language(found: Visit, where: str = HOME) -> Response | None:
    """Back to the page in the language that ``?lang=vi`` names, which is remembered; None when it names none."""
    if (wanted := found.request.query_params.get("lang", "")) not in LANGUAGES:
        return None
    answer = back(where)
    answer.set_cookie(LANGUAGE, wanted, max_age=_A_YEAR_S, path=HOME, httponly=True, samesite="strict")
    return answer
