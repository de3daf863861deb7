"""Tries the connection to the HTTPS address: where it goes first, the proxy, and TLS. The client is that of ``producers.https``."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from mekong.producers.doctor.address import Place
from mekong.producers.doctor.at_once import WITHIN_S
from mekong.producers.doctor.step import NETWORK, OPERATOR, Failed, Found
from mekong.producers.doctor.tls import certificate
from mekong.producers.https.connection import Connection
from mekong.schemas.settings import Settings

InvalidURL = httpx.InvalidURL
_STARTS = "connect_tcp.started"
_PORTS = {"https": 443, "http": 80}


class _Reached(Exception):  # noqa: N818 - it is a result: the client would connect to this place next
    def __init__(self, place: Place) -> None:
        super().__init__(str(place))
        self.place = place


def first_place(connection: Connection, settings: Settings) -> tuple[Place, bool]:
    """Where the client connects to first, and whether it is a proxy. Nothing is sent. Raises Failed for an impossible address."""

    def trace(event: str, found: dict[str, Any]) -> None:
        if event.endswith(_STARTS):
            raise _Reached(Place(found["host"], found["port"]))

    try:
        connection.knock(trace, WITHIN_S)
    except _Reached as reached:
        place = reached.place
        return place, place != goal(settings)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise Failed(f"{settings.url} is not an address that can be used: {exc}", f"{OPERATOR} for the address") from exc
    raise Failed(f"{settings.url}: the client made no connection", f"{OPERATOR}, with this sentence")


def goal(settings: Settings) -> Place:
    """Host and port of the address itself."""
    parts = urlsplit(settings.url)
    return Place(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443))


def connect(connection: Connection, settings: Settings, proxy: Place | None) -> Iterator[Found]:
    """The proxy, then TLS: one request without the token. Raises Failed."""
    passed = f"{proxy} lets connections to {goal(settings)} through" if proxy else "none is used (HTTPS_PROXY names none)"
    versions: list[str] = []
    seen: list[str] = []

    def trace(event: str, found: dict[str, Any]) -> None:
        seen.append(event)
        if event.endswith("start_tls.complete"):
            secured = found["return_value"].get_extra_info("ssl_object")
            versions.append((secured.version() if secured else None) or "TLS")

    try:
        connection.knock(trace, WITHIN_S)
    except httpx.ProxyError as exc:
        raise _stopped(proxy, goal(settings), str(exc)) from exc
    except httpx.HTTPError as exc:
        if proxy and not any("start_tls.started" in event for event in seen):
            raise _stopped(proxy, goal(settings), _named(exc)) from exc
        if not versions and settings.url.startswith("https:"):
            yield Found("proxy", "ok", passed)
            raise _tls(exc, settings) from exc
    yield Found("proxy", "ok", passed)
    said = f"{versions[-1]}; the certificate is valid" if versions else "not used: the address is http:// on this machine"
    yield Found("TLS", "ok", said)


def _named(exc: Exception) -> str:
    return f"no answer within {WITHIN_S:g} s" if isinstance(exc, httpx.TimeoutException) else str(exc) or type(exc).__name__


def _stopped(proxy: Place | None, to: Place, said: str) -> Failed:
    if said.startswith("407"):
        return Failed(f"the proxy {proxy} asks for a user and a password", f"{NETWORK} for them: HTTPS_PROXY=http://user:password@{proxy}")
    return Failed(f"the proxy {proxy} does not let a connection to {to} through: {said[:200]}", f"{NETWORK}: allow CONNECT to {to}")


def _tls(exc: httpx.HTTPError, settings: Settings) -> Failed:
    cause: BaseException | None = exc
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        file = str(settings.url_cafile) if settings.url_cafile else None
        return certificate(cause, str(goal(settings)), "MEKONG_URL (or --url)", "MEKONG_URL_CAFILE", file)
    if isinstance(exc, httpx.TimeoutException):
        said = f"{goal(settings)} accepts the connection, and does not answer to TLS within {WITHIN_S:g} s"
    else:
        said = f"{goal(settings)} does not speak TLS: it answered in another way, or closed the connection"
    return Failed(said, f"{OPERATOR} whether the address and the port are right; then {NETWORK}, whether a proxy on the way stops TLS")
