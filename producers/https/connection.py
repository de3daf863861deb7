"""Makes the requests of one program to the HTTPS address, and turns what goes wrong into Retriable or Refused.

httpx itself follows HTTPS_PROXY and NO_PROXY, but no proxy is used for this machine. A connection that a proxy cuts is an ordinary
failure: the request is made again.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.loopback import is_loopback
from mekong.schemas.settings import Settings
from mekong.schemas.tokens import id_of

_CONNECT_S = 10.0
_ANSWER_S = 70.0
"""Longer than the gateway waits for receipts, and than it needs to hear that the broker is away."""
_LATER = frozenset({408, 409, 429, 500, 502, 503, 504})
_LONGEST_PAUSE_S = 15.0
_EXCHANGE = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


class Me(NamedTuple):
    """What the exchange answers about a token."""

    agency: str
    topic: str
    exchange: str
    """The id of its cluster. It is a part of the names of files."""


class Connection:
    """An address with a token. Used by one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        """Raises Refused when the address, the token or the authority's file cannot be used."""
        self._url = settings.url
        parts = urlsplit(self._url)
        is_here = is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
            raise Refused(f"{self._url}: the address must begin with https://, because the token travels with each request")
        self._client = httpx.Client(
            base_url=self._url.rstrip("/"),
            headers={"authorization": f"Bearer {_token(settings)}", "user-agent": f"mekong/{version('seizure-exchange')}"},
            verify=_context(settings),
            timeout=httpx.Timeout(_ANSWER_S, connect=_CONNECT_S),
            trust_env=not is_here,  # a proxy would get the token, and could not reach this machine
        )
        self._socket: socket.socket | None = None
        self._ended = False

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request. Raises Retriable when nothing answers or the answer is to try later; Refused when the token may not do this."""
        try:
            answer = self._client.request(method, path, extensions={"trace": self._traced}, **more)
        except httpx.TransportError as exc:
            raise _unreached(self._url, exc) from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise Refused(f"{self._url}: {exc}") from exc
        if answer.status_code in _LATER:
            raise Retriable(f"{self._url} answers {answer.status_code}: {detail_of(answer)}", _seconds(answer))
        if answer.status_code in (401, 403, 407):
            raise Refused(f"{self._url} answers {answer.status_code}: {detail_of(answer)}")
        return answer

    def knock(self, trace: Callable[[str, dict[str, Any]], None], within_s: float) -> None:
        """One request without the token, to try the way. Raises what httpx raises, and what ``trace`` raises."""
        self._client.request("GET", "/v1/me", headers={"authorization": ""}, extensions={"trace": trace}, timeout=within_s)

    def insist(self, within_s: float, stopped: Callable[[], bool], method: str, path: str, **more: Any) -> httpx.Response:
        """The same request again and again until it is answered. Raises Retriable after ``within_s`` seconds, Refused."""
        until, pause_s = time.monotonic() + within_s, 0.1
        while True:
            try:
                return self.ask(method, path, **more)
            except Retriable as exc:
                if time.monotonic() > until or stopped():
                    raise
                time.sleep(min(max(pause_s, exc.retry_after_s), _LONGEST_PAUSE_S))
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def me(self) -> Me:
        """Who the token belongs to, and at which exchange. Raises Retriable, Refused or Fatal."""
        found = read(self.ask("GET", "/v1/me"))
        values: list[Any] = [found.get(name) for name in Me._fields]
        if not (all(isinstance(one, str) for one in values) and _EXCHANGE.fullmatch(Me(*values).exchange)):
            raise Fatal(f"{self._url} answers what the exchange does not answer. Does the address belong to the exchange?")
        return Me(*values)

    def hang_up(self) -> None:
        """End the request that another thread makes, and each later one: that thread gets an error, and closes."""
        self._ended = True
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # not that of TLS: it belongs to the thread that reads

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _traced(self, event: str, found: dict[str, Any]) -> None:
        """What httpx says while it connects: keep the newest socket, which ``hang_up`` ends."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = found["return_value"].get_extra_info("socket")
            if self._ended:
                self.hang_up()


def read(answer: httpx.Response) -> dict[str, Any]:
    """The JSON of a good answer. Raises Fatal when it is not the gateway that answers."""
    try:
        found = answer.json() if answer.is_success else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Fatal(f"{answer.url.copy_with(query=None)} answers {answer.status_code}: {detail_of(answer)}")
    return found


def told(exc: Exception) -> Retriable | Fatal:
    """What a thread that ends tells the program: the failure itself, or a sentence about one that nobody expected."""
    if isinstance(exc, Retriable | Fatal):
        return exc
    fatal = Fatal(f"the exchange answers what this program cannot read ({type(exc).__name__}). Does the address belong to the exchange?")
    fatal.__cause__ = exc
    return fatal


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem that an answer names; empty when it names none."""
    if "problem+json" not in answer.headers.get("content-type", ""):
        return {}
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def detail_of(answer: httpx.Response) -> str:
    """The sentence of a refusal."""
    return str(problem(answer).get("detail") or f"{answer.reason_phrase or 'no reason'}. Does the address belong to the exchange?")


def exchange_of(settings: Settings) -> str:
    """Which exchange is behind the address: an id that can be a part of a file's name. Raises Retriable, Refused or Fatal."""
    connection = Connection(settings)
    try:
        return connection.me().exchange
    finally:
        connection.close()


def _seconds(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 0.0


def _unreached(url: str, exc: Exception) -> Retriable | Refused:
    said = str(exc) or type(exc).__name__
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return Refused(f"{url}: the certificate is not signed by an authority that this machine knows: name it with MEKONG_URL_CAFILE")
    return Retriable(f"{url} cannot be reached: {said}. Is a proxy needed (HTTPS_PROXY)?", 0.0)


def _token(settings: Settings) -> str:
    """The token, without the line end of the file that it was read from. No error has its text."""
    token = settings.token.get_secret_value().strip()
    if not token:
        raise Refused("MEKONG_TOKEN is not set: the operator of the exchange gives your agency a token")
    if id_of(token) is None:
        raise Refused("MEKONG_TOKEN is not valid: a token is mekong-, 8 digits, -, 64 digits (0 to 9, a to f). Is a part of it missing?")
    return token


def _context(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(settings.url_cafile) if settings.url_cafile else None)
    except (OSError, ssl.SSLError) as exc:
        raise Refused(f"MEKONG_URL_CAFILE: {settings.url_cafile} cannot be used: {exc}") from exc
