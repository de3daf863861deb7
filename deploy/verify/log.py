"""Finds what a reader of committed records gets from topics, up to ends that were fixed before."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple
from zlib import crc32

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer import fetcher
from kafka.errors import CorruptRecordError

from mekong.schemas.connect import kafka_options
from mekong.schemas.raw_records import Reading, patient
from mekong.schemas.settings import Settings
from mekong.schemas.upto import up_to
from mekong.sinks.base import Source

_ASK_EVERY_S = 0.5
_ANSWER_WITHIN_MS = 30_000
_MODULUS = 2**64

fetcher.MemoryRecords = patient(fetcher.MemoryRecords, Reading(CorruptRecordError, "backslashreplace"))  # verify reads what members wrote


class Records(NamedTuple):
    """The records of one partition up to a fixed end. Offsets are not consecutive, because transaction markers have offsets too."""

    first: int
    """Where the log begins; older records may have been deleted."""
    end: int
    offsets: array[int]
    checksum: int
    """The checksum of all values, each in its place: the sum of CRC-32 times (offset + 1), modulo 2**64."""

    @property
    def last(self) -> int:
        """Offset of the last record, -1 when there is none."""
        return self.offsets[-1] if self.offsets else -1


class Log:
    """A deployment's topics, read without a group."""

    def __init__(self, settings: Settings) -> None:
        self._options = kafka_options(settings)
        self._reader = KafkaConsumer(
            **self._options,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=10_000,
            max_partition_fetch_bytes=8 * 1_048_576,
        )

    def close(self) -> None:
        """Give the connection back."""
        self._reader.close()

    def topics(self) -> set[str]:
        """Every topic there is."""
        return set(self._reader.topics())

    def ends(self, topics: Iterable[str]) -> dict[Source, int]:
        """Where each partition of the topics ends now."""
        sources = [TopicPartition(topic, partition) for topic in topics for partition in self._reader.partitions_for_topic(topic) or ()]
        return {Source(tp.topic, tp.partition): end for tp, end in self._reader.end_offsets(sources).items()} if sources else {}

    def read(self, ends: dict[Source, int], keep: Callable[[Any], bool] | None = None) -> dict[Source, Records]:
        """Read everything before ``ends``. Only the offsets of records that ``keep`` accepts are kept.

        Raises Retriable when the broker is away.
        """
        tps = [TopicPartition(*source) for source in ends]
        found: dict[Source, Records] = {}
        if not tps:
            return found
        self._reader.assign(tps)
        self._reader.resume(*tps)  # those of an earlier reading are paused where they ended
        self._reader.seek_to_beginning(*tps)
        first = self._reader.beginning_offsets(tps)
        offsets = {tp: array("Q") for tp in tps}
        sums = dict.fromkeys(tps, 0)
        unread = {tp: ends[Source(*tp)] for tp in tps if first[tp] < ends[Source(*tp)]}
        others = " and others" if len({tp.topic for tp in tps}) > 1 else ""
        for polled in up_to(self._reader, unread, f"read {tps[0].topic}{others}"):
            for tp, records in polled.items():
                inside = records if records[-1].offset < ends[Source(*tp)] else [one for one in records if one.offset < ends[Source(*tp)]]
                offsets[tp].extend([one.offset for one in inside if keep is None or keep(one)])
                sums[tp] += sum([crc32(one.value or b"") * (one.offset + 1) for one in inside])
        return {source: Records(first[tp], ends[source], offsets[tp], sums[tp] % _MODULUS) for tp in tps for source in [Source(*tp)]}

    def wait_for_group(self, group: str, last: dict[Source, int], deadline: float) -> tuple[dict[Source, int], list[str]]:
        """Wait until the group's commit is after the last record of each source.

        Returns the commits, and the sources that are not finished.
        """
        asker = KafkaConsumer(**self._options, group_id=group, enable_auto_commit=False)
        try:
            while True:
                commits = {source: asker.committed(TopicPartition(*source), timeout_ms=_ANSWER_WITHIN_MS) or 0 for source in last}
                behind = sorted(
                    f"{group} has not read {source.topic}/{source.partition} to its end"
                    for source in last
                    if commits[source] <= last[source]
                )
                if not behind or time.monotonic() > deadline:
                    return commits, behind
                time.sleep(_ASK_EVERY_S)
        finally:
            asker.close(autocommit=False)


def lasts(records: dict[Source, Records], topics: Collection[str] | None = None) -> dict[Source, int]:
    """Offset of the last record of each source that has any."""
    return {source: found.last for source, found in records.items() if found.last >= 0 and (topics is None or source.topic in topics)}
