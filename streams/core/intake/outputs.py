"""Makes what intake writes for a record: an entry for the journal and a receipt for the agency."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from mekong.schemas.batches import CORRELATION_HEADER
from mekong.schemas.limits import CORRELATION_LENGTH
from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Rejected
from mekong.streams.core.intake.identify import Identified

_PRINTABLE = re.compile(rb"[ -~]{1,%d}" % CORRELATION_LENGTH)


class Arrived(NamedTuple):
    """Where and when a record arrived."""

    topic: str
    offset: int
    agency: str
    received_ms: int
    """The broker's append time, milliseconds since 1970."""
    received_at: str
    batch: str | None
    edition: bytes | None = None
    """The time of the edition that it is part of, as the sender wrote it."""
    correlation: bytes = b""
    """What the sender wants to find in the receipt, as the sender wrote it; empty when it wants nothing."""


class Notice(NamedTuple):
    """Something that a person should check. The message was accepted anyway."""

    code: str
    field: str
    detail: str


class IntakeOutput(NamedTuple):
    """JSON values for the journal and for the receipts topic. A tick has no receipt, a duplicate no entry."""

    entry: dict[str, Any] | None
    receipt: dict[str, Any] | None
    case_no: str | None = None


def rejection(arrived: Arrived, why: Rejected, case_no: str | None) -> IntakeOutput:
    """The result for a message that was rejected."""
    found = {"case_no": case_no} if case_no is not None else {}
    told = {"outcome": Outcome.REJECTED.value, "reason": why.reason.value, "field": why.field, "detail": why.detail}
    return IntakeOutput(None, {**_base(arrived), **found, **told, **_warnings(_of_correlation(arrived))}, case_no)


def receipt(
    arrived: Arrived, case: tuple[str, str], found: Identified, order: str | None, notices: Iterable[Notice], seized_at: str = ""
) -> dict[str, Any]:
    """The receipt of a message that was not rejected. ``case``: the case number and the event id."""
    case_no, event_id = case
    told = {**_base(arrived), "case_no": case_no, "outcome": found.outcome.value, "event_id": event_id, "version": found.version}
    if order is not None:
        told["sender_order"] = order
    if found.detail is not None:
        told["detail"] = found.detail
    if seized_at and found.version == 1:
        told["seized_at"] = seized_at
    return {**told, **_warnings((*notices, *_of_correlation(arrived)))}


def entry_base(arrived: Arrived) -> dict[str, Any]:
    """The fields with which every journal entry begins, after its kind."""
    source = {"topic": arrived.topic, "offset": arrived.offset}
    return {"format": 1, "agency": arrived.agency, "received_at": arrived.received_at, "source": source}


def _base(arrived: Arrived) -> dict[str, Any]:
    base = {
        "format": 1,
        "source_topic": arrived.topic,
        "source_offset": arrived.offset,
        "agency": arrived.agency,
        "received_at": arrived.received_at,
    }
    if _PRINTABLE.fullmatch(arrived.correlation):
        base["correlation_id"] = arrived.correlation.decode("ascii")
    return base


def _of_correlation(arrived: Arrived) -> tuple[Notice, ...]:
    """A notice when the receipt cannot have the sender's correlation id."""
    if not arrived.correlation or _PRINTABLE.fullmatch(arrived.correlation):
        return ()
    why = f"is not in this receipt: it may have 1 to {CORRELATION_LENGTH} printable characters of ASCII"
    return (Notice("correlation_not_echoed", CORRELATION_HEADER, why),)


def _warnings(notices: Iterable[Notice]) -> dict[str, Any]:
    found = [notice._asdict() for notice in notices]
    return {"warnings": found} if found else {}
