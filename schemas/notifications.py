"""What goes out to a subscriber (``notifications.v1``) and what became of it (``deliveries.v1``)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from schemas.record import Moment, Record
from schemas.subscriptions import SubscriptionId


class Shared(Record):
    """On ``alerts.<agency>.v1``: what one member may see, in the order it was shared.

    ``alert`` is a ``schemas.alerts.Alert`` and ``message`` a ``schemas.journal.Version`` of the family warning or feedback; whom a warning
    names no longer gets of it only that there is a version (its fields up to ``received_at``, and an empty ``to``). An
    ``hour`` says that time has passed, so that digests, quiet hours and reminders do not wait for the next alert.
    """

    format: int = 1
    kind: Literal["alert", "warning", "feedback", "hour"]
    at: Moment
    """Time of the tick or record behind it: never the wall clock of whoever wrote it."""
    member: str
    utc_offset: str = "+00:00"
    """When the member's day ends, as ``+07:00``."""
    region: str | None = None
    """Of the alert's agency; None for an alert over all members, and where it is not an alert."""
    alert: dict[str, Any] | None = None
    message: dict[str, Any] | None = None


class Reason(StrEnum):
    """Why a notification goes out."""

    ALERT = "alert"
    DIGEST = "digest"
    WARNING = "warning"  # a member's message that names this one
    REMINDER = "reminder"  # feedback_by has passed without feedback
    ALIVE = "alive"  # the daily sign of life: nothing to report
    TEST = "test"


class Notification(Record):
    """One notification for one subscriber. Its id is a function of what it is about, so that a replay makes the same."""

    format: int = 1
    notification_id: UUID
    subscription: SubscriptionId
    member: str
    reason: Reason
    raised_at: Moment
    language: Literal["en", "vi", "zh"]
    subject: str
    text: str
    """Plain sentences in ``language``; figures of the test only behind «explain»."""
    items: tuple[dict[str, Any], ...] = ()
    """The alerts or the warning behind it, in full."""


class DeliveryState(StrEnum):
    """What became of a notification on its channel."""

    SENT = "sent"
    RETRYING = "retrying"
    PARKED = "parked"  # given up after 24 hours; shown until a person looks


class Delivery(Record):
    """One attempt, or the last word, on a notification. Keyed by subscription."""

    format: int = 1
    notification_id: UUID
    subscription: SubscriptionId
    channel: Literal["webhook", "mail", "stream"]
    state: DeliveryState
    attempt: int
    at: Moment
    raised_at: Moment
    detail: str = ""
