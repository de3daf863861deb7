"""``served``: some routes on the real server, on a free port of this machine, with a client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import uvicorn
from starlette.routing import BaseRoute

from mekong.deploy.web.serve import Listen, application, bound, config
from mekong.schemas.settings import Settings


@asynccontextmanager
async def served(routes: Sequence[BaseRoute], listening: socket.socket | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    listening = listening or bound(Listen("127.0.0.1", 0))
    made = config(Settings(home=Path("nowhere")))
    made.app, made.timeout_graceful_shutdown = application(routes), 1
    server = uvicorn.Server(made)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        while not server.started:
            assert not serving.done(), "the server has ended"
            await asyncio.sleep(0.01)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{listening.getsockname()[1]}", connector=connector) as client:
            yield client
    finally:
        server.should_exit = True
        await serving
