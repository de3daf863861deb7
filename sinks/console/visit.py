"""Judges a request to the live page: it must come from this machine, and from the page itself. Pure."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

from mekong.schemas.languages import Language, chosen
from mekong.schemas.loopback import host_of, is_loopback
from mekong.sinks.console.map.outlines import VIEWS
from mekong.sinks.console.pages import HOME, Asked
from mekong.sinks.console.values import FIRST_WINDOW, WINDOWS

LANGUAGE = "mekong-language"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
FORM_HEADERS = HEADERS | {
    "content-security-policy": HEADERS["content-security-policy"].replace("form-action 'none'", "form-action 'self'"),
    "referrer-policy": "same-origin",
}
"""Of a page with forms: without a referrer a browser would send `Origin: null` with them."""
_OF_A_PROXY = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


def check(request: Request) -> None:
    """Raises HTTPException for a request that another machine or another site may have made.

    A name of another site can be made to lead to this machine (DNS rebinding): then the header Host has that name. No browser speaks
    HTTP/1.0; some proxies do, which add no header.
    """
    if not is_loopback(host_of(request.headers.get("host", ""))):
        raise HTTPException(HTTPStatus.MISDIRECTED_REQUEST, f"{HOME} answers at this machine's own address only, such as 127.0.0.1")
    if request.scope.get("http_version") == "1.0" or any(name in request.headers for name in _OF_A_PROXY):
        raise HTTPException(HTTPStatus.FORBIDDEN, f"{HOME} does not answer through a proxy: it is for the person at this machine")
    is_from_elsewhere = request.headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"}
    if is_from_elsewhere and request.headers.get("sec-fetch-mode") != "navigate":
        raise HTTPException(HTTPStatus.FORBIDDEN, "another site has made this request")


def check_origin(request: Request) -> None:
    """Raises HTTPException for a form that another site has sent."""
    origin, own = request.headers.get("origin", ""), f"{request.url.scheme}://{request.headers.get('host', '')}"
    if origin != own and not (not origin and request.headers.get("sec-fetch-site") == "same-origin"):
        raise HTTPException(HTTPStatus.FORBIDDEN, "another site has sent this form")


def asked(request: Request) -> Asked:
    """What the person has chosen, and otherwise the first of each."""
    query = request.query_params
    window, view = query.get("window", ""), query.get("map", "")
    return Asked(language_of(request), window if window in WINDOWS else FIRST_WINDOW, view if view in VIEWS else VIEWS[0])


def language_of(request: Request) -> Language:
    """The language that the person has chosen, or that the browser asks for."""
    wanted = request.query_params.get("lang", "") or request.cookies.get(LANGUAGE, "")
    return chosen(wanted, request.headers.get("accept-language", ""))
