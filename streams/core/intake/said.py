"""What is known of a record when it comes in, and what intake says about it: an entry for the journal, a receipt for the agency."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from schemas.receipts import Outcome
from schemas.rejected import Rejected
from streams.core.intake.identify import Identified


class Arrived(NamedTuple):
    """Where and when a record came in."""

    topic: str
    offset: int
    agency: str
    received_ms: int
    """The broker's append time, milliseconds since 1970."""
    received_at: str
    batch: str | None


class Notice(NamedTuple):
    """What a person should look at; the message was taken all the same."""

    code: str
    field: str
    detail: str


class Said(NamedTuple):
    """JSON values for the journal and for the receipts topic. A tick has no receipt, a duplicate no entry."""

    entry: dict[str, Any] | None
    receipt: dict[str, Any] | None
    case_no: str | None = None


def refusal(arrived: Arrived, why: Rejected, case_no: str | None) -> Said:
    """A message that was not taken."""
    found = {"case_no": case_no} if case_no is not None else {}
    told = {"outcome": Outcome.REJECTED.value, "reason": why.reason.value, "field": why.field, "detail": why.detail}
    return Said(None, {**_base(arrived), **found, **told}, case_no)


def receipt(arrived: Arrived, case_no: str, found: Identified, event_id: str, notices: Iterable[Notice]) -> dict[str, Any]:
    """The receipt of a message that was."""
    told = {**_base(arrived), "case_no": case_no, "outcome": found.outcome.value, "event_id": event_id, "version": found.version}
    warnings = [notice._asdict() for notice in notices]
    if warnings:
        told["warnings"] = warnings
    return told


def entry_base(arrived: Arrived) -> dict[str, Any]:
    """What every journal entry begins with, behind its kind."""
    source = {"topic": arrived.topic, "offset": arrived.offset}
    return {"format": 1, "agency": arrived.agency, "received_at": arrived.received_at, "source": source}


def _base(arrived: Arrived) -> dict[str, Any]:
    return {
        "format": 1,
        "source_topic": arrived.topic,
        "source_offset": arrived.offset,
        "agency": arrived.agency,
        "received_at": arrived.received_at,
    }
