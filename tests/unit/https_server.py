"""``Exchange``: an HTTPS address of this machine that answers as a test says."""

from __future__ import annotations

import gzip
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mekong.schemas.settings import Settings

AGENCY, TOPIC = "VN-CUSTOMS", "in.VN-CUSTOMS.v1"
TOKEN = "mekong-00000000-" + "0" * 64


class Exchange:
    """An address in front of an exchange without workers."""

    def __init__(self) -> None:
        self.me: dict[str, Any] = {"agency": AGENCY, "topic": TOPIC, "exchange": "ONE"}
        self.posted: list[bytes] = []
        """The messages that came."""
        self.asked: list[str] = []
        """The paths that were asked for."""
        self.answer: tuple[int, Any] | None = None
        """To messages, instead of storing them."""
        self.pages: dict[int, Any] = {}
        """The answer to a place, instead of an empty one."""
        self.is_slow = False
        """Whether it takes long to answer messages."""
        self.open = 0
        """Requests that wait for an answer."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"exchange": self}))
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def settings(self, home: Any) -> Settings:
        return Settings(home=home, url=self.url, token=TOKEN)

    def stored(self, lines: list[bytes]) -> tuple[int, Any]:
        first = len(self.posted)
        self.posted += lines
        entries = [{"line": number, "id": f"{TOPIC}@{first + number - 1}"} for number in range(1, len(lines) + 1)]
        return 202, {"sent": len(lines), "refused": 0, "receipts_after": f"{TOPIC}@0", "messages": entries}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    exchange: Exchange

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.exchange.asked.append(self.path)
        asked = urlsplit(self.path)
        if asked.path == "/v1/me":
            return self._say(200, self.exchange.me)
        query = parse_qs(asked.query)
        after = 0 if query["after"] == ["now"] else int(query["after"][0].rpartition("@")[2])
        if after in self.exchange.pages:
            return self._say(200, self.exchange.pages[after])
        if int(query.get("wait", ["0"])[0]):
            self._wait()
        return self._say(200, {"receipts": [], "next": f"{TOPIC}@{after}"})

    def do_POST(self) -> None:
        self.exchange.asked.append(self.path)
        body = self.rfile.read(int(self.headers["content-length"]))
        lines = (gzip.decompress(body) if "content-encoding" in self.headers else body).splitlines()
        if self.path == "/v1/check":
            return self._say(200, {"good": len(lines), "refused": 0, "messages": []})
        if self.exchange.is_slow:
            self._wait()
        return self._say(*(self.exchange.answer or self.exchange.stored(lines)))

    def _wait(self) -> None:
        """Until the reader has gone; 20 s at most, which is less than what it asks for."""
        self.exchange.open += 1
        self.connection.setblocking(False)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                if not self.connection.recv(1):
                    break
            except BlockingIOError:
                time.sleep(0.01)
        self.connection.setblocking(True)
        self.exchange.open -= 1

    def _say(self, status: int, found: Any) -> None:
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
