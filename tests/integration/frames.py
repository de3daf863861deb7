"""A proxy of one Kafka broker that knows frames: it keeps back what a test names, and delivers it later on its old connection."""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mekong.deploy.local.kafka import Kafka

END_TXN, PRODUCE = 26, 0
PULL_BYTES = 65_536


@dataclass
class Proxy:
    """Passes frames on. ``hold`` keeps back the next of a kind, and ``cuts`` loses its client's connection then.

    ``before`` is called before a frame of a kind goes on.
    """

    upstream: int
    hold: int | None = None
    cuts: bool = False
    before: dict[int, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    held: list[tuple[asyncio.StreamWriter, bytes]] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)

    async def start(self, port: int) -> None:
        """Listen where the broker says that it is."""
        self._server = await asyncio.start_server(self._client, "127.0.0.1", port)

    async def release(self) -> None:
        """Deliver what was held: on its old connection, also when the client has left it."""
        while self.held:
            writer, frame = self.held.pop()
            writer.write(frame)
            await writer.drain()
        await asyncio.sleep(1)  # the broker has done it

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self.upstream)
        answers = asyncio.create_task(_pump(back, writer))
        try:
            while True:
                head = await reader.readexactly(4)
                body = await reader.readexactly(*struct.unpack(">i", head))
                await self._pass(head + body, forth)
                if self.cuts and self.held and self.held[-1][0] is forth:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has left
        finally:
            writer.close()
            if not any(kept is forth for kept, _ in self.held):
                forth.close()
                answers.cancel()

    async def _pass(self, frame: bytes, forth: asyncio.StreamWriter) -> None:
        (kind,) = struct.unpack(">h", frame[4:6])
        self.seen.append(kind)
        if self.hold == kind:
            self.hold = None
            self.held.append((forth, frame))
            return
        if kind in self.before:
            await self.before[kind]()
        forth.write(frame)
        await forth.drain()


@contextmanager
def in_thread(proxy: Proxy, port: int) -> Iterator[Callable[[Coroutine[Any, Any, None]], None]]:
    """The proxy, listening; yields what runs something on its loop to the end."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    def run(work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(10)

    run(proxy.start(port))
    try:
        yield run
    finally:
        loop.call_soon_threadsafe(loop.stop)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(PULL_BYTES):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # nobody hears the answer


@dataclass(frozen=True)
class Behind(Kafka):
    """A broker with a second listener, ``inside``, that sends its clients to ``outside``: a proxy listens there. Ours stay undisturbed."""

    inside: int = 0
    outside: int = 0

    @property
    def proxied(self) -> str:
        """What clients of the proxy connect to."""
        return f"127.0.0.1:{self.outside}"

    def prepare(self) -> None:
        """With the second listener."""
        super().prepare()
        lines = self._settings.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if line.startswith("listeners="):
                lines[number] += f",PROXIED://127.0.0.1:{self.inside}"
            elif line.startswith("advertised.listeners="):
                lines[number] += f",PROXIED://{self.proxied}"
        lines.append("listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT")
        self._settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
