"""Sends a notification to a webhook by one signed POST and returns the outcome (``poster.py``)."""

from __future__ import annotations

import time

from mekong.schemas.channels import Webhook
from mekong.schemas.errors import Refused
from mekong.schemas.notifications import Notification
from mekong.sinks.delivery.links import Link
from mekong.sinks.delivery.outcome import Outcome, again
from mekong.sinks.delivery.payload import body
from mekong.sinks.delivery.poster import Poster
from mekong.sinks.delivery.signature import headers, key_of


class Webhooks(Poster[Webhook]):
    """Sends webhooks."""

    async def deliver(self, notification: Notification, to: Webhook, link: Link | None = None) -> Outcome:
        """One attempt. Never raises for what a receiver or its subscription does wrong."""
        try:
            key = key_of(self._settings.webhook_secret(to.secret_name, notification.member))
        except (Refused, ValueError) as exc:
            return again(str(exc))
        content = body(notification, link)
        return await self.post(to.url, content, headers(key, str(notification.notification_id), int(time.time()), content))
