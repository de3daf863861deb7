"""How far a process is, seen from outside: what a read_committed reader of its output topic could read, five times a second.

Transaction markers take offsets, so the committed ends are sampled while it runs, and turned into numbers of records afterwards.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from benchmarks.ground import TICKS_PER_S, cpu_s
from mekong.deploy.local.process import Process
from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Fatal
from mekong.schemas.settings import Settings

EVERY_S = 0.2
QUIET_S = 2.0
FIRST_WITHIN_S = 120.0
Weigh = Callable[[int, bytes], int]
"""(partition, value of an output record) -> input records of that partition done once it is there; used where outputs are fewer."""


class Rate(NamedTuple):
    """What was done between the first and the last commit seen."""

    records: int
    wall_s: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        """Records a second."""
        return self.records / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        """Records a CPU second of the process."""
        return self.records / self.cpu_s


class Sample(NamedTuple):
    """Committed ends by partition, and the CPU seconds used, at a time."""

    at: float
    cpu_s: float
    ends: dict[TopicPartition, int]


class Output:
    """The output topic of a process that is measured."""

    def __init__(self, settings: Settings, topic: str, weigh: Weigh | None = None) -> None:
        self._weigh = weigh
        self._reader = reader(settings)
        self._partitions = partitions_of(self._reader, topic)

    def follow(self, process: Process, expected: int, at_most_s: float = 600.0) -> Rate:
        """Watch the process until ``expected`` records are done, or ``at_most_s`` after its first commit. Raises Fatal."""
        samples = [self._sample(process)]
        while True:
            time.sleep(EVERY_S)
            samples.append(self._sample(process))
            if process.exit_code is not None:
                raise Fatal(f"{process.log.stem} ended:\n{process.last_words(20)}")
            moves = [number for number in range(1, len(samples)) if samples[number].ends != samples[number - 1].ends]
            if not moves:
                if samples[-1].at - samples[0].at > FIRST_WITHIN_S:
                    raise Fatal(f"{process.log.stem} wrote nothing in {FIRST_WITHIN_S:.0f} s:\n{process.last_words(20)}")
                continue
            late = samples[-1].at - samples[moves[0]].at > at_most_s
            if late or samples[-1].at - samples[moves[-1]].at > QUIET_S:
                nothing, first, last = samples[moves[0] - 1], samples[moves[0]], samples[moves[-1]]
                before, done = self._done([first, last])
                if late or done >= expected:
                    return _rate(first, last, done - before) if done > before else _rate(nothing, last, done)

    def close(self) -> None:
        """Leave the broker."""
        self._reader.close()

    def _sample(self, process: Process) -> Sample:
        ends = self._reader.end_offsets(self._partitions)
        return Sample(time.monotonic(), cpu_s(process.pid), ends)

    def _done(self, samples: list[Sample]) -> list[int]:
        """Records done at each sample."""
        offsets, weights = self._read(samples[-1].ends)
        return [sum(_upto(offsets[tp], weights[tp], end) for tp, end in sample.ends.items()) for sample in samples]

    def _read(self, ends: dict[TopicPartition, int]) -> tuple[dict[TopicPartition, list[int]], dict[TopicPartition, list[int]]]:
        offsets: dict[TopicPartition, list[int]] = {tp: [] for tp in ends}
        weights: dict[TopicPartition, list[int]] = {tp: [] for tp in ends}
        for tp, record in read_all(self._reader, ends):
            offsets[tp].append(record.offset)
            done = self._weigh(tp.partition, record.value) if self._weigh else len(offsets[tp])
            weights[tp].append(max(done, weights[tp][-1] if weights[tp] else 0))
        return offsets, weights


def _rate(first: Sample, last: Sample, done: int) -> Rate:
    return Rate(done, last.at - first.at, max(last.cpu_s - first.cpu_s, 1 / TICKS_PER_S))


def reader(settings: Settings) -> KafkaConsumer:
    """A reader of committed records."""
    return KafkaConsumer(
        **kafka_options(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=5_000,
        max_partition_fetch_bytes=8 * 1_048_576,
    )


def partitions_of(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    """All partitions of a topic."""
    return [TopicPartition(topic, partition) for partition in sorted(consumer.partitions_for_topic(topic) or ())]


def read_all(consumer: KafkaConsumer, ends: dict[TopicPartition, int]) -> Any:
    """Every committed record before ``ends``, with its partition."""
    consumer.assign(list(ends))
    consumer.seek_to_beginning(*ends)
    left = {tp for tp, end in ends.items() if end > 0}
    while left:
        for tp, found in consumer.poll(500).items():
            for record in found:
                if record.offset < ends[tp]:
                    yield tp, record
        left = {tp for tp in left if consumer.position(tp) < ends[tp]}


def _upto(offsets: list[int], weights: list[int], end: int) -> int:
    found = bisect_left(offsets, end)
    return weights[found - 1] if found else 0
