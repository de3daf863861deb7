"""Orders a lane to park a source that cannot be read. So a fault of one agency's topic stops this topic only.

The order is written to ``control.v1``. The lane reads it there in its turn, as it reads the order of an operator. So the order becomes
state, the journal has it, and a rebuild keeps it (docs/decisions/0015-parked-sources.md).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from mekong.schemas.control import CONTROL_HEADER, SourceOrder, sign
from mekong.schemas.topics import CONTROL, agency_of, lane_of
from mekong.schemas.wire import encode

log = logging.getLogger(__name__)

NO_RIGHT = "this worker may not read it"


class Parking:
    """Writes the orders to park the sources of one plan and to read them again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    async def order(self, connection: Mapping[str, Any], order: SourceOrder) -> None:
        """Write an order to its lane. When this fails, it logs an error. In both cases, this process does not read the source."""
        value = encode(order)
        headers = [(CONTROL_HEADER, sign(self._key, CONTROL.name, value))]
        producer = AIOKafkaProducer(**connection, enable_idempotence=True, acks="all", request_timeout_ms=10_000)
        try:
            await producer.start()
            await producer.send_and_wait(CONTROL.name, value, key=order.agency.encode(), partition=lane_of(order.topic), headers=headers)
        except KafkaError as exc:
            log.error("%s: the order to %s it could not be written to %s: %r", order.topic, order.action, CONTROL.name, exc)  # noqa: TRY400
        finally:
            await producer.stop()


def found_unreadable(topic: str, why: str, *, retry: bool = False) -> SourceOrder:
    """The exchange's own order to park a topic. ``retry``: the worker tries by itself to read the topic again."""
    return SourceOrder(agency=agency_of(topic) or "", topic=topic, action="park", reason=why, by="exchange", retry=retry)


def found_readable(topic: str) -> SourceOrder:
    """The exchange's own order to read it again."""
    return SourceOrder(agency=agency_of(topic) or "", topic=topic, action="unpark", by="exchange")
