"""Finds what must still be delivered, from ``notifications.v1`` and ``deliveries.v1``. Pure: reading both again gives the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mekong.schemas.notifications import Delivery, DeliveryState, Notification
from mekong.sinks.delivery.outcome import Outcome
from mekong.sinks.delivery.schedule import is_over, next_attempt


class StoredNotification(Notification):
    """A notification and its place in the topic."""

    offset: int = -1
    """The offset in ``notifications.v1``."""


@dataclass
class Progress:
    """The progress of the delivery of one notification."""

    attempts: int = 0
    first: datetime | None = None
    """End of the first attempt."""
    due: datetime | None = None
    """When the next attempt is due; None: at once."""
    done: bool = False
    """Sent or parked: never again."""
    raised_at: datetime | None = None
    """The time of the notification, when it is done."""


class PendingDeliveries:
    """Every notification of the last days and what became of it.

    What is older than ``oldest`` is over, known or not: nobody is sent it. So it is enough to know the last days, and a notification
    that is decided again after years is not sent again.
    """

    def __init__(self) -> None:
        self._progress: dict[UUID, Progress] = {}
        self._pending: dict[UUID, StoredNotification] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def pending(self) -> Iterator[StoredNotification]:
        """What is still to be delivered, oldest first."""
        yield from self._pending.values()

    def progress(self, notification_id: UUID) -> Progress:
        """The progress of its delivery."""
        return self._progress.setdefault(notification_id, Progress())

    def notified(self, notification: StoredNotification, oldest: datetime | None = None) -> bool:
        """Add a notification. Returns whether it is new and still to be delivered."""
        if oldest is not None and notification.raised_at < oldest:
            return False
        known = notification.notification_id in self._pending
        if known or self.progress(notification.notification_id).done:
            return False
        self._pending[notification.notification_id] = notification
        return True

    def delivered(self, delivery: Delivery, asked_s: float = 0.0) -> None:
        """Record the end of an attempt. A notification that was sent or parked stays so, whatever arrives later."""
        progress = self.progress(delivery.notification_id)
        if progress.done or delivery.attempt <= progress.attempts:
            return
        progress.attempts = delivery.attempt
        progress.first = progress.first or delivery.at
        if delivery.state is DeliveryState.RETRYING:
            progress.due = next_attempt(delivery.notification_id, progress.attempts, delivery.at, asked_s)
            return
        progress.done, progress.raised_at = True, delivery.raised_at
        self._pending.pop(delivery.notification_id, None)

    def forget(self, oldest: datetime) -> None:
        """Drop what is done and over."""
        for key in [key for key, one in self._progress.items() if one.raised_at is not None and one.raised_at < oldest]:
            del self._progress[key]

    def attempted(self, notification: Notification, channel: str, outcome: Outcome, now: datetime) -> Delivery:
        """The record of an attempt that ends now: parked instead of tried again when its time is over."""
        progress = self.progress(notification.notification_id)
        state, detail = outcome.state, outcome.detail
        if state is DeliveryState.RETRYING and progress.first is not None and is_over(progress.first, now):
            state, detail = DeliveryState.PARKED, f"given up after {progress.attempts + 1} attempts: {detail}"
        return Delivery.model_validate(
            {
                "notification_id": notification.notification_id,
                "subscription": notification.subscription,
                "channel": channel,
                "state": state,
                "attempt": progress.attempts + 1,
                "at": now,
                "raised_at": notification.raised_at,
                "detail": detail,
            }
        )
