"""The records of notifications to subscribers (``notifications.v1``) and of each attempt to deliver them (``deliveries.v1``)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from mekong.schemas.channels import ChannelName
from mekong.schemas.feed import FeedHealth
from mekong.schemas.languages import Language
from mekong.schemas.record import Moment, Record
from mekong.schemas.subscriptions import SubscriptionId


class Shared(Record):
    """A record on ``alerts.<agency>.v1``: what one member may see, in the order in which it was shared.

    ``alert`` is a ``mekong.schemas.alerts.Alert``. ``message`` is a ``mekong.schemas.journal.Version`` of the family warning or feedback.
    A member that a newer version of a warning no longer names gets only the fact that there is a version: its fields up to
    ``received_at``, and an empty ``to``.

    ``hour`` reports that time has passed, so that digests, quiet hours and reminders do not wait for the next alert.
    """

    format: int = 1
    kind: Literal["alert", "warning", "feedback", "hour"]
    at: Moment
    """Time of the tick or record that caused it, never the wall clock of the process that wrote it."""
    member: str
    utc_offset: str = "+00:00"
    """When the member's day ends, as ``+07:00``."""
    region: str | None = None
    """The region of the alert's agency. None for an alert over all members, and for a record that is not an alert."""
    alert: dict[str, Any] | None = None
    message: dict[str, Any] | None = None
    feed: FeedHealth | None = None
    """How the member's own feed was at the end of a week. Of the first ``hour`` of the next week, when that week was counted as a whole."""


class Reason(StrEnum):
    """Why a notification is sent."""

    ALERT = "alert"
    DIGEST = "digest"
    WARNING = "warning"  # a member's message that names this one
    REMINDER = "reminder"  # feedback_by has passed without feedback
    ALIVE = "alive"  # the daily sign of life: nothing to report
    WEEKLY = "weekly"  # the summary of the week that has ended
    TEST = "test"


class Notification(Record):
    """One notification for one subscriber. Its id is a function of what it is about, so that a replay makes the same."""

    format: int = 1
    notification_id: UUID
    subscription: SubscriptionId
    member: str
    reason: Reason
    raised_at: Moment
    language: Language
    subject: str
    text: str
    """Plain sentences in ``language``. The figures of the test are only under «explain»."""
    items: tuple[dict[str, Any], ...] = ()
    """The alerts or the warning that caused it, complete. Of a weekly summary its sections (``WeeklySection``)."""


class SectionLine(Record):
    """One sentence of a section."""

    text: str
    needs_a_look: bool = False


class WeeklySection(Record):
    """One part of a weekly summary: the figures, and the same in sentences."""

    section: str
    """Its name in ``SECTIONS`` (streams/core/notices/weekly)."""
    title: str
    lines: tuple[SectionLine, ...]
    figures: dict[str, Any]


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
    channel: ChannelName
    state: DeliveryState
    attempt: int
    at: Moment
    raised_at: Moment
    detail: str = ""
    gone: Moment | None = None
    """``changed_at`` of a subscription whose receiver answered 410. Its notifications are parked until the subscription is changed."""
