"""Finds the notifications of the last day that the notifier should have tried by now, and has not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from mekong.deploy.subscriptions import read_all
from mekong.schemas.notifications import Delivery, DeliveryState, Notification
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Subscription
from mekong.schemas.times import from_ms
from mekong.schemas.topics import DELIVERIES, NOTIFICATIONS, SUBSCRIPTIONS
from mekong.schemas.wire import decode
from mekong.sinks.reading import read_topic

_DAY = timedelta(days=1)
PATIENCE = timedelta(minutes=5)
"""The longest time that an attempt may take, together with those before it."""


class Found(NamedTuple):
    """What the notifier has not tried."""

    waiting: int
    oldest: str
    """Since when, in words; empty when nothing waits for too long."""
    last_at: datetime | None


class Written(NamedTuple):
    """One record, and when it was written."""

    at: datetime
    value: Any


def look(settings: Settings) -> Found:
    """Compare notifications with deliveries. Raises Refused, Retriable."""
    wishes = {one.id: one for one in read_all(settings, SUBSCRIPTIONS, Subscription)}
    now = datetime.now(UTC)
    notifications = [one._replace(value=decode(one.value, Notification)) for one in _since(settings, NOTIFICATIONS.name, now - _DAY)]
    deliveries = [one._replace(value=decode(one.value, Delivery)) for one in _since(settings, DELIVERIES.name, now - _DAY)]
    return untried(wishes.values(), notifications, deliveries, now)


def untried(wishes: Iterable[Subscription], notifications: list[Written], deliveries: list[Written], now: datetime) -> Found:
    """A subscription gets one notification after the other. A receiver that fails delays only its own."""
    carried = {wish.id for wish in wishes if wish.state == "active" and wish.channel.is_pushed}
    newest = {one.value.subscription: one.value.state for one in deliveries}
    failing = {name for name, state in newest.items() if state is DeliveryState.RETRYING}
    tried = {one.value.notification_id for one in deliveries}
    waiting = [
        one.at
        for one in notifications
        if one.value.notification_id not in tried and one.value.subscription in carried - failing and now - one.at > PATIENCE
    ]
    oldest = f"the oldest of {min(waiting):%Y-%m-%d %H:%M} UTC" if waiting else ""
    return Found(len(waiting), oldest, max((one.at for one in deliveries), default=None))


def _since(settings: Settings, topic: str, at: datetime) -> Iterator[Written]:
    """The committed records of a topic of one partition that were written since ``at``."""
    for records in read_topic(settings, topic, partitions=[0], since=at):
        for record in records:
            yield Written(from_ms(record.timestamp), record.value)
