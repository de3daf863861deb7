"""A door between the sink and ClickHouse that is slammed in the middle of an insert, in five ways.

body      half of the request is through, then both ends are reset
running   the whole request is through, and some milliseconds later both ends are reset
answer    the insert is done, and its answer is thrown away with the connection
deaf      the client is reset, the server goes on with the whole request
half      the client is reset, the server waits for the other half of the request
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
import threading
from collections import Counter, deque
from contextlib import suppress

HOST = "127.0.0.1"
WAYS = ("body", "running", "answer", "deaf", "half")
HELD_S = 15.0
"""How long the server waits for the other half at most."""
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Cut(Exception):  # noqa: N818
    """The connection was cut on purpose."""


class Proxy:
    """Listens on a free port and passes everything to ``port``; ``arm`` cuts the next insert."""

    def __init__(self, port: int, seed: int) -> None:
        self._target, self._chance = port, random.Random(seed)
        self._armed: deque[str] = deque()
        self._held: set[asyncio.Task[None]] = set()
        self.cuts: Counter[str] = Counter()
        self.inserts = 0
        self.port = 0
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def start(self) -> Proxy:
        self._thread.start()
        self._listening.wait()
        return self

    def arm(self, way: str) -> None:
        """Cut the next insert so."""
        self._armed.append(way)

    @property
    def waiting(self) -> int:
        """Cuts that no insert has met yet."""
        return len(self._armed)

    def disarm(self) -> None:
        """Cut nothing any more."""
        self._armed.clear()

    def stop(self) -> None:
        """Close every connection, and listen no more."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, HOST, 0, limit=4 << 20)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._ended.wait()
        server.close()

    async def _serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        try:
            server_in, server_out = await asyncio.open_connection(HOST, self._target)
        except OSError:
            reset(client_out)
            return
        link = _Link(client_in, client_out, server_in, server_out)
        answers = asyncio.create_task(link.pass_answers())
        try:
            with suppress(Cut, OSError, asyncio.IncompleteReadError):
                while True:
                    await self._pass_request(link)
        finally:
            reset(client_out)
            if not link.server_left_alone:
                answers.cancel()
                reset(server_out)

    async def _pass_request(self, link: _Link) -> None:
        head = await link.client_in.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        left = int(found[1]) if found else 0
        way = ""
        if left and b"INSERT" in head.partition(b"\r\n")[0]:
            self.inserts += 1
            way = self._armed.popleft() if self._armed else ""
        if way:
            self.cuts[way] += 1
        if way in {"body", "half"}:
            body = await link.client_in.readexactly(left)
            await link.to_server(head + body[: left // 2])
            await self._let_go(link, way)
        link.drop_answer = way == "answer"
        await link.to_server(head)
        while left:
            chunk = await link.client_in.read(min(left, 65_536))
            if not chunk:
                raise Cut
            left -= len(chunk)
            await link.to_server(chunk)
        if way == "running":
            await asyncio.sleep(self._chance.uniform(0, 0.05))
        if way in {"running", "deaf"}:
            await self._let_go(link, way)

    async def _let_go(self, link: _Link, way: str) -> None:
        """Cut now."""
        if way in {"half", "deaf"}:
            link.server_left_alone = True
            task = asyncio.create_task(link.hold())
            self._held.add(task)
            task.add_done_callback(self._held.discard)
        raise Cut


class _Link:
    """One connection on its two sides."""

    def __init__(
        self,
        client_in: asyncio.StreamReader,
        client_out: asyncio.StreamWriter,
        server_in: asyncio.StreamReader,
        server_out: asyncio.StreamWriter,
    ) -> None:
        self.client_in, self.client_out = client_in, client_out
        self.server_in, self.server_out = server_in, server_out
        self.drop_answer = self.server_left_alone = False
        self._closed = asyncio.Event()

    async def to_server(self, data: bytes) -> None:
        self.server_out.write(data)
        await self.server_out.drain()

    async def pass_answers(self) -> None:
        """Hand on what the server says, until it is to be thrown away."""
        with suppress(OSError):
            while data := await self.server_in.read(65_536):
                if self.drop_answer:
                    break
                if not self.server_left_alone:
                    self.client_out.write(data)
                    await self.client_out.drain()
        self._closed.set()
        reset(self.client_out)

    async def hold(self) -> None:
        """Leave the server alone with what it has for a while."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), HELD_S)
        reset(self.server_out)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, as a machine does that is gone."""
    with suppress(OSError):
        end: socket.socket | None = writer.get_extra_info("socket")
        if end is not None:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
