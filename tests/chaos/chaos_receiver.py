"""A receiver of webhooks in the run's own process. What it does to a request is said by the path's first word.

``wobbly`` refuses each notification up to twice, in every way that a bad server has, before it takes it; ``dead`` reads everything and
never answers; all others take what comes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chaos_subscribers import DEAD, SECRET
from chaos_told import Arrival

WAYS = ("error", "busy", "move", "close", "slow")
MOST_REFUSED = 2
FRESH_S = 300
HELD_S = 60.0


class Receiver:
    """Keeps every request that was read to its end, in order."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"receiver {seed}")
        self._lock = threading.Lock()
        self._refused: Counter[str] = Counter()
        self.arrivals: list[Arrival] = []
        self.calm = threading.Event()
        """The wobbly one takes everything from here on: the run comes to its end."""
        self.hold, self.release = threading.Event(), threading.Event()
        """The dead one keeps its callers waiting from ``hold`` to ``release``; before that it hangs up on them."""
        self._server = _Server(("127.0.0.1", 0), self)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()

    def take(self, arrival: Arrival) -> str:
        """Keep it; what to do with it."""
        with self._lock:
            self.arrivals.append(arrival)
            is_taken = self.calm.is_set() or self._refused[arrival.id] >= MOST_REFUSED or self._chance.random() < 0.7
            if arrival.path != "wobbly" or is_taken:
                return arrival.path
            way = self._chance.choice(WAYS)
            self._refused[arrival.id] += way != "slow"
            return way

    def close(self) -> None:
        """Take nothing more."""
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        super().__init__(address, _Handler)
        self.receiver = receiver

    def handle_error(self, request: object, client_address: object) -> None:
        """The caller was killed meanwhile: nothing to say."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:  # the caller was killed in the middle
            return
        name = self.headers.get("webhook-id", "")
        doing = self.server.receiver.take(Arrival(self.path.strip("/"), name, body, self._is_signed(name, body)))
        if doing == DEAD:
            if self.server.receiver.hold.is_set():
                self.server.receiver.release.wait(HELD_S)
            return
        if doing == "close":
            return
        if doing == "slow":
            time.sleep(0.5)
        status, header, value = {"error": (500, "x", ""), "busy": (503, "retry-after", "3"), "move": (307, "location", "/elsewhere")}.get(
            doing, (204, "x", "")
        )
        self.send_response(status)
        self.send_header(header, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Nothing: the arrivals say it."""

    def _is_signed(self, name: str, body: bytes) -> bool:
        """By the text of docs/notifications.md, not by the code that signs."""
        at = self.headers.get("webhook-timestamp", "")
        expected = base64.b64encode(hmac.digest(SECRET.encode(), f"{name}.{at}.".encode() + body, hashlib.sha256)).decode()
        fresh = at.isdigit() and abs(time.time() - int(at)) <= FRESH_S
        return fresh and f"v1,{expected}" in self.headers.get("webhook-signature", "").split()
