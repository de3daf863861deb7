"""Opens activation links: writes the claim of this gateway, reads it back, and gives the token only when no other claim was first."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

from mekong.producers.gateway.problem import LATER_S, Problem, later
from mekong.producers.gateway.register import Book
from mekong.producers.outbox import Delivered, Outbox
from mekong.schemas.activations import Claim, Code, Link, Used
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.tokens import Token, digest_of
from mekong.schemas.topics import ACTIVATIONS
from mekong.schemas.wire import encode

log = logging.getLogger(__name__)

AGAIN_WITHIN_S = 600
"""The window that has opened a link may ask again for this long: its answer may have been lost."""
MOST_AT_ONCE = 8
"""Links that one gateway opens at the same time. While the broker is away, each of them holds a thread for 25 s."""
_CLOCKS_DIFFER_S = 3600
_STORED_WITHIN_S = 20
_READ_WITHIN_S = 20.0
_LOOK_S = 0.02


class Activated(NamedTuple):
    """What a window gets."""

    token: Token
    text: str

    def __repr__(self) -> str:
        return f"Activated({self.token.key})"


class StoresClaims(Protocol):
    """What stores claims. Blocking: call it from a thread."""

    def write(self, claim: Claim) -> None:
        """Store the claim. Raises Problem (503) when it is not known to be stored."""


class ClaimWriter:
    """Stores claims on the topic, each with a connection of its own: links are opened rarely."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, claim: Claim) -> None:
        """Store the claim."""
        try:
            with Outbox[str](self._settings, delivery_timeout_s=_STORED_WITHIN_S) as outbox:
                outbox.send(ACTIVATIONS.name, claim.key, encode(claim), claim.key, [])
                for report in outbox.flush(_STORED_WITHIN_S + 5.0):
                    if isinstance(report, Delivered):
                        return
                    log.error("a claim of a link cannot be stored: %s", report.rejected.reason)
        except (Retriable, Fatal) as exc:
            log.warning("%s", exc)
        raise unknown_yet()


class Activations:
    """Opens links, each of them for one window at a time."""

    def __init__(self, book: Book, store: StoresClaims) -> None:
        self._book, self._store = book, store
        self._running: dict[str, tuple[str, asyncio.Task[Activated]]] = {}
        self._storing = ThreadPoolExecutor(MOST_AT_ONCE, "activations")
        """Threads of its own: the sheets and the receipts of others need the common ones."""

    async def open(self, code: Code, window: str) -> Activated:
        """The token of a link for a window. Raises Problem: 404 unknown, 410 used or expired, 403 agency not active, 503 ask again."""
        found = self._book.opened(code)
        if found.token is not None:
            return _again(found.token, found.used, code.token_for(window))
        if found.used is not None or found.link.expires_at.timestamp() <= time.time():
            raise expired()
        by, task = self._running.get(found.link.key, (window, None))
        if by != window or (task is None and len(self._running) >= MOST_AT_ONCE):
            raise unknown_yet()
        return await asyncio.shield(task or self._begun(found.link, code, window))  # a window that asks twice gets one answer

    def _begun(self, link: Link, code: Code, window: str) -> asyncio.Task[Activated]:
        task = asyncio.ensure_future(self._claimed(link, code, window))
        self._running[link.key] = window, task

        def ended(done: asyncio.Task[Activated]) -> None:
            del self._running[link.key]
            if not done.cancelled():
                done.exception()  # also when every browser that waited for it has left

        task.add_done_callback(ended)
        return task

    async def _claimed(self, link: Link, code: Code, window: str) -> Activated:
        text = code.token_for(window)
        claim = Claim(agency=link.agency, id=link.id, proof=code.proof, token=digest_of(text))
        await asyncio.get_running_loop().run_in_executor(self._storing, self._store.write, claim)
        token = await self._read(code)
        if token is None:  # stored after the end, by the broker's clock
            raise expired()
        if not token.is_of(text):
            raise used()
        return Activated(token, text)

    async def _read(self, code: Code) -> Token | None:
        """The token of the link's first claim, as soon as the register has a claim."""
        until = time.monotonic() + _READ_WITHIN_S
        while (found := self._book.opened(code)).used is None:
            if time.monotonic() > until:
                raise unknown_yet()
            await asyncio.sleep(_LOOK_S)
        return found.token


def _again(token: Token, first: Used | None, text: str) -> Activated:
    """The token of a used link, for the window that has it. The clocks of gateway and broker may differ."""
    read_ago = time.monotonic() - first.seen_s if first else 0.0
    stored_ago = time.time() - token.made_at.timestamp()
    if not token.is_of(text) or read_ago > AGAIN_WITHIN_S or stored_ago > AGAIN_WITHIN_S + _CLOCKS_DIFFER_S:
        raise used()
    return Activated(token, text)


def expired() -> Problem:
    """Nobody has used the link in time (410)."""
    return Problem(410, "This link has expired. Ask the operator for another one.")


def used() -> Problem:
    """Another window has the token (410)."""
    return Problem(410, "This link has been used. If nobody of your agency has the token, tell the operator at once.")


def unknown_yet() -> Problem:
    """Nobody knows whether the claim is stored (503)."""
    return later(503, "The exchange cannot show the token now. Stay on this page, and press the button again in a minute.", LATER_S)
