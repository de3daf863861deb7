"""Which notifications carry a link to answer by: it is the right to answer, and goes to nobody in the clear."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Subscription
from mekong.sinks.delivery.channels import channels
from mekong.sinks.delivery.mail import Mails
from mekong.sinks.delivery.outcome import SENT
from mekong.sinks.delivery.pending import StoredNotification
from mekong.sinks.delivery.webhook import Webhooks

AT = datetime(2026, 5, 3, 8, tzinfo=UTC)
CHANNELS = {
    "https": {"channel": "webhook", "url": "https://hooks.example.org/x", "secret_name": "A"},
    "http": {"channel": "webhook", "url": "http://hooks.example.org/x", "secret_name": "A"},
    "mail": {"channel": "mail", "to": "duty@example.org"},
}


@pytest.mark.parametrize(
    ("channel", "reason", "private", "has_link"),
    [
        pytest.param("https", "alert", False, True, id="webhook over https"),
        pytest.param("mail", "alert", False, True, id="mail"),
        pytest.param("http", "alert", False, False, id="webhook in the clear"),
        pytest.param("http", "alert", True, True, id="webhook in the clear where inner addresses are allowed"),
        pytest.param("https", "alive", True, False, id="nothing to answer"),
        pytest.param("mail", "weekly", False, False, id="a weekly summary"),
    ],
)
def test_a_link_goes_to_whoever_it_is_for_and_never_in_the_clear_through_foreign_networks(monkeypatch, channel, reason, private, has_link):
    links = []

    async def deliver(_channels, _notification, _to, link):
        links.append(link)
        return SENT

    monkeypatch.setattr(Webhooks, "deliver", deliver)
    monkeypatch.setattr(Mails, "deliver", deliver)
    settings = Settings(public_url="https://alerts.example.org", secret="hush", webhook_allow_private=private)  # type: ignore[arg-type]
    told = {"subject": "Spike", "text": "Nine cases.", "language": "en", "raised_at": AT, "reason": reason, "offset": 3}
    whose = {"subscription": "duty", "member": "VN-CUSTOMS", "notification_id": UUID(int=1)}
    subscription = {"id": "duty", "member": "VN-CUSTOMS", "channel": CHANNELS[channel], "changed_at": AT}

    async def attempt() -> None:
        async with channels(settings) as one_attempt:
            await one_attempt(StoredNotification.model_validate({**told, **whose}), Subscription.model_validate(subscription))

    asyncio.run(attempt())
    assert [link is not None for link in links] == [has_link]
