"""Answers ``GET /v1/feed``: the health of the agency's own feed, computed from its receipts (schemas/feed.py)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from mekong.producers.gateway.problem import away
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.state import State
from mekong.producers.receipts import Mailbox
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.feed import LOOKS_BACK, feed_health
from mekong.schemas.settings import Settings
from mekong.schemas.topics import INCOMING, receipts_of
from mekong.schemas.wire import dump

log = logging.getLogger(__name__)

MOST_RECEIPTS = 100_000
"""The newest receipts of an agency that are read: a bound for memory."""
KEPT_S = 60.0
"""A health that was computed is given again for this time."""


class Health(NamedTuple):
    """The answer, and when it was computed (seconds of the monotonic clock)."""

    answer: dict[str, Any]
    at_s: float


async def get(state: State, request: Request, caller: Caller) -> Response:  # noqa: ARG001 - the form of every answer
    """The health of the caller's feed, at most a minute old. Raises Problem."""
    with state.quotas.waiting(caller.agency):
        found = await state.feeds.health(caller.agency)
    return Response(dump({"agency": caller.agency, **found}), media_type="application/json", headers={"cache-control": "no-store"})


class Feeds:
    """The health of every feed that somebody asks for. Used on one event loop; one thread reads, one feed at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reading = ThreadPoolExecutor(1, "feed")
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._known: dict[str, Health] = {}

    async def health(self, agency: str) -> dict[str, Any]:
        """See ``State.feeds``. Raises Problem."""
        async with self._turns[agency]:
            known = self._known.get(agency)
            if known is None or time.monotonic() - known.at_s > KEPT_S:
                answer = await asyncio.get_running_loop().run_in_executor(self._reading, read, self._settings, INCOMING.of(agency))
                known = self._known[agency] = Health(answer, time.monotonic())
            return known.answer

    def close(self) -> None:
        """Read no more."""
        self._reading.shutdown(wait=False, cancel_futures=True)


def read(settings: Settings, incoming: str) -> dict[str, Any]:
    """The health of the feed that sends to ``incoming``, as JSON. Raises Problem when the receipts cannot be read."""
    now, topic = datetime.now(UTC), receipts_of(incoming)
    try:
        with Mailbox(settings) as mailbox:
            first, end = (mailbox.since([incoming], at)[topic] for at in (now - LOOKS_BACK, now + timedelta(days=1)))
            mailbox.follow([incoming], {topic: max(first, end - MOST_RECEIPTS)})
            health = feed_health((receipt for some in mailbox.to_end() for receipt in some), now)
    except (Retriable, Refused, Fatal, ValueError) as exc:
        log.warning("the health of %s is not known: %s", incoming, type(exc).__name__)
        raise away("The exchange cannot read receipts now. Ask again.") from exc
    return {**health.model_dump(mode="json"), "is_well": health.is_well, "is_partial": end - MOST_RECEIPTS > first}
