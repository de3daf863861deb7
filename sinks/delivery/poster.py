"""Makes one POST to a URL and returns the outcome. Every channel over HTTP uses it, because it never connects to an inner address.

A receiver must answer 2xx within the time given; the body of its answer is not read. A redirect is a failure, because it would bypass
the check of the address. 410 means «never again»: its subscription gets nothing more until a person changes it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import TypeVar

import aiohttp
from yarl import URL

from mekong.schemas.channels import Channel
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import DeliveryState
from mekong.schemas.settings import Settings
from mekong.sinks.delivery.address import AddressRefused, Resolver, check_literal, public_socket
from mekong.sinks.delivery.host import host_of
from mekong.sinks.delivery.outcome import SENT, Outcome, again
from mekong.sinks.delivery.schedule import LONGEST_WAIT_S
from mekong.sinks.delivery.sender import Sender

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
"""Seconds; with name resolution and TLS."""
_DIGITS = 12
"""The most digits of a number of seconds: more than the notifier ever waits."""
C = TypeVar("C", bound=Channel)


class Poster(Sender[C]):
    """A sender that makes POSTs. Its connections are closed at the end."""

    def __init__(self, settings: Settings, timeout: aiohttp.ClientTimeout = TIMEOUT) -> None:
        super().__init__(settings)
        self._resolver = Resolver(private=settings.webhook_allow_private)
        door = None if settings.webhook_allow_private else public_socket
        connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, force_close=True, limit=0, socket_factory=door)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
        )

    async def post(self, url: str, content: bytes, headers: Mapping[str, str] | None = None) -> Outcome:
        """One POST of JSON. Never raises for what the receiver or the address does wrong."""
        try:
            host = _host(url)
            if not self._settings.webhook_allow_private:
                check_literal(host)
            sent = {"content-type": "application/json", "user-agent": "mekong-notify/1", **(headers or {})}
            async with self._session.post(url, data=content, headers=sent, allow_redirects=False) as answer:
                return judged(answer.status, asked_s(answer.headers.get("retry-after", ""), datetime.now(UTC)))
        except (Refused, AddressRefused, ValueError) as exc:
            return again(str(exc))
        except TimeoutError:
            return again(f"no answer within {TIMEOUT.total:.0f} s")
        except aiohttp.ClientConnectorError as exc:
            return again(f"no connection: {_cause(exc)}")
        except aiohttp.ClientError as exc:
            return again(f"the connection broke: {type(exc).__name__}")

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        await self._session.close()
        await self._resolver.close()


def _host(url: str) -> str:
    """The host that is meant. Raises Refused or ValueError when the HTTP client would read another."""
    host, read = host_of(url), URL(url).raw_host or ""
    if host.isascii() and host != read:
        raise Refused(f"{url}: write the host plainly")
    return host_of(f"//[{read}]" if ":" in read else f"//{read}")


def judged(status: int, wait_s: float = 0.0) -> Outcome:
    """What the status of an answer means; ``wait_s`` is what the receiver asked for."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return SENT
    if status == HTTPStatus.GONE:
        return Outcome(DeliveryState.PARKED, "answered 410: it wants no more", gone=True)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return again(f"answered {status}: redirects are not followed")
    return again(f"answered {status}", wait_s)


def asked_s(retry_after: str, now: datetime) -> float:
    """Seconds that ``Retry-After`` asks for (RFC 9110, 10.2.3): a number or a date. 0 when it is neither, or has passed.

    A wait longer than the notifier's longest is cut to that.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:_DIGITS]), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return min(max((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds(), 0.0), LONGEST_WAIT_S)


def _cause(exc: aiohttp.ClientConnectorError) -> str:
    cause = exc.os_error
    if isinstance(cause, AddressRefused):
        return str(cause)
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: {cause.reason or 'handshake'}"
    return cause.strerror or type(cause).__name__
