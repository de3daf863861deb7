"""Settings in, a reader of committed records out: of one topic or a few, without a group, a step behind what is written."""

from __future__ import annotations

from typing import Any

from kafka import KafkaConsumer

from schemas.connect import kafka_options
from schemas.settings import Settings

_WAIT_MS = 100


def reader(settings: Settings, **more: Any) -> KafkaConsumer:
    """Not yet assigned to anything. ``more`` is passed on to the client. Raises KafkaError when no broker answers."""
    return KafkaConsumer(
        **kafka_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        fetch_max_wait_ms=_WAIT_MS,
        metrics_enabled=False,
        **more,
    )
