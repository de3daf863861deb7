"""Makes the producer of what a person does on a page: each record is acknowledged by all replicas before the page says that it is done."""

from __future__ import annotations

from kafka import KafkaProducer

from mekong.schemas.connect import kafka_options
from mekong.schemas.settings import Settings


def recording_producer(settings: Settings, within_s: float) -> KafkaProducer:
    """A producer that sends at once, and gives up a record after ``within_s`` seconds. Raises KafkaError when no broker answers."""
    return KafkaProducer(
        **kafka_options(settings),
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_block_ms=int(within_s * 1_000),
        delivery_timeout_ms=int(within_s * 1_000),
        request_timeout_ms=int(within_s * 1_000) - 1_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
