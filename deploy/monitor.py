"""Serves `/metrics`, `/livez` and `/readyz` of this process at MEKONG_METRICS, from a thread of its own. Without the setting, nothing.

The three have no secret and no content of a case, so they need no token; but they name agencies' topics. So the address is one of this
machine, unless the setting names another one.
"""

from __future__ import annotations

import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.metadata import version
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from mekong.schemas import measured, metrics
from mekong.schemas.condition import CONDITION, Condition
from mekong.schemas.errors import Refused
from mekong.schemas.loopback import host_of, is_loopback
from mekong.schemas.settings import Settings

log = logging.getLogger(__name__)

HERE = "127.0.0.1"
_HIGHEST_PORT = 65_535
_MOST_CONNECTIONS = 8
"""Prometheus, a watchdog and a person use two or three. Who connects beyond this is cut off at once."""
_ANSWER_WITHIN_S = 5.0
"""A connection is cut after this time, whatever it has sent by then."""
_PAUSE_S = 0.5
"""After a connection that the system could not give: it has no file left, and asking again at once would take a processor."""
Start = Callable[[str, list[tuple[str, str]]], Any]
"""How WSGI begins an answer."""
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64  # of connections that are not accepted yet

    def __init__(self, *args: Any) -> None:
        self._places = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        super().__init__(*args)

    def get_request(self) -> Any:
        """The next connection."""
        try:
            return super().get_request()
        except OSError:
            time.sleep(_PAUSE_S)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, or cut the connection when too many are open."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the system has no thread left
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection, in its thread."""
        late = threading.Timer(_ANSWER_WITHIN_S, _cut, (request,))
        late.daemon = True
        try:
            late.start()
            super().process_request_thread(request, client_address)
        except RuntimeError:  # the system has no thread left
            self.shutdown_request(request)
        finally:
            late.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that has gone is not worth a trace in the log."""

    def server_bind(self) -> None:
        """Without WSGIServer's look at the name of this machine in DNS, which may take long."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # or a restart would be refused for a minute after a scrape
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Silent(WSGIRequestHandler):
    def get_stderr(self) -> Any:
        """Where wsgiref writes the trace of an answer that failed: nowhere, as in ``handle_error``. The client gets status 500."""
        return io.StringIO()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the library
        """Nothing: a scrape each few seconds would fill the log."""


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended meanwhile
        connection.shutdown(socket.SHUT_RDWR)


def monitor(settings: Settings, process: str) -> str:
    """Serve from now on, and return the address; empty when MEKONG_METRICS is not set. Raises Refused for an address that cannot be."""
    if not settings.metrics:
        return ""
    host, port = address(settings.metrics)
    measured.put(metrics.INFO, 1, process=process, version=version("seizure-exchange"))
    measured.measure_process()
    try:
        server = make_server(host, port, application(process, only_here=is_loopback(host)), _Server6 if ":" in host else _Server, _Silent)
    except OSError as exc:
        why = exc.strerror or exc
        raise Refused(f"MEKONG_METRICS: cannot listen on {settings.metrics}: {why}. Each process needs an address of its own.") from exc
    threading.Thread(target=server.serve_forever, name="monitor", daemon=True).start()
    found = f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}/metrics"
    log.info("metrics of %s: %s", process, found)
    return found


def address(text: str) -> tuple[str, int]:
    """Host and port of the setting; a port alone is one of this machine. Raises Refused."""
    host, colon, port = text.rpartition(":")
    is_port = port.isascii() and port.isdigit() and len(port) <= len(str(_HIGHEST_PORT)) and int(port) <= _HIGHEST_PORT
    if (colon and not host) or not _may_be_a_host(host) or not is_port:
        what_to_write = "Write a port, as 9464, for this machine alone; or HOST:PORT, as 10.0.0.5:9464"
        raise Refused(f"MEKONG_METRICS: {text[:80]!r} is not an address. {what_to_write}")
    return host.strip("[]") or HERE, int(port)


def _may_be_a_host(text: str) -> bool:
    try:
        text.encode("idna")
    except UnicodeError:  # a part of it is empty, or too long for DNS
        return False
    return text.isprintable()


def application(process: str, condition: Condition = CONDITION, *, only_here: bool = False) -> Application:
    """The three answers, as a WSGI application. ``only_here``: a request must name this machine, or a page of the web could ask here."""
    exposition = measured.exposition()

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        method, path = environ.get("REQUEST_METHOD"), environ.get("PATH_INFO", "")
        body: Iterable[bytes]
        if method not in {"GET", "HEAD"}:
            body = _say(start, "405 Method Not Allowed", "Only GET is answered here.")
        elif only_here and not is_loopback(host_of(environ.get("HTTP_HOST", HERE))):
            body = _say(start, "421 Misdirected Request", f"This address is of this machine alone: ask {HERE}.")
        elif path == "/metrics":
            measured.put(metrics.READY, 0 if condition.missing() else 1)
            body = exposition({**environ, "REQUEST_METHOD": "GET"}, start)
        elif path == "/livez":
            body = _yes_or_no(start, condition.stuck(), f"{process} is alive.")
        elif path == "/readyz":
            body = _yes_or_no(start, condition.missing(), f"{process} is ready.")
        else:
            body = _say(start, "404 Not Found", "There are /metrics, /livez and /readyz.")
        return [] if method == "HEAD" else body

    return answer


def _yes_or_no(start: Start, trouble: str, good: str) -> list[bytes]:
    return _say(start, "503 Service Unavailable" if trouble else "200 OK", trouble or good)


def _say(start: Start, status: str, sentence: str) -> list[bytes]:
    body = f"{sentence}\n".encode()
    start(status, [("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(body))), ("cache-control", "no-store")])
    return [body]
