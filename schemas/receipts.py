"""The records that an agency gets back: one receipt for each message, on ``receipts.<agency>``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from mekong.schemas.record import Moment, Record
from mekong.schemas.rejected import Reason

NewerCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,40}$")]


class Outcome(StrEnum):
    """What became of a message."""

    ACCEPTED = "accepted"  # new: version 1
    CORRECTED = "corrected"  # other content: version n -> n+1
    WITHDRAWN = "withdrawn"  # version n+1, no longer counted
    DUPLICATE = "duplicate"  # an exact re-send of the current version: nothing changes
    STALE = "stale"  # older than the current version, by its order or its content: must not undo the correction
    REJECTED = "rejected"


class Notice(Record):
    """Something a person should look at; the message was accepted anyway."""

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
    """Absent when it cannot be read from a damaged message."""
    outcome: Outcome
    event_id: UUID | None = None
    version: int | None = None
    """The case's current version after this message."""
    sender_order: str | None = None
    """By what the sender orders its messages: ``revision 12``, ``reported_at …`` or ``edition …``."""
    correlation_id: str | None = None
    """The value of the message's header ``correlation_id``, which the sender chooses: 1 to 128 printable characters of ASCII."""
    reason: Annotated[Reason | NewerCode | None, Field(union_mode="left_to_right")] = None
    """A code of ``Reason``, or one that a newer exchange has."""
    field: str | None = None
    detail: str | None = None
    """Why it was rejected, or why it is stale, and what to do."""
    warnings: tuple[Notice, ...] = ()
    seized_at: str | None = None
    """When the goods were seized, as the case has it. Only of the first version of a case: it shows the delay of the report."""
    received_at: Moment
    """The broker's append time of the message, not a claim of the sender."""
