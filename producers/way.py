"""Chooses how a program reaches the exchange: over HTTPS when an address is set (``MEKONG_URL``, ``--url``), or with Kafka's protocol."""

from __future__ import annotations

from mekong.producers.broker import cluster_id
from mekong.producers.https.connection import exchange_of
from mekong.producers.https.mailbox import HttpsMailbox
from mekong.producers.https.outbox import HttpsOutbox, T
from mekong.producers.outbox import Outbox
from mekong.producers.receipts import Mailbox
from mekong.schemas.settings import Settings

AnyMailbox = Mailbox | HttpsMailbox
AnyOutbox = Outbox[T] | HttpsOutbox[T]


def open_mailbox(settings: Settings) -> AnyMailbox:
    """What reads receipts. Raises Refused or Retriable when the exchange cannot be reached."""
    return HttpsMailbox(settings) if settings.url else Mailbox(settings)


def open_outbox(settings: Settings, batch: str = "", *, edition: str = "", linger_ms: int = 5) -> AnyOutbox[T]:
    """What sends messages. ``batch`` names the sending, ``edition`` is the time of its file. Raises Refused or Retriable."""
    if settings.url:
        return HttpsOutbox(settings, batch, edition=edition, linger_ms=linger_ms)
    return Outbox(settings, batch, edition=edition, linger_ms=linger_ms)


def exchange_id(settings: Settings) -> str:
    """Which exchange it is, whatever its address. Raises Refused or Retriable when it cannot be reached."""
    return exchange_of(settings) if settings.url else cluster_id(settings)
