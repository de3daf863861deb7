"""Answers ``POST /v1/messages`` and ``POST /v1/check``: reads a request within its limits, and has its messages judged and sent.

The answer 202 means that the broker has stored every message with an ``id``. When no line is good, the whole request is refused (422), and
nothing was sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mekong.producers.gateway import body, quota
from mekong.producers.gateway.judging import Work
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.quota import Quota
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.repeats import FIELD, Key
from mekong.producers.gateway.state import State
from mekong.schemas.rejected import Reason
from mekong.schemas.topics import INCOMING, receipts_of
from mekong.schemas.wire import dump

_BATCH_LENGTH = 100


async def post(state: State, request: Request, caller: Caller) -> Response:
    """Send the messages of a request. Raises Problem."""

    async def place() -> int:
        """Where the receipts begin. The token may have been revoked while the body came, or while the place was looked up."""
        agency = state.book.caller(request.headers.get("authorization", ""), "send").agency
        found = await state.mailroom.place(receipts_of(INCOMING.of(agency)))
        state.book.caller(request.headers.get("authorization", ""), "send")
        return found

    with state.quotas.sending(caller.agency, time.monotonic()) as left, quota.held(left) as hold:
        work = await _read(request, caller, left, hold)
        work = work._replace(key=Key.of(request.headers.get(FIELD), work.raw, request.url.query))
        return _response(202, await state.judging.send(work, place))


async def check(state: State, request: Request, caller: Caller) -> Response:
    """Say what would become of the messages of a request, as far as it can be known without the stored cases. Nothing is sent."""
    with state.quotas.sending(caller.agency, time.monotonic()) as left, quota.held(left) as hold:
        return _response(200, await state.judging.check(await _read(request, caller, left, hold)))


async def _read(request: Request, caller: Caller, left: Quota, hold: Callable[[int], None]) -> Work:
    """Read a request, and charge it before any message of it is judged. Raises Problem."""
    is_ndjson = body.is_ndjson(request)
    batch, edition = request.query_params.get("batch", ""), request.query_params.get("edition", "")
    if len(batch) > _BATCH_LENGTH:
        raise Problem(400, f"A batch has at most {_BATCH_LENGTH} characters.", reason=Reason.TOO_LONG, field="batch")
    if edition and not _is_instant(edition):
        why = f"{edition[:40]!r} is not a time with its offset from UTC, such as 2026-11-01T08:00:00Z."
        raise Problem(400, why, reason=Reason.BAD_DATE, field="edition")
    raw = await body.read(request, hold)
    left.charge(0, len(raw))
    left.charge(body.count(raw, is_ndjson=is_ndjson), 0)
    return Work(raw, is_ndjson, caller.profile, batch=batch, edition=edition.encode() or None)


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _response(status: int, answer: Mapping[str, Any]) -> Response:
    return Response(dump(answer), status, media_type="application/json")
