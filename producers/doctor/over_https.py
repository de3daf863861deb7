"""Tries each step over HTTPS, from the settings to a receipt, with the same client as ``mekong send --url``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from urllib.parse import urlsplit

from mekong.producers.doctor import address, https_trial, https_way
from mekong.producers.doctor.step import OPERATOR, Failed, Found
from mekong.producers.https.connection import Connection, Me
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import receipts_of
from mekong.schemas.trial import trial_message

HTTPS_STEPS = ("settings", "name", "port", "proxy", "TLS", "token", "rights", "message", "clock")
"""In the order in which they are tried. Each needs all the steps before it."""


def steps(settings: Settings, agency: str | None, now: Callable[[], datetime]) -> Iterator[Found]:
    """The results of the steps of ``HTTPS_STEPS``. Raises Failed at the first that fails. ``agency``: None for that of the token."""
    with closing(_connection(settings)) as connection:
        yield Found("settings", "ok", _shown(settings))
        yield from _way(connection, settings)
        me = _who(connection, settings, agency)
        yield Found("token", "ok", f"of {me.agency}")
        yield _rights(connection, me)
        yield from https_trial.trial_steps(connection, me, now)


def _connection(settings: Settings) -> Connection:
    try:
        return Connection(settings)
    except Refused as exc:
        ask = f"nobody yet: set the variable as {OPERATOR} wrote it to you (docs/https.md has the lines)"
        raise Failed(str(exc), ask) from exc
    except (ValueError, ImportError, https_way.InvalidURL) as exc:
        said = "the address, or HTTPS_PROXY, cannot be used: each must be as http://proxy.example:3128 or https://exchange.example"
        raise Failed(said, "your own network team for the address of the proxy, as http://proxy.example:3128") from exc


def _shown(settings: Settings) -> str:
    """The settings in a line, without the token and without what is before an @ in the address."""
    parts = urlsplit(settings.url)
    authority = f", authority {settings.url_cafile}" if settings.url_cafile else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{authority}"


def _way(connection: Connection, settings: Settings) -> Iterator[Found]:
    """The name, the port, the proxy and TLS."""
    place, is_proxy = https_way.first_place(connection, settings)
    _, found = address.names([place])
    yield _of_proxy(found) if is_proxy else found
    _, found = address.ports([place])
    yield _of_proxy(found) if is_proxy else found
    yield from https_way.connect(connection, settings, place if is_proxy else None)


def _of_proxy(found: Found) -> Found:
    return found._replace(said=f"{found.said} (the proxy that HTTPS_PROXY names)")


def _who(connection: Connection, settings: Settings, agency: str | None) -> Me:
    try:
        me = connection.me()
    except Refused as exc:
        raise Failed(str(exc), f"{OPERATOR} for a new token (`mekong agency token add`)") from exc
    except (Retriable, Fatal) as exc:
        raise Failed(str(exc), f"{OPERATOR} whether {_shown(settings)} is right and the gateway runs, with this sentence") from exc
    if agency and agency != me.agency:
        raise Failed(f"the token is of {me.agency}, not of {agency}", f"{OPERATOR} for a token of {agency}")
    return me


def _rights(connection: Connection, me: Me) -> Found:
    """Ask for both rights without sending anything. Raises Failed."""
    asked = {"content": trial_message(me.agency, "test"), "headers": {"content-type": "application/json"}}
    try:
        connection.ask("POST", "/v1/check", **asked)
    except (Refused, Retriable) as exc:
        raise Failed(str(exc), f"{OPERATOR} for a token with the right to send") from exc
    try:
        connection.ask("GET", "/v1/receipts", params={"after": "now", "limit": 1})
    except (Refused, Retriable) as exc:
        raise Failed(str(exc), f"{OPERATOR} for a token with the right to read") from exc
    return Found("rights", "ok", f"the token may send to {me.topic} and read {receipts_of(me.topic)}")
