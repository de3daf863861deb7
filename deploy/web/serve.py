"""Runs the server of ``mekong web|gateway|events``: TLS, the listening socket, and the end on SIGTERM.

At the end, requests that are under way get their answers. Nothing here logs an exception's text, which may quote a message.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import sys
from collections.abc import Iterable, Mapping
from threading import Event
from types import FrameType
from typing import NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mekong.deploy.web.measuring import beating, counted
from mekong.deploy.web.rooms import Room
from mekong.producers.gateway.application import not_found
from mekong.schemas.condition import CONDITION
from mekong.schemas.errors import Refused
from mekong.schemas.inside import failed_inside
from mekong.schemas.loopback import host_of, is_loopback
from mekong.schemas.settings import Settings

log = logging.getLogger(__name__)

DRAIN_WITHIN_S = 50
"""Requests that are under way at SIGTERM have this time. It is longer than a delivery may take."""
GONE_AFTER_S = 60
"""A connection ends after this time without an acknowledgement (RFC 5482). So a reader whose network failed does not keep its place."""
_SWITCH_S = 0.001
"""How long a thread may hold the interpreter while another waits: so the couriers of a flood delay the others less."""
_MOST_CONNECTIONS = 2_000


class Listen(NamedTuple):
    """Where to listen."""

    host: str
    port: int
    behind_proxy: bool = False
    """Whether a proxy in front of the server ends TLS."""


class _Server(uvicorn.Server):
    """Lets requests that wait leave as soon as the process is to end."""

    def __init__(self, config: uvicorn.Config, rooms: Iterable[Room]) -> None:
        super().__init__(config)
        self._rooms, self._loop = tuple(rooms), asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """At SIGTERM and SIGINT."""
        super().handle_exit(sig, frame)
        self._loop.call_soon_threadsafe(self._leave)

    def end(self) -> None:
        """End as at SIGTERM: a room cannot go on."""
        self.should_exit = True
        self._leave()

    def _leave(self) -> None:
        for room in self._rooms:
            room.leave()


def run(settings: Settings, listen: Listen, rooms: Mapping[str, Room], stop: Event) -> None:
    """Serve until SIGTERM or SIGINT, or until ``stop``, which they set before it listens.

    Raises Refused for settings that are not safe; Retriable or Fatal when Kafka fails at the start.
    """
    check_tls(settings, listen)
    sys.setswitchinterval(_SWITCH_S)
    with bound(listen) as listening:
        asyncio.run(_serve(settings, rooms, listening, stop))


async def _serve(settings: Settings, rooms: Mapping[str, Room], listening: socket.socket, stop: Event) -> None:
    routes: list[BaseRoute] = []
    server = _Server(config(settings), rooms.values())
    started: list[Room] = []
    CONDITION.report("web", "The server does not listen yet.")
    beats = asyncio.create_task(beating())
    try:
        for room in rooms.values():
            started.append(room)
            routes += await room.start(server.end)
        server.config.app = application(routes)
        server.should_exit |= stop.is_set()
        shown = next(iter(rooms.values())).shown if len(rooms) == 1 else ""
        listening.listen()  # who connects when it is ready is not refused
        log.info("ready: %s%s", _address(settings, listening), shown)
        CONDITION.report("web")
        await server.serve([listening])
    finally:
        CONDITION.report("web", "The server is ending.")
        await _stop(started)
        beats.cancel()
    log.info("ended: every request has its answer")


async def _stop(rooms: list[Room]) -> None:
    """Stop every room, all at the same time. Raises what the last room raised, or the one before it."""
    raised = await asyncio.gather(*(room.stop() for room in reversed(rooms)), return_exceptions=True)
    for one in raised:
        if one is not None:
            raise one


def config(settings: Settings) -> uvicorn.Config:
    """How the server runs, as yet without a route."""
    return uvicorn.Config(
        application([]),
        log_config=None,
        access_log=False,
        server_header=False,
        ssl_certfile=settings.gateway_cert,
        ssl_keyfile=settings.gateway_key,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_WITHIN_S,
        limit_concurrency=_MOST_CONNECTIONS,
        lifespan="off",
        ws="none",
    )


def application(routes: Iterable[BaseRoute]) -> ASGIApp:
    """The ASGI application of some routes."""
    starlette = Starlette(routes=list(routes), exception_handlers={HTTPException: not_found})
    starlette.router.redirect_slashes = False  # it would redirect to the name that the client gave
    app = counted(starlette)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, _over_tls(send) if _is_tls(scope) else send)
        except Exception as exc:  # noqa: BLE001 - the outermost edge: an exception's text may quote a message
            failed_inside(log, scope.get("method", "a request"), exc)

    return guarded


def _is_tls(scope: Scope) -> bool:
    is_https = scope["type"] == "http" and scope.get("scheme") == "https"
    return is_https and not is_loopback(host_of(Headers(scope=scope).get("host", "")))


def _over_tls(send: Send) -> Send:
    """Adds to every answer that browsers must use TLS here (RFC 6797)."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault("strict-transport-security", "max-age=31536000")
        await send(message)

    return sent


def check_tls(settings: Settings, listen: Listen) -> None:
    """Raises Refused when tokens would travel in plain text, or the certificate cannot be used."""
    if (settings.gateway_cert is None) != (settings.gateway_key is None):
        raise Refused("give both MEKONG_GATEWAY_CERT and MEKONG_GATEWAY_KEY, or neither")
    if settings.gateway_cert is None:
        if not listen.behind_proxy and not is_loopback(listen.host):
            raise Refused(
                f"{listen.host} can be reached from other machines, and tokens would travel without TLS: set MEKONG_GATEWAY_CERT and"
                " MEKONG_GATEWAY_KEY, or say --behind-proxy when a proxy in front of the gateway ends TLS"
            )
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.gateway_cert, settings.gateway_key)
    except (OSError, ssl.SSLError) as exc:
        raise Refused(f"MEKONG_GATEWAY_CERT, MEKONG_GATEWAY_KEY: {settings.gateway_cert} and its key cannot be used: {exc}") from exc


def bound(listen: Listen) -> socket.socket:
    """A socket at this address. Its connections have its time limit for acknowledgements. Raises Refused."""
    try:
        found = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if option := getattr(socket, "TCP_USER_TIMEOUT", None):
            listening.setsockopt(socket.IPPROTO_TCP, option, GONE_AFTER_S * 1_000)
        listening.bind(address)
    except OSError as exc:
        raise Refused(f"cannot listen on {listen.host}:{listen.port}: {exc.strerror or exc}") from exc
    return listening


def _address(settings: Settings, listening: socket.socket) -> str:
    scheme = "https" if settings.gateway_cert else "http"
    host, port = listening.getsockname()[:2]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
