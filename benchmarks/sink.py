"""The ClickHouse sink beside what it is made of: ``kafka-python`` consuming alone, ``clickhouse-connect`` inserting alone.

The same journal entries, the same table of the same columns, one after the other in one run.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import clickhouse_connect
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from benchmarks.ground import Ground, ground
from benchmarks.messages import seizure
from benchmarks.table import table
from mekong.deploy.registry import profile_of
from mekong.schemas import wire
from mekong.schemas.connect import kafka_options
from mekong.schemas.control import CONTROL_HEADER, sign
from mekong.schemas.topics import INCOMING, JOURNAL, LANES
from mekong.sinks.base import Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables.journal import TABLE
from mekong.sinks.reader import consumer
from mekong.sinks.runner import Runner
from mekong.sinks.waiting import Limits
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake

AGENCY = "VN-CUSTOMS"
AIM = 0.7
"""Of the slower of the two alone."""
_SECRET = b"benchmark"


class Found(NamedTuple):
    """Records a second."""

    records: int
    mean_bytes: int
    consume: float
    insert: float
    sink: float

    @property
    def ratio(self) -> float:
        """Of the sink to the slower of the two alone."""
        return self.sink / min(self.consume, self.insert)


class _Record(NamedTuple):
    offset: int
    value: bytes
    headers: list[tuple[str, bytes]]
    timestamp: int = 1_780_000_000_000
    key: bytes | None = None


class _Timed(ClickHouseSink):
    """Notes when the partitions were given to it: joining the group is not the sink's work."""

    began = 0.0

    def positions(self, sources: Iterable[Source]) -> dict[Source, int]:
        self.began = self.began or time.monotonic()
        return super().positions(sources)


def measure(records: int, say: Callable[[str], None]) -> Found:
    """All three on a fresh broker and a fresh ClickHouse."""
    with ground(clickhouse=True) as place:
        size = _fill(place, records)
        say(f"sink: {records:,} journal entries of {size:,} bytes")
        consume = _consume(place, records)
        say(f"sink: kafka-python alone {consume:,.0f}/s")
        sink = _sink(place, records)
        say(f"sink: the sink {sink:,.0f}/s")
        insert = _insert(place, records)
        say(f"sink: clickhouse-connect alone {insert:,.0f}/s")
    return Found(records, size, consume, insert, sink)


def report(found: Found) -> str:
    """The figures as a table."""
    slower = min(found.consume, found.insert)
    rows = [
        ["kafka-python consuming alone (read_committed)", f"{found.consume:,.0f}", f"{found.consume / slower:.2f}"],
        [
            "clickhouse-connect inserting the same columns alone, 20,000 rows a block",
            f"{found.insert:,.0f}",
            f"{found.insert / slower:.2f}",
        ],
        ["the sink, from Kafka to ClickHouse, exactly once", f"{found.sink:,.0f}", f"{found.ratio:.2f}"],
    ]
    intro = f"{found.records:,} journal entries of {found.mean_bytes:,} bytes in {LANES} partitions, {len(TABLE.columns) + 5} columns."
    return f"{intro}\n\n{table(['what', 'records/s', 'of the slower alone'], rows)}"


def targets(found: Found) -> list[tuple[str, str, str, bool]]:
    """What was asked for, and what came out."""
    return [("sink beside the slower of its two parts alone", f"≥ {AIM}", f"{found.ratio:.2f}", found.ratio >= AIM)]


def _fill(place: Ground, count: int) -> int:
    """Put entries as intake makes them on the journal; their mean size."""
    topic, profile = INCOMING.of(AGENCY), wire.encode(profile_of(AGENCY))
    chance, start = random.Random(1), datetime(2026, 5, 1, tzinfo=UTC)
    state: dict[bytes, bytes] = {}
    changes: dict[bytes, bytes | None] = {}
    intake = Intake(Deployment(_SECRET, clock_is_on=False))
    producer = KafkaProducer(**kafka_options(place.settings), linger_ms=20, batch_size=262_144)
    sent = size = 0

    def fold(record: _Record) -> None:
        nonlocal sent, size
        for said in intake.fold(Draft(state, changes), topic, AGENCY, [record]):
            if said.entry:
                value = wire.dump(said.entry)
                producer.send(JOURNAL.name, value, partition=sent % LANES)
                sent, size = sent + 1, size + len(value)

    fold(_Record(0, profile, [(CONTROL_HEADER, sign(_SECRET, topic, profile))]))
    for number in range(1, count):
        message = seizure(number, chance, AGENCY, start + timedelta(seconds=number % 100_000))
        fold(_Record(number, wire.dump(message), []))
    producer.close()
    if sent != count:
        raise RuntimeError(f"{sent} entries of {count}")
    return size // sent


def _consume(place: Ground, records: int) -> float:
    reader: KafkaConsumer = consumer(place.settings, "alone")
    tps = [TopicPartition(JOURNAL.name, partition) for partition in range(LANES)]
    reader.assign(tps)
    reader.seek_to_beginning(*tps)
    began, read = time.monotonic(), 0
    while read < records:
        read += sum(len([one.value for one in polled]) for polled in reader.poll(timeout_ms=100).values())
    taken = time.monotonic() - began
    reader.close()
    return records / taken


def _sink(place: Ground, records: int) -> float:
    url, stop = place.settings.clickhouse(), threading.Event()
    sink, watcher = _Timed(Database(url), TABLE), Database(url)
    thread = threading.Thread(target=Runner(consumer(place.settings, "sink"), TABLE.pattern, sink, stop).run)
    thread.start()
    while watcher.value("SELECT count() FROM journal") < records:
        time.sleep(0.1)
    taken = time.monotonic() - sink.began
    stop.set()
    thread.join()
    return records / taken


def _insert(place: Ground, records: int) -> float:
    """The columns are Python lists already: what is measured is ``insert`` and the server."""
    database = Database(place.settings.clickhouse())
    database.command("CREATE TABLE alone AS journal")
    client, names, blocks = _client(place.settings.clickhouse()), [], []
    for start in range(0, records, Limits().rows):
        answer = client.query(f"SELECT * FROM journal ORDER BY _topic, _partition, _offset LIMIT {start}, {Limits().rows}", tz_mode="aware")
        names = list(answer.column_names)
        blocks.append([list(column) for column in answer.result_columns])
    began = time.monotonic()
    for block in blocks:
        client.insert("alone", block, column_names=names, column_oriented=True, settings={"async_insert": 0})
    taken = time.monotonic() - began
    if database.value("SELECT count() FROM alone") != records:
        raise RuntimeError("not every row was inserted")
    return records / taken


def _client(url: str) -> Any:
    options: Mapping[str, Any] = {"dsn": url, "autogenerate_session_id": False}
    return clickhouse_connect.get_client(**options)


if __name__ == "__main__":
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 150_000, lambda text: print(text, file=sys.stderr, flush=True))
    print(report(found))
