"""A client that never reads its answer loses its connection, so it keeps no memory and no place. Another client is answered meanwhile."""

from __future__ import annotations

import asyncio
import socket

import uvicorn
from starlette.responses import Response
from starlette.routing import Route

from mekong.deploy.web import serve
from mekong.schemas.settings import Settings

LARGE = 20_000_000
"""More than the buffers of both ends hold."""
WITHIN_S = 60


async def large(request) -> Response:
    return Response(b"x" * LARGE)


async def small(request) -> Response:
    return Response(b"here")


def test_a_client_that_never_reads_is_ended_and_others_are_answered_meanwhile(monkeypatch):
    monkeypatch.setattr(serve, "GONE_AFTER_S", 2)

    async def scenario() -> None:
        config = serve.config(Settings(kafka_bootstrap="127.0.0.1:1"))
        config.app = serve.application([Route("/large", large), Route("/small", small)])
        server = uvicorn.Server(config)
        with serve.bound(serve.Listen("127.0.0.1", 0)) as listening, socket.socket() as deaf:
            running = asyncio.create_task(server.serve([listening]))
            listening.listen()
            deaf.connect(listening.getsockname())
            deaf.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(b"GET /small HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert (await reader.read()).endswith(b"here")
            writer.close()
            async with asyncio.timeout(WITHIN_S):
                while server.server_state.total_requests < 2 or server.server_state.connections:  # noqa: ASYNC110 - uvicorn has no event
                    await asyncio.sleep(0.05)
            server.should_exit = True
            await running

    asyncio.run(scenario())
