"""Lets kafka-python read the last bytes of a broker before it closes the connection: they say why a login is refused.

kafka-python 3.0.12 discards what it has read when the end of the connection arrives with it. A wrong password then looks like an
outage. No public call changes this; tests/contract/test_kafka_private_parts.py checks the private parts that are replaced here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

Received = tuple[bytes, BaseException | None]


def are_heard() -> None:
    """Make every new connection read the last bytes before it handles the end. A second call changes nothing."""
    for transport in (KafkaTCPTransport, KafkaSSLTransport):
        if not hasattr(transport._sock_recv, "__wrapped__"):  # noqa: SLF001
            transport._sock_recv = _said_first(transport._sock_recv)  # noqa: SLF001


def _said_first(receive: Callable[[Any], Received]) -> Callable[[Any], Received]:
    """The end is met again at the next reading, which follows at once."""

    @wraps(receive)
    def received(transport: Any) -> Received:
        said, error = receive(transport)
        return said, None if said else error

    return received
