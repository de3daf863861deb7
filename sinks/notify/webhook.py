"""A notification and a webhook in, one signed POST out, and what came of it.

A receiver answers 2xx within the time given; the body of its answer is not read. Redirects are failures: they would lead past the
check of the address. 410 says «never again».
"""

from __future__ import annotations

import ssl
import time
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from schemas.errors import Refused
from schemas.notifications import Notification
from schemas.settings import Settings
from schemas.subscriptions import Webhook
from sinks.notify.address import AddressRefused, Resolver, check_literal
from sinks.notify.links import Link
from sinks.notify.outcome import SENT, Outcome, again, hopeless
from sinks.notify.payload import body
from sinks.notify.signature import headers, key_of

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
"""Seconds; with name resolution and TLS."""


class Webhooks:
    """Sends webhooks. Use as a context: connections are closed at its end."""

    def __init__(self, settings: Settings, timeout: aiohttp.ClientTimeout = TIMEOUT) -> None:
        self._settings = settings
        self._resolver = Resolver(private=settings.webhook_allow_private)
        connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, force_close=True, limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
        )

    async def deliver(self, notification: Notification, to: Webhook, link: Link | None = None) -> Outcome:
        """One attempt. Never raises for what a receiver or its subscription does wrong."""
        try:
            key = key_of(self._settings.webhook_secret(to.secret_name))
            if not self._settings.webhook_allow_private:
                check_literal(URL(to.url).host or "")
            return await self._post(to.url, key, str(notification.notification_id), body(notification, link))
        except (Refused, AddressRefused, ValueError) as exc:
            return again(str(exc))
        except TimeoutError:
            return again(f"no answer within {TIMEOUT.total:.0f} s")
        except aiohttp.ClientConnectorError as exc:
            return again(f"no connection: {_cause(exc)}")
        except aiohttp.ClientError as exc:
            return again(f"the connection broke: {type(exc).__name__}")

    async def _post(self, url: str, key: bytes, webhook_id: str, content: bytes) -> Outcome:
        signed = headers(key, webhook_id, int(time.time()), content)
        sent = {"content-type": "application/json", "user-agent": "mekong-notify/1", **signed}
        async with self._session.post(url, data=content, headers=sent, allow_redirects=False) as answer:
            return judged(answer.status, answer.headers.get("retry-after", ""))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        await self._session.close()
        await self._resolver.close()


def judged(status: int, retry_after: str = "") -> Outcome:
    """What the status of an answer means."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return SENT
    if status == HTTPStatus.GONE:
        return hopeless("answered 410: it wants no more")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return again(f"answered {status}: redirects are not followed")
    return again(f"answered {status}", float(retry_after) if retry_after.isdigit() and len(retry_after) < 6 else 0.0)  # noqa: PLR2004


def _cause(exc: aiohttp.ClientConnectorError) -> str:
    cause = exc.os_error
    if isinstance(cause, AddressRefused):
        return str(cause)
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: {cause.reason or 'handshake'}"
    return cause.strerror or type(cause).__name__
