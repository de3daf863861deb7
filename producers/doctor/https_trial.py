"""Sends a test message over HTTPS, waits for its receipt, and compares the clock of this machine with the broker's."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from mekong.producers.doctor.step import OPERATOR, Failed, Found
from mekong.producers.doctor.trial import RECEIPT_WITHIN_S, Stored, answered, clock
from mekong.producers.https.connection import Connection, Me, problem, read, told
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.receipts import Receipt
from mekong.schemas.trial import trial_message
from mekong.schemas.wire import decode, dump

_STORED_WITHIN_S = 10.0
_POLL_S = 5


def trial_steps(connection: Connection, me: Me, now: Callable[[], datetime]) -> Iterator[Found]:
    """The test message and its receipt, then the clock. Raises Failed."""
    try:
        before = now()
        name, after = _send(connection, me, f"test {before:%Y-%m-%dT%H:%M:%SZ}")
        answered_at, since = now(), time.monotonic()
        receipt = _receipt(connection, name, after)
    except (Retriable, Refused, Fatal, LookupError, TypeError, ValueError) as exc:
        raise Failed(
            str(exc if isinstance(exc, Refused) else told(exc)), f"{OPERATOR}: a test message to {me.topic} failed with this sentence"
        ) from exc
    yield answered(me.agency, receipt, time.monotonic() - since)
    yield clock(Stored(receipt.source_offset, before, receipt.received_at, answered_at))


def _send(connection: Connection, me: Me, case_no: str) -> tuple[str, str]:
    """The id of the message that was stored, and the place before its receipt. Raises Failed, and what a connection raises."""
    headers = {"content-type": "application/json", "idempotency-key": uuid.uuid4().hex}
    more: dict[str, Any] = {"content": trial_message(me.agency, case_no), "headers": headers}
    answer = connection.insist(_STORED_WITHIN_S, lambda: False, "POST", "/v1/messages", **more)
    if why := problem(answer):
        said = f"the exchange refuses the test message: {why.get('detail')}"
        raise Failed(said, f"{OPERATOR} for the reason. A gateway of an older version refuses each test message")
    found = read(answer)
    return str(found["messages"][0]["id"]), str(found["receipts_after"])


def _receipt(connection: Connection, name: str, after: str) -> Receipt:
    until = time.monotonic() + RECEIPT_WITHIN_S
    while (left := until - time.monotonic()) > 0:
        asked: dict[str, Any] = {"after": after, "wait": max(1, min(_POLL_S, int(left)))}
        found = read(connection.insist(left, lambda: False, "GET", "/v1/receipts", params=asked))
        for one in found["receipts"]:
            if f"{one['source_topic']}@{one['source_offset']}" == name:
                return decode(dump(one), Receipt)
        after = found["next"]
    raise Failed(
        f"the exchange has stored the test message ({name}), and no receipt came within {RECEIPT_WITHIN_S:g} s",
        f"{OPERATOR} whether intake runs, or has much to read (`mekong status`). What you send is kept until it does",
    )
