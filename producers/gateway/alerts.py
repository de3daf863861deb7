"""Answers ``GET /v1/alerts``: what the agency may see of alerts and warnings, after a place that the reader keeps."""

from __future__ import annotations

import re

import orjson
from starlette.requests import Request
from starlette.responses import Response

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.receipts import read_for
from mekong.producers.gateway.register import Caller
from mekong.producers.gateway.state import State
from mekong.producers.resume_point import ResumePoint
from mekong.schemas.topics import MEMBER_ALERTS
from mekong.schemas.wire import Ready, dump

_PLACE = re.compile(r"(?P<topic>[A-Za-z0-9.-]+)@(?P<offset>\d{1,18})", re.ASCII)


async def get(state: State, request: Request, caller: Caller) -> Response:
    """The records of ``alerts.<agency>.v1`` after a place; without one, from the first that is kept. Raises Problem."""
    topic = MEMBER_ALERTS.of(caller.agency)
    found = await read_for(state, request, caller, topic, _after(topic, request.query_params.get("after", "")))
    alerts = [Ready(raw) for _, raw in found.receipts if _is_record(raw)]
    answer = {"alerts": alerts, "next": str(ResumePoint(topic, found.next))}
    return Response(dump(answer), media_type="application/json", headers={"cache-control": "no-store"})


def _after(topic: str, text: str) -> int:
    """The offset to read from; -1 for the end."""
    if text in ("", "now"):
        return -1 if text else 0
    found = _PLACE.fullmatch(text)
    if found is None or found["topic"] != topic:
        raise Problem(400, f"after must be the `next` of an answer for {topic}, or `now`.", field="after")
    return int(found["offset"])


def _is_record(raw: bytes) -> bool:
    """Whether the bytes are a JSON object: one damaged record must not make the answer unreadable."""
    try:
        return isinstance(orjson.loads(raw), dict)
    except orjson.JSONDecodeError:
        return False
