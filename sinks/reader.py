"""The Kafka consumer of a sink: it reads committed records, takes its partitions from a group, and its places from us."""

from __future__ import annotations

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from schemas.connect import kafka_options
from schemas.errors import Fatal
from schemas.settings import Settings

POLL_MS = 250
"""How long a poll waits for records."""
FETCH_BYTES = 131_072
"""The broker answers with so much, or after ``POLL_MS``: an answer costs some milliseconds, however little is in it."""
_POLL_ROWS = 5_000


def consumer(settings: Settings, group: str) -> KafkaConsumer:
    """A reader of committed records that never goes by the group's offsets. Raises Fatal when no broker answers."""
    try:
        reader = KafkaConsumer(
            **kafka_options(settings),
            group_id=group,
            client_id=group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_poll_records=_POLL_ROWS,
            max_partition_fetch_bytes=8 * 1_048_576,
            fetch_min_bytes=FETCH_BYTES,
            fetch_max_wait_ms=POLL_MS,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
        )
    except KafkaError as exc:
        raise Fatal(f"no answer from Kafka at {settings.bootstrap()}: {exc}") from exc
    join_to_the_end(reader)
    return reader


def join_to_the_end(reader: KafkaConsumer) -> None:
    """Have ``reader`` finish each join it has begun.

    kafka-python (up to 3.0.12) begins one when the partitions of its topics are not those it last shared out. When a poll's time is up
    before the group has answered, the next poll finds nothing that differs any more, and the answer is never looked at: the reader then
    holds no partition, for good. Whether a join is under way it knows itself (``rejoining``).
    """
    coordinator = reader._coordinator  # noqa: SLF001 - held by tests/contract/test_kafka_private_parts.py
    differs = coordinator.need_rejoin
    coordinator.need_rejoin = lambda: coordinator.rejoining or differs()
