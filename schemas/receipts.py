"""What an agency gets back: one receipt for each message, on ``receipts.<agency>``."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from schemas.record import Moment, Record
from schemas.rejected import Reason


class Outcome(StrEnum):
    """What became of a message."""

    ACCEPTED = "accepted"  # new: version 1
    CORRECTED = "corrected"  # other content: version n -> n+1
    WITHDRAWN = "withdrawn"  # version n+1, no longer counted
    DUPLICATE = "duplicate"  # an exact re-send of the current version: nothing changes
    STALE = "stale"  # an exact re-send of an older version: must not undo the correction
    REJECTED = "rejected"


class Notice(Record):
    """Something a person should look at; the message was taken all the same."""

    code: str
    field: str
    detail: str


class Receipt(Record):
    """One message's fate. Its identity is ``(source_topic, source_offset)`` of that message."""

    format: int = 1
    source_topic: str
    source_offset: int
    agency: str
    case_no: str | None = None
    """Absent when the message was too broken to tell."""
    outcome: Outcome
    event_id: UUID | None = None
    version: int | None = None
    """The case's current version after this message."""
    reason: Reason | None = None
    field: str | None = None
    detail: str | None = None
    warnings: tuple[Notice, ...] = ()
    received_at: Moment
    """The broker's append time of the message, not a claim of the sender."""
