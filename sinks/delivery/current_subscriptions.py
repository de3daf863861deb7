"""Keeps the current subscriptions, and decides which notifications they no longer accept. Pure."""

from __future__ import annotations

from datetime import datetime

from mekong.schemas.notifications import Delivery, DeliveryState
from mekong.schemas.subscriptions import Subscription
from mekong.sinks.delivery.log import Deleted
from mekong.sinks.delivery.outcome import Outcome, again, hopeless
from mekong.sinks.delivery.pending import StoredNotification


class CurrentSubscriptions:
    """Every subscription by id, the time at which it was removed, and the ones whose receiver wants nothing more."""

    def __init__(self) -> None:
        self.known: dict[str, Subscription] = {}
        self._removed_at: dict[str, datetime] = {}
        self._gone: dict[str, datetime] = {}

    def apply(self, changed: Subscription | Deleted, now: datetime) -> None:
        """Apply a changed or deleted subscription.

        A notification that was raised for a removed subscription is never sent, even if the subscription is added again.
        """
        if isinstance(changed, Deleted):
            self._removed_at[changed.id] = min(changed.at, now)
            if changed.id in self.known:
                self.known[changed.id] = self.known[changed.id].model_copy(update={"state": "removed"})
            return
        if changed.state == "removed":
            self._removed_at[changed.id] = min(changed.changed_at, now)  # another machine's clock may be ahead
        self.known[changed.id] = changed

    def ended(self, delivery: Delivery) -> None:
        """Record that a receiver wants nothing more."""
        if delivery.gone:
            self._gone[delivery.subscription] = delivery.gone

    def may_send(self, name: str) -> bool:
        """Whether a notification may be sent now. It waits while its subscription is paused or is not read yet."""
        return name in self.known and self.known[name].state != "paused"

    def is_given_up(self, notification: StoredNotification) -> bool:
        """Whether its subscription was removed after it was raised."""
        removed_at = self._removed_at.get(notification.subscription)
        return removed_at is not None and notification.raised_at <= removed_at

    def not_for(self, notification: StoredNotification, is_first: bool, oldest: datetime | None) -> Outcome | None:
        """Why the notification is not sent to the present owner of its subscription. None when it is sent.

        ``is_first``: nothing was tried yet.
        """
        now = self.known[notification.subscription]
        if now.state == "removed" or self.is_given_up(notification):
            return hopeless("the subscription was removed")
        if oldest is not None and notification.raised_at < oldest:  # it waited: the subscription was paused
            return hopeless("it is too old to be sent")
        if self._gone.get(now.id) == now.changed_at:
            why = f"its receiver answered 410: `mekong subscribe resume {now.id}` asks it again"
            return Outcome(DeliveryState.PARKED, why, gone=True)
        if now.member == notification.member:
            return None
        why = f"it is {notification.member}'s, and the subscription is {now.member}'s"
        return again(why) if is_first else hopeless(why)  # at first perhaps a change of the subscription was not read yet
