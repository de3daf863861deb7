"""What the benchmarks send: canonical messages in event time with a tick a day to every agency, as `mekong replay` sends them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from kafka import KafkaProducer

from benchmarks.messages import AGENCIES, seizures
from mekong.deploy.registry import profile_of
from mekong.schemas.connect import kafka_options
from mekong.schemas.control import CONTROL_HEADER, Tick, sign
from mekong.schemas.settings import Settings
from mekong.schemas.topics import INCOMING
from mekong.schemas.wire import encode

START = datetime(2026, 5, 1, tzinfo=UTC)
STEP_S = 30.0
_DAY = timedelta(days=1)
Sent = tuple[str, bytes | None, bytes, list[tuple[str, bytes]]]
"""Topic, key, value, headers."""


def records(settings: Settings, count: int, agencies: Sequence[str] = AGENCIES) -> Iterator[Sent]:
    """``count`` messages, and the ticks between and behind them."""
    offsets = {agency: profile_of(agency).utc_offset for agency in agencies}
    midnight = START + _DAY
    for number, (agency, key, value) in enumerate(seizures(count, agencies=tuple(agencies), start=START, step_s=STEP_S)):
        while START + timedelta(seconds=number * STEP_S) >= midnight + _DAY / 2:  # half a day on, it is midnight everywhere
            yield from ticks(settings, offsets, midnight)
            midnight += _DAY
        yield INCOMING.of(agency), key, value, []
    for more in range(2):
        yield from ticks(settings, offsets, midnight + more * _DAY)


def fill(settings: Settings, count: int, agencies: Sequence[str] = AGENCIES) -> tuple[int, int, float]:
    """Put the load into the agencies' topics; records sent, their mean bytes, and the seconds it took."""
    producer = KafkaProducer(**kafka_options(settings), acks="all", linger_ms=20, batch_size=262_144, metrics_enabled=False)
    began = time.monotonic()
    sent = size = 0
    for topic, key, value, headers in records(settings, count, agencies):
        producer.send(topic, key=key, value=value, headers=headers)
        sent += 1
        size += len(value)
    producer.flush()
    producer.close()
    return sent, size // sent, time.monotonic() - began


def ticks(settings: Settings, offsets: dict[str, str], day: datetime) -> Iterator[Sent]:
    """A day's beginning, where each agency is."""
    key = settings.control_keys().signing
    for agency, offset in offsets.items():
        topic = INCOMING.of(agency)
        value = encode(Tick(at=datetime.fromisoformat(f"{day.date().isoformat()}T00:00{offset}"), replay=True))
        yield topic, None, value, [(CONTROL_HEADER, sign(key, topic, value))]
