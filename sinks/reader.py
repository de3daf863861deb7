"""The Kafka consumer of a sink: it reads committed records, gets its partitions from a group, and its offsets from the sink."""

from __future__ import annotations

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Fatal
from mekong.schemas.settings import Settings

IDLE_MS = 5_000
"""How long the broker holds a request while it has no records. It answers at once when one arrives."""
_POLL_ROWS = 5_000


def consumer(settings: Settings, group: str) -> KafkaConsumer:
    """A reader of committed records that never uses the group's offsets. Raises Fatal when no broker answers."""
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
            fetch_max_wait_ms=IDLE_MS,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
        )
    except KafkaError as exc:
        raise Fatal(f"no answer from Kafka at {settings.bootstrap()}: {exc}") from exc
    join_to_the_end(reader)
    return reader


def join_to_the_end(reader: KafkaConsumer) -> None:
    """Make ``reader`` finish each join of the group that it has begun.

    kafka-python (up to 3.0.12) begins a join when the partitions of its topics differ from those that it last assigned. A poll can time
    out before the group has answered. The next poll then finds no difference and never reads the answer, so the reader never gets a
    partition again. The coordinator itself knows whether a join is running (``rejoining``).
    """
    coordinator = reader._coordinator  # noqa: SLF001 - held by tests/contract/test_kafka_private_parts.py
    differs = coordinator.need_rejoin
    coordinator.need_rejoin = lambda: coordinator.rejoining or differs()
