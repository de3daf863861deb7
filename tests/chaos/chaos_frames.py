"""A door between every client and Kafka that knows frames: what it does to one is a fault of chaos_faults.py.

The order within a connection is kept, as TCP does.
"""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import uvloop
from chaos_faults import LATE, Fault, Watcher
from chaos_fence import fence_off
from chaos_protocol import LENGTH, Request, correlation_of, error_of, request_of
from chaos_proxy import HOST, Cut, reset

LIMIT = 16 << 20
QUEUED = 64
"""Requests of a connection that wait behind one."""
ANSWERED_WITHIN_S = 15.0
"""How long a connection whose client has gone is kept for the answers to what was passed on."""
READ_WITHIN_S = 0.05
"""Half a frame is read by whoever gets it, before the reset throws it away."""


class _Asked(NamedTuple):
    """A request whose answer has not come yet."""

    request: Request
    fault: Fault | None
    is_again: bool = False


class FrameProxy:
    """Listens on a free port and passes everything to ``port``."""

    def __init__(self, port: int, watcher: Watcher) -> None:
        self.target, self.watcher = port, watcher
        self._armed: list[Fault] = []
        self._next: dict[str, asyncio.Event] = {}
        self.port = 0
        self._listening = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._listen()), name="frames", daemon=True)

    def start(self) -> FrameProxy:
        self._thread.start()
        self._listening.wait()
        return self

    def arm(self, fault: Fault) -> None:
        """The next request that it is for meets it."""
        self._call(lambda: self._armed.append(fault))

    def disarm(self) -> None:
        """Nothing is met any more. What is held is held to its end."""
        self._call(self._armed.clear)

    def stop(self) -> None:
        """Close every connection, and listen no more."""
        self._call(self._ended.set)
        self._thread.join(5)

    def take(self, request: Request) -> Fault | None:
        """The fault that this request meets."""
        for fault in self._armed:
            if fault.meets(request):
                self._armed.remove(fault)
                self.watcher.met(fault, request)
                return fault
        return None

    def next_batch(self, who: str) -> asyncio.Event:
        """Set as soon as a batch of this transactional id is passed on."""
        return self._next.setdefault(who, asyncio.Event())

    def batch_passed(self, who: str) -> None:
        """Who waits for it may go on."""
        if event := self._next.pop(who, None):
            event.set()

    def _call(self, do: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(do)

    async def _listen(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, HOST, 0, limit=LIMIT)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._ended.wait()
        server.close()

    async def _serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        try:
            server_in, server_out = await asyncio.open_connection(HOST, self.target, limit=LIMIT)
        except OSError:
            reset(client_out)
            return
        await _Link(self, client_in, client_out, server_in, server_out).run()


class _Link:
    """One connection on its two sides: one task reads requests, one passes them on, one passes on answers."""

    def __init__(
        self,
        proxy: FrameProxy,
        client_in: asyncio.StreamReader,
        client_out: asyncio.StreamWriter,
        server_in: asyncio.StreamReader,
        server_out: asyncio.StreamWriter,
    ) -> None:
        self._proxy, self._watcher = proxy, proxy.watcher
        self._client_in, self._client_out, self._server_in, self._server_out = client_in, client_out, server_in, server_out
        self._requests: asyncio.Queue[bytes] = asyncio.Queue(QUEUED)
        self._asked: deque[_Asked] = deque()
        self._kept: list[Request] = []
        """What the client is not answered, by a fault."""
        self._gone = asyncio.Event()
        self._is_passing = self._is_muted = False

    async def run(self) -> None:
        reading, *both = tasks = [asyncio.ensure_future(part()) for part in (self._read, self._pass, self._answer)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and not any(task.done() for task in both):
                await self._outlive(both)
                await _close(self._server_out)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            reset(self._client_out)
            reset(self._server_out)

    async def _outlive(self, both: list[asyncio.Task[None]]) -> None:
        """The client has gone: the broker still gets what was on its way, and time to answer what was held."""
        for request in self._kept:
            self._watcher.gave_up(request)
        deadline = None
        while not any(task.done() for task in both):
            if self._requests.empty() and not self._is_passing:
                deadline = deadline or time.monotonic() + ANSWERED_WITHIN_S
                if not (self._kept and self._asked) or time.monotonic() > deadline:
                    return
            await asyncio.sleep(0.01)

    async def _read(self) -> None:
        """Until the client closes, or breaks off."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await self._requests.put(await _frame(self._client_in))
        self._gone.set()

    async def _pass(self) -> None:
        with suppress(Cut, OSError):
            while True:
                frame = await self._requests.get()
                self._is_passing = True
                request = request_of(frame[LENGTH:])
                await self._meet(request, frame, self._proxy.take(request))
                self._is_passing = False

    async def _meet(self, request: Request, frame: bytes, fault: Fault | None) -> None:
        """Pass one request on, as the fault wants it."""
        way = fault.way if fault else ""
        if way in {"hold", "mute", "wait", *LATE}:
            self._kept.append(request)
        if way == "cut":
            await _break_off(self._server_out, frame)
        if fault and way in {"hold", *LATE}:
            await self._hold(fault, request)
        if way == "fence":
            await fence_off(HOST, self._proxy.target, request.who)
        await self._deliver(_Asked(request, fault), frame)
        if way == "hold" and not self._gone.is_set():
            self._kept.remove(request)
        if way == "twice":
            await self._deliver(_Asked(request, fault, is_again=True), frame)

    async def _hold(self, fault: Fault, request: Request) -> None:
        if fault.way == "hold":
            await asyncio.sleep(fault.length_s)
            return
        self._is_muted = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), fault.length_s)
        if fault.way == "late":
            await asyncio.sleep(fault.more_s)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._proxy.next_batch(request.who).wait(), fault.more_s)

    async def _deliver(self, asked: _Asked, frame: bytes) -> None:
        self._asked.append(asked)
        self._watcher.passed(asked.request, is_late=self._gone.is_set(), is_again=asked.is_again)
        self._server_out.write(frame)
        await self._server_out.drain()
        if asked.request.api == "Produce":
            self._proxy.batch_passed(asked.request.who)

    async def _answer(self) -> None:
        """Until the broker closes, or either breaks off."""
        with suppress(Cut, OSError, asyncio.IncompleteReadError):
            while True:
                frame = await _frame(self._server_in)
                while self._asked and self._asked[0].request.correlation != correlation_of(frame[LENGTH:]):
                    self._asked.popleft()
                await self._hand_back(self._asked.popleft(), frame)

    async def _hand_back(self, asked: _Asked, frame: bytes) -> None:
        """One answer to the client, as the fault of its request wants it."""
        way = asked.fault.way if asked.fault else ""
        if asked.fault and way == "wait":
            await asyncio.sleep(asked.fault.length_s)
        self._is_muted |= way == "mute"
        is_heard = not (self._is_muted or asked.is_again or way == "torn" or self._gone.is_set())
        self._watcher.answered(asked.request, error_of(asked.request, frame[LENGTH:]), is_heard=is_heard)
        if way == "torn":
            await _break_off(self._client_out, frame)
        if is_heard:
            if way == "wait":
                self._kept.remove(asked.request)
            self._client_out.write(frame)
            await self._client_out.drain()


async def _frame(stream: asyncio.StreamReader) -> bytes:
    """One frame, its length included."""
    head = await stream.readexactly(LENGTH)
    return head + await stream.readexactly(struct.unpack(">i", head)[0])


async def _break_off(writer: asyncio.StreamWriter, frame: bytes) -> None:
    """Half of it, and no more. Raises Cut."""
    writer.write(frame[: len(frame) // 2])
    await writer.drain()
    await asyncio.sleep(READ_WITHIN_S)
    raise Cut


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close in order: what was written arrives."""
    with suppress(OSError):
        writer.close()
        await writer.wait_closed()
