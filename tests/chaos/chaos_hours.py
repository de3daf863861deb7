"""``control.v1`` in; the time of each lane out: the truth, in plain Python and nothing of the product.

Written from docs/decisions/0015: the clock writes a tick an hour into each partition; one that is signed and later than the one before it
becomes an entry ``time`` in the journal's partition of the same number. Nobody is parked in a run, so no order of ours is ever there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from chaos_model import MOST_SKEW_S, Record, macs_of

TOPIC = "control.v1"


class Hour(NamedTuple):
    """What a journal entry must say."""

    offset: int
    """Of the tick behind it."""
    at: datetime


def hours(records: Iterable[Record], secret: bytes) -> list[Hour]:
    """Those of one partition. Raises ValueError for an order about an agency's topic: a worker could not read it."""
    found: list[Hour] = []
    for record in records:
        if record.headers.get("mekong-control") not in macs_of(secret, TOPIC, record.value):
            continue
        body = json.loads(record.value)
        if body["message_type"] != "tick":
            raise ValueError(f"an order that nobody gave: {body}")
        at = datetime.fromisoformat(body["at"])
        if abs(at.timestamp() - record.timestamp_ms / 1_000) <= MOST_SKEW_S and not (found and at <= found[-1].at):
            found.append(Hour(record.offset, at))
    return found


def hours_told(entries: Iterable[dict[str, Any]]) -> list[Hour]:
    """Those of one partition of the journal."""
    return [Hour(one["source"]["offset"], datetime.fromisoformat(one["at"])) for one in entries if one["kind"] == "time"]
