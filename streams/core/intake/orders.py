"""Folds a lane's partition of ``control.v1``: orders to park, read or skip in its agencies' topics, and the lane's own ticks.

State: ``<agency>/source/<topic>`` while a topic is parked; ``@time`` -> the lane's last tick. A skip moves the stored position of a
source, which is in the same state (``@position/<topic>/0``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from mekong.schemas.control import CONTROL_HEADER, LANE_CONTROL, SourceOrder, is_ours
from mekong.schemas.errors import Fatal
from mekong.schemas.journal import EXCHANGE
from mekong.schemas.times import text_of_ms
from mekong.schemas.topics import agency_of
from mekong.schemas.wire import load
from mekong.streams.core.draft import POSITION, Draft
from mekong.streams.core.intake.control import Deployment, passed
from mekong.streams.core.intake.outputs import Arrived, entry_base

log = logging.getLogger(__name__)

TIME = b"@time"
FORMAT = 1


class Ordered(NamedTuple):
    """A journal entry, and the agency whose code is its key."""

    agency: str
    entry: dict[str, Any]


def fold_orders(draft: Draft, deployment: Deployment, topic: str, records: Iterable[Any]) -> Iterator[Ordered]:
    """Fold control records in order. A record without a valid signature, and a record that changes nothing, is dropped."""
    for record in records:
        arrived = Arrived(topic, record.offset, EXCHANGE, record.timestamp, text_of_ms(record.timestamp), None)
        raw, mac = record.value or b"", dict(record.headers or ()).get(CONTROL_HEADER) or b""
        if not is_ours(deployment.control_keys, record.timestamp, topic, raw, mac):
            log.warning("%s %d is not signed with this deployment's secret: dropped", topic, record.offset)
            continue
        try:
            found = LANE_CONTROL.validate_json(raw)
        except ValidationError as exc:
            raise Fatal(f"{topic} {record.offset}: one of our control records cannot be read: {exc}") from exc
        if isinstance(found, SourceOrder):
            if follow(draft, found):
                entry = {"kind": "source", **entry_base(arrived), "agency": found.agency, "order": found.model_dump(mode="json")}
                yield Ordered(found.agency, entry)
        elif at := passed(draft, TIME, deployment, arrived, found):
            yield Ordered(EXCHANGE, {"kind": "time", **entry_base(arrived), "at": at})


def follow(draft: Draft, order: SourceOrder) -> bool:
    """Follow an order. Returns whether anything changed.

    Only an operator can unpark a topic that an operator parked. After a skip, a topic that the exchange parked is tried again.
    """
    if agency_of(order.topic) != order.agency:
        return False
    key = source_key(order.topic)
    known: Mapping[str, Any] | None = draft.get(key)
    if order.action == "skip":
        draft.put_raw(position_key(order.topic), b"%d" % (order.to or 0))
        if known is not None and known["by"] == "exchange":
            draft.drop(key)
        return True
    if order.action == "park":
        if known is not None and (order.by == "exchange" or known["by"] == "operator"):
            return False
        draft.put(key, {"f": FORMAT, "by": order.by, "reason": order.reason, "retry": order.retry})
        return True
    if known is None or (order.by == "exchange" and known["by"] == "operator"):
        return False
    draft.drop(key)
    return True


def source_key(topic: str) -> bytes:
    """The key that exists while a topic is parked."""
    return f"{agency_of(topic)}/source/{topic}".encode()


def position_key(topic: str) -> bytes:
    """The key of the position in an agency's topic."""
    return POSITION + f"{topic}/0".encode()


def parked(state: Mapping[bytes, bytes], topic: str) -> Mapping[str, Any] | None:
    """How a topic of a lane is parked (``by``, ``reason``, ``retry``), or None."""
    stored = state.get(source_key(topic)) if agency_of(topic) is not None else None
    found: Mapping[str, Any] | None = load(stored) if stored is not None else None
    return found
