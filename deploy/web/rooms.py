"""Lists the rooms of ``mekong web``: the parts that it serves at one address. A new room is one line of ``every_room``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from starlette.routing import BaseRoute

from mekong.deploy.web.exporting import write_file
from mekong.deploy.web.pipeline import pipeline
from mekong.producers.gateway.room import Gateway
from mekong.producers.page.visit import HOME
from mekong.schemas.loopback import is_loopback
from mekong.schemas.settings import Settings
from mekong.sinks.console.room import LivePage
from mekong.sinks.delivery.room import Events
from mekong.streams.core.intake.alone import judge

log = logging.getLogger(__name__)


class Room(Protocol):
    """One part of the address. Its methods are called on the event loop, in this order, each once."""

    shown: str
    """The path that the log names when this room is served alone."""

    async def start(self, end: Callable[[], None]) -> Sequence[BaseRoute]:
        """Begin, and give the routes. ``end`` ends the program: for a room that cannot go on. Raises Refused, Retriable or Fatal."""

    def leave(self) -> None:
        """Let the requests that wait for something end: the program is to end."""

    async def stop(self) -> None:
        """End. Also called when ``start`` failed. Raises what has ended the room."""


def every_room(settings: Settings, only: str = "", *, host: str = "", behind_proxy: bool = False) -> dict[str, Room]:
    """The rooms by their names, none of them started; ``only``: this one alone. Their routes are tried in this order.

    The live page has no users yet, so it is a room only where it has a key, and nobody but this machine reaches the server: at a loopback
    ``host`` without a proxy. Raises Refused for a key that can be guessed.
    """
    gateway = Gateway(settings, judge)
    rooms: dict[str, Room] = {
        "gateway": gateway,
        "events": Events(settings, None if only else gateway.reader),
    }
    if only:
        return {only: rooms[only]}
    if not settings.console_key.get_secret_value():
        log.info("the live page is left out: MEKONG_CONSOLE_KEY is not set")
    elif is_loopback(host) and not behind_proxy:
        rooms["console"] = LivePage(settings, partial(pipeline, settings), partial(write_file, settings), f"{HOME}/style.css")
    else:
        log.info("the live page is left out: it is served only where `mekong web` listens on this machine alone, such as 127.0.0.1:8443")
    return rooms
