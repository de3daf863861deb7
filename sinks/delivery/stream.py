"""Sends nothing: the subscriber of this channel reads the alerts itself."""

from __future__ import annotations

from mekong.schemas.channels import Stream
from mekong.schemas.notifications import Notification
from mekong.sinks.delivery.links import Link
from mekong.sinks.delivery.outcome import SENT, Outcome
from mekong.sinks.delivery.sender import Sender


class Streams(Sender[Stream]):
    """Sends nothing."""

    async def deliver(self, notification: Notification, to: Stream, link: Link | None = None) -> Outcome:  # noqa: ARG002 - nothing is sent
        """Nothing to do."""
        return Outcome(SENT.state, "it reads for itself")
