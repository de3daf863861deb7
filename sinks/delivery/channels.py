"""Makes one attempt to send a notification by its subscription's channel, with a link for answers where the channel allows one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from mekong.schemas.channels import Channel, Mail, Stream, Webhook
from mekong.schemas.notifications import DeliveryState, Reason
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Subscription
from mekong.sinks.delivery.links import Links
from mekong.sinks.delivery.mail import Mails
from mekong.sinks.delivery.outcome import Outcome, hopeless
from mekong.sinks.delivery.pending import StoredNotification
from mekong.sinks.delivery.sender import Sender
from mekong.sinks.delivery.stream import Streams
from mekong.sinks.delivery.webhook import Webhooks

Deliver = Callable[[StoredNotification, Subscription], Awaitable[Outcome]]

SENDERS: Mapping[type[Channel], type[Sender[Any]]] = {
    Webhook: Webhooks,
    Mail: Mails,
    Stream: Streams,
}
"""What sends by each channel."""
_ASKS_NOTHING = frozenset({Reason.ALIVE, Reason.WEEKLY})
"""There is nothing to answer in them, so they have no link."""


@asynccontextmanager
async def channels(settings: Settings) -> AsyncIterator[Deliver]:
    """One attempt on whatever channel a subscription has."""
    links = Links.of(settings)
    async with AsyncExitStack() as stack:
        senders = {channel: await stack.enter_async_context(sender(settings)) for channel, sender in SENDERS.items()}

        async def deliver(notification: StoredNotification, subscription: Subscription) -> Outcome:
            channel = subscription.channel
            asks = notification.reason not in _ASKS_NOTHING and channel.may_carry_link(inner=settings.webhook_allow_private)
            link = links.link(notification, notification.offset) if links and asks else None
            return await senders[type(channel)].deliver(notification, channel, link)

        yield deliver


def at_most_tried(outcome: Outcome, channel: Channel) -> Outcome:
    """The outcome of an attempt. On a channel that does not retry, no further attempt is made."""
    if outcome.state is DeliveryState.RETRYING and not channel.retries:
        return hopeless(f"the channel {channel.channel} is tried once: {outcome.detail}")
    return outcome
