"""A notification and its subscription in, one attempt on the subscription's channel out, with a link to answer by where it may have one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import assert_never

from schemas.notifications import Reason
from schemas.settings import Settings
from schemas.subscriptions import Mail, Stream, Subscription, Webhook
from sinks.notify.ledger import Stored
from sinks.notify.links import Links
from sinks.notify.mail import Mails
from sinks.notify.outcome import SENT, Outcome
from sinks.notify.webhook import Webhooks

Deliver = Callable[[Stored, Subscription], Awaitable[Outcome]]


@asynccontextmanager
async def channels(settings: Settings) -> AsyncIterator[Deliver]:
    """One attempt on whatever channel a subscription has."""
    mails, links = Mails(settings), Links.of(settings)
    async with Webhooks(settings) as webhooks:

        async def deliver(notification: Stored, subscription: Subscription) -> Outcome:
            asks = notification.reason is not Reason.ALIVE and _may_have_link(subscription, settings)
            link = links.link(notification, notification.offset) if links and asks else None
            match subscription.channel:
                case Webhook() as webhook:
                    return await webhooks.deliver(notification, webhook, link)
                case Mail() as mail:
                    return await mails.deliver(notification, mail, link)
                case Stream():
                    return Outcome(SENT.state, "it reads for itself")
                case other:
                    assert_never(other)

        yield deliver


def _may_have_link(subscription: Subscription, settings: Settings) -> bool:
    """A link is the right to answer: it goes to no webhook in the clear, unless inner addresses are allowed."""
    channel = subscription.channel
    return settings.webhook_allow_private or not isinstance(channel, Webhook) or channel.url.startswith("https:")
