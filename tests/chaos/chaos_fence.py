"""A transactional id in; its producer opened by somebody else, as another worker that is given the lane does. Kafka's frames by hand."""

from __future__ import annotations

import asyncio
import struct

from chaos_protocol import APIS, LENGTH, Request, error_of

WITHIN_S = 10.0
AGAIN_S = 0.02
_CONCURRENT = 51  # what was under way is being given up
_TIMEOUT_MS = 20_000


async def fence_off(host: str, port: int, who: str) -> None:
    """Return when whoever had it open is fenced off. Raises OSError when the broker does not do it in time."""
    async with asyncio.timeout(WITHIN_S):
        answers, requests = await asyncio.open_connection(host, port)
        try:
            while (error := await _open(answers, requests, who)) == _CONCURRENT:  # noqa: ASYNC110 - Kafka does not say when
                await asyncio.sleep(AGAIN_S)
        finally:
            requests.close()
    if error:
        raise OSError(f"{who} cannot be opened: {error}")


async def _open(answers: asyncio.StreamReader, requests: asyncio.StreamWriter, who: str) -> int:
    asked = Request("InitProducerId", 0, 1, "another", who)
    body = struct.pack(">hhi", APIS[asked.api], asked.version, asked.correlation) + _text(asked.client)
    body += _text(who) + struct.pack(">i", _TIMEOUT_MS)
    requests.write(struct.pack(">i", len(body)) + body)
    await requests.drain()
    (length,) = struct.unpack(">i", await answers.readexactly(LENGTH))
    return error_of(asked, await answers.readexactly(length))


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()
