"""``notifications.v1`` and ``deliveries.v1`` in, what is still to be delivered out. Pure; the same whenever both are read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.notifications import Delivery, DeliveryState, Notification
from sinks.notify.outcome import Outcome
from sinks.notify.schedule import is_over, next_attempt


class Stored(Notification):
    """A notification where it stands."""

    offset: int = -1
    """In ``notifications.v1``."""


@dataclass
class Progress:
    """How far the delivery of one notification has come."""

    attempts: int = 0
    first: datetime | None = None
    """End of the first attempt."""
    due: datetime | None = None
    """When the next attempt is due; None: at once."""
    done: bool = False
    """Sent or parked: never again."""


class Ledger:
    """Every notification of the last days and what became of it."""

    def __init__(self) -> None:
        self._progress: dict[UUID, Progress] = {}
        self._pending: dict[UUID, Stored] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def pending(self) -> Iterator[Stored]:
        """What is still to be delivered, oldest first."""
        yield from self._pending.values()

    def progress(self, notification_id: UUID) -> Progress:
        """How far it has come."""
        return self._progress.setdefault(notification_id, Progress())

    def notified(self, notification: Stored) -> bool:
        """Take up a notification; whether it is new and still to be delivered."""
        known = notification.notification_id in self._pending
        if known or self.progress(notification.notification_id).done:
            return False
        self._pending[notification.notification_id] = notification
        return True

    def delivered(self, delivery: Delivery, asked_s: float = 0.0) -> None:
        """Take up the end of an attempt. Once sent or parked it stays so, whatever comes later."""
        progress = self.progress(delivery.notification_id)
        if progress.done or delivery.attempt <= progress.attempts:
            return
        progress.attempts = delivery.attempt
        progress.first = progress.first or delivery.at
        if delivery.state is DeliveryState.RETRYING:
            progress.due = next_attempt(delivery.notification_id, progress.attempts, delivery.at, asked_s)
            return
        progress.done = True
        self._pending.pop(delivery.notification_id, None)

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
