"""Defines the contract of the modules in ``SENDERS``: each sends the notifications of one channel (docs/add-a-channel.md)."""

from __future__ import annotations

from types import TracebackType
from typing import Generic, Self, TypeVar

from mekong.schemas.channels import Channel
from mekong.schemas.notifications import Notification
from mekong.schemas.settings import Settings
from mekong.sinks.delivery.links import Link
from mekong.sinks.delivery.outcome import Outcome

C = TypeVar("C", bound=Channel)


class Sender(Generic[C]):
    """Sends by one channel. It is made once for the life of the notifier, as a context: what it opens it closes at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def deliver(self, notification: Notification, to: C, link: Link | None = None) -> Outcome:
        """One attempt. Never raises for what a receiver or its subscription does wrong."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing to close."""
