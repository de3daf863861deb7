"""Topics in, every committed record on them out; and the list that differences are told in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition

SHOWN = 5
Place = tuple[str, int]
"""Topic and partition."""
Records = dict[Place, list[Any]]
_READ = ("in.", "receipts.", "journal.", "counts.", "buckets.", "alerts.", "notifications.", "deliveries.", "answers.", "control.")


class Differences(list[str]):
    """Sentences."""

    def differs(self, what: str, examples: Sequence[Any]) -> None:
        """Add one when there are examples."""
        if examples:
            shown = "; ".join(map(str, examples[:SHOWN]))
            self.append(f"{what}: {len(examples):,} ({shown}{' …' if len(examples) > SHOWN else ''})")

    def compare(self, what: str, found: Counter[Any], wanted: Counter[Any]) -> None:
        """Add one for what is missing, and one for what is there too often or should not be."""
        self.differs(f"{what}: missing", sorted((wanted - found).elements(), key=str))
        self.differs(f"{what}: too much", sorted((found - wanted).elements(), key=str))


def doubled(values: Iterable[Any]) -> list[Any]:
    """Those that are there more than once."""
    return sorted((value for value, times in Counter(values).items() if times > 1), key=str)


def of_topic(records: Records, name: str) -> list[Any]:
    """The records of all partitions of a topic, each partition in order."""
    return [record for (topic, _), found in sorted(records.items()) if topic == name for record in found]


def keep(records: Records, folder: Path) -> None:
    """Write everything down, a file for each topic, a line for each record: partition, offset, value."""
    for (topic, partition), found in records.items():
        with (folder / f"{topic}.txt").open("a", encoding="utf-8") as lines:
            lines.writelines(f"{partition} {one.offset} {(one.value or b'').decode('utf-8', 'backslashreplace')}\n" for one in found)


def read(bootstrap: str) -> Records:
    """Every committed record of every topic of the exchange, by partition in offset order."""
    reader = KafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False, max_partition_fetch_bytes=8 << 20
    )
    try:
        topics = [topic for topic in sorted(reader.topics()) if topic.startswith(_READ)]
        places = [TopicPartition(topic, partition) for topic in topics for partition in sorted(reader.partitions_for_topic(topic) or ())]
        reader.assign(places)
        reader.seek_to_beginning(*places)
        ends = reader.end_offsets(places)
        found: Records = {(place.topic, place.partition): [] for place in places}
        while any(reader.position(place) < ends[place] for place in places):
            for place, records in reader.poll(500, max_records=10_000).items():
                found[place.topic, place.partition] += records
        return found
    finally:
        reader.close()
