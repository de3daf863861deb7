"""The gateway that `benchmarks.gateway` measures, and its clients: many messages a request, one message a request, and disturbers.

A disturber is another agency's client, in a process of its own at the lowest priority (nice 19), so that the processor time of the client
itself is not in the waits of the others. ``python -m benchmarks.gateway_clients HOW URL AGENCY`` is such a process.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks.ground import ROOT, Ground, cpu_s, wait_for
from benchmarks.messages import seizures

OF_A_REQUEST = 1_000
RATE = 200
_TAKEN = "a request was taken"
_PACKED = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}


class Waits(NamedTuple):
    """Milliseconds from the time at which a message was due to its answer."""

    p50: float
    p99: float
    most: float
    refused: int


class Gateway:
    """A gateway of a ground. ``checkout``: of which version."""

    def __init__(self, here: Ground, tokens: Mapping[str, str], address: str, *, has_quotas: bool, checkout: Path = ROOT) -> None:
        self.tokens, self.has_quotas = tokens, has_quotas
        free = {"MEKONG_GATEWAY_MESSAGES_PER_MINUTE": "100000000", "MEKONG_GATEWAY_BYTES_PER_MINUTE": "100000000000"}
        kept = here.env
        here.env = kept | {"PYTHONPATH": str(checkout)} | ({} if has_quotas else free)
        self.process = here.mekong("gateway", "--listen", f"{address}:0")
        here.env = kept
        wait_for(self.process, "ready: ")
        found = re.search(r"ready: (\S+)", self.process.log.read_text(encoding="utf-8"))
        self.url = found[1] if found else ""

    @contextmanager
    def disturbed(self, here: Ground, how: str, agency: str) -> Iterator[Callable[[], int]]:
        """While an agency disturbs in one of ``DISTURBERS``' ways. Gives how many requests of a flood were taken so far."""
        command = ["nice", "-n", "19", sys.executable, "-P", "-m", "benchmarks.gateway_clients", how, self.url, agency]
        kept = here.env
        here.env = kept | {"TOKEN": self.tokens[agency]}
        process = here.start(f"{how}-{time.monotonic_ns()}", command)
        here.env = kept
        wait_for(process, "disturbs")
        try:
            yield lambda: process.log.read_text(encoding="utf-8").count(_TAKEN)
        finally:
            process.kill()


class Plain:
    """A client that costs little: it keeps connections, writes one request to a free one, and reads the answer."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._head = (
            f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n".encode()
        )
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes) -> int:
        """The status of the answer."""
        reader, writer = self._free.pop() if self._free else await _opened(self._url)
        writer.write(self._head + b"content-length: %d\r\n\r\n" % len(body) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        assert length, head
        await reader.readexactly(int(length[1]))
        self._free.append((reader, writer))
        return int(head[9:12])

    def close(self) -> None:
        """Close the connections."""
        for _, writer in self._free:
            writer.close()


def client(url: str, token: str) -> httpx.AsyncClient:
    """One that keeps its connections."""
    return httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=120, trust_env=False)


def bodies(agency: str, count: int, *, packed: bool) -> list[bytes]:
    """Requests of ``OF_A_REQUEST`` messages of one agency."""
    values = [value for _, _, value in seizures(count, seed=3, agencies=(agency,))]
    parts = [b"\n".join(values[at : at + OF_A_REQUEST]) for at in range(0, count, OF_A_REQUEST)]
    return [gzip.compress(part, 1) for part in parts] if packed else parts


async def many(gateway: Gateway, agencies: Sequence[str], messages: int) -> tuple[float, float]:
    """Messages a second as NDJSON, and per CPU second of the gateway."""

    async def send(agency: str, parts: Sequence[bytes]) -> None:
        async with client(gateway.url, gateway.tokens[agency]) as sender:
            for part in parts:
                answer = await sender.post("/v1/messages", content=part, headers={"content-type": "application/x-ndjson"})
                assert answer.status_code == 202, answer.text[:300]

    made = {agency: bodies(agency, messages // len(agencies), packed=False) for agency in agencies}
    for agency in agencies:  # connections and topics are known before the clock runs
        await send(agency, made[agency][:1])
    began, cpu = time.monotonic(), cpu_s(gateway.process.pid)
    await asyncio.gather(*(send(agency, parts) for agency, parts in made.items()))
    count = sum(len(parts) for parts in made.values()) * OF_A_REQUEST
    return count / (time.monotonic() - began), count / (cpu_s(gateway.process.pid) - cpu)


async def singles(gateway: Gateway, agency: str, seconds: float) -> Waits:
    """One message a request, ``RATE`` a second, each at its own time whether the ones before were answered or not."""
    values = [value for _, _, value in seizures(int(RATE * seconds), seed=5, agencies=(agency,))]
    waits, refused = [], 0
    sender = Plain(gateway.url, gateway.tokens[agency])

    async def one(value: bytes, due: float) -> None:
        nonlocal refused
        refused += await sender.post(value) != 202
        waits.append((time.monotonic() - due) * 1_000)

    began, tasks = time.monotonic() + 0.1, []
    for number, value in enumerate(values):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(one(value, due)))
    await asyncio.gather(*tasks)
    sender.close()
    counted = sorted(waits[len(waits) // 10 :])
    return Waits(counted[len(counted) // 2], counted[int(len(counted) * 0.99)], counted[-1], refused)


async def flood(url: str, agency: str, token: str) -> None:
    """Four packed requests of ``OF_A_REQUEST`` messages at a time, as fast as they are answered."""

    async def one(part: bytes) -> None:
        async with client(url, token) as sender:
            while True:
                answer = await sender.post("/v1/messages", content=part, headers=_PACKED)
                is_taken = answer.status_code == 202
                if is_taken:
                    print(_TAKEN, flush=True)
                await asyncio.sleep(0 if is_taken else 0.05)

    parts = bodies(agency, 4 * OF_A_REQUEST, packed=True)
    print("disturbs", flush=True)
    await asyncio.gather(*map(one, parts))


async def drip(url: str, agency: str, token: str) -> None:  # noqa: ARG001 - as a flood
    """A hundred requests whose bodies come a byte a second; each that is ended is made again."""
    head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"

    async def one() -> None:
        while True:
            _, writer = await _opened(url)
            writer.write(f"{head}content-length: 5000\r\n\r\n".encode())
            with suppress(OSError):
                while not writer.transport.is_closing():
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(1)

    print("disturbs", flush=True)
    await asyncio.gather(*(one() for _ in range(100)))


async def deaf(url: str, agency: str, token: str) -> None:  # noqa: ARG001 - as a flood
    """Twenty clients that ask for the OpenAPI document, a hundred times each, and never read an answer."""
    asks = b"GET /v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * 100
    kept = [await _opened(url, limit=1) for _ in range(20)]
    for _, writer in kept:
        writer.write(asks)
    print("disturbs", flush=True)
    await asyncio.Event().wait()


async def _opened(url: str, limit: int = 65_536) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = url.rpartition("//")[2].rpartition(":")
    return await asyncio.open_connection(host, int(port), limit=limit)


DISTURBERS = {"flood": flood, "drip": drip, "deaf": deaf}


if __name__ == "__main__":
    asyncio.run(DISTURBERS[sys.argv[1]](sys.argv[2], sys.argv[3], os.environ["TOKEN"]))
