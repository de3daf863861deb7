"""Limits how long aiokafka waits for each address when it connects for the first time. For kafka-python, see schemas/bootstrap.py.

aiokafka 0.14 gives each address the complete time that a request may take: 40 s, or what was set. When one of three brokers accepts the
connection and does not answer, a worker waited for minutes, because each of its clients may try this broker first. aiokafka has no public
setting for this; tests/contract/test_faust_private_parts.py names the private parts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from aiokafka.client import AIOKafkaClient

from mekong.schemas import bootstrap


def is_shared() -> None:
    """Make every client that starts from now on divide its time among its addresses. A second call changes nothing."""
    if not hasattr(AIOKafkaClient.bootstrap, "__wrapped__"):
        AIOKafkaClient.bootstrap = _shared(AIOKafkaClient.bootstrap)


def _shared(begin: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """``begin`` with a shorter request timeout while it runs. It closes its connections to the addresses at the end."""

    @wraps(begin)
    async def begun(client: Any) -> None:
        whole = client._request_timeout_ms  # noqa: SLF001
        if len(client.hosts) > 1:
            client._request_timeout_ms = min(whole, bootstrap.EACH_MS)  # noqa: SLF001
        try:
            await begin(client)
        finally:
            client._request_timeout_ms = whole  # noqa: SLF001

    return begun
