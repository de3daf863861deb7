"""Finds the ends of partitions, the places of groups, and the time of the last write. Reads almost no records."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import NamedTuple, Self

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec

from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.times import from_ms

_WITHIN_S = 10.0
_POLL_MS = 200
_WAIT_MS = 50  # of the broker, for more than there is


class Span(NamedTuple):
    """Offsets from ``first`` up to ``end``, without it."""

    first: int
    end: int


class Offsets:
    """A deployment's Kafka, looked at without a group."""

    def __init__(self, settings: Settings) -> None:
        options = kafka_options(settings)
        self._reader = KafkaConsumer(
            **options, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=_WAIT_MS
        )
        self._admin = KafkaAdminClient(**options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self._admin.close()
        self._reader.close()

    def topics(self) -> set[str]:
        """Every topic there is."""
        return set(self._reader.topics())

    def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        """Every partition of the topics."""
        return [TopicPartition(topic, number) for topic in topics for number in self._reader.partitions_for_topic(topic) or ()]

    def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Where each partition ends for a reader of committed records."""
        return self._offsets(self.partitions(topics), OffsetSpec.LATEST)

    def begins(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """The first offset of each partition. Everything before it was deleted."""
        return self._offsets(self.partitions(topics), OffsetSpec.EARLIEST)

    def _offsets(self, tps: Collection[TopicPartition], spec: OffsetSpec) -> dict[TopicPartition, int]:
        """An offset of each partition. Raises Retriable when Kafka does not tell one.

        The reader is not asked: ``assign`` lets it forget other topics, and then it leaves their partitions out of its answer.
        """
        told = self._admin.list_partition_offsets(dict.fromkeys(tps, spec), isolation_level="read_committed") if tps else {}
        if missing := set(tps) - told.keys():
            raise Retriable(f"Kafka does not say where {', '.join(sorted({tp.topic for tp in missing}))} begins or ends. Look again.", 5.0)
        return {tp: at.offset for tp, at in told.items()}

    def commits(self, groups: Mapping[str, Iterable[TopicPartition]]) -> dict[str, dict[TopicPartition, int]]:
        """The committed offset of each group in its partitions. A partition without a commit is left out."""
        found: dict[str, dict[TopicPartition, int]] = {}
        for group, tps in groups.items():
            told = self._admin.list_group_offsets({group: list(tps)}).get(group, {}) if tps else {}
            found[group] = {tp: at.offset for tp, at in told.items() if at.offset >= 0}
        return found

    def newest(self, topics: Iterable[str]) -> datetime | None:
        """When the newest record of the topics was written; None when there is none."""
        specs = dict.fromkeys(self.partitions(topics), OffsetSpec.MAX_TIMESTAMP)
        told = self._admin.list_partition_offsets(specs) if specs else {}
        newest = max((at.timestamp for at in told.values()), default=-1)
        return from_ms(newest) if newest > 0 else None

    def with_records(self, spans: Mapping[TopicPartition, Span]) -> set[TopicPartition]:
        """The partitions with a committed record within their span: the markers of transactions take offsets too. Raises Retriable."""
        found: set[TopicPartition] = set()
        if not spans:
            return found
        first = self._offsets(spans.keys(), OffsetSpec.EARLIEST)
        self._reader.assign(list(spans))
        self._reader.resume(*spans)
        for tp, span in spans.items():
            self._reader.seek(tp, max(span.first, first[tp]))
        left, deadline = dict(spans), time.monotonic() + _WITHIN_S
        while left:
            if time.monotonic() > deadline:
                raise Retriable(f"cannot read {', '.join(sorted({tp.topic for tp in left}))}: Kafka answers too slowly. Look again.", 5.0)
            for tp, records in self._reader.poll(timeout_ms=_POLL_MS).items():
                if records[0].offset < left[tp].end:
                    found.add(tp)
            done = [tp for tp, span in left.items() if tp in found or (self._reader.position(tp) or 0) >= span.end]
            self._reader.pause(*done)
            left = {tp: span for tp, span in left.items() if tp not in done}
        return found
