"""The journal of the demo without Kafka: its two files by their formats, through the real intake, and by the sink into ClickHouse."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from mekong.deploy.cli.demo import DATA, EXAMPLE, sources_in
from mekong.producers.files import format_named
from mekong.producers.parsed import Parsed
from mekong.schemas import wire
from mekong.schemas.control import CONTROL_HEADER, sign
from mekong.schemas.topics import INCOMING
from mekong.sinks.base import Batch, Source
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.clickhouse.migrate import migrate
from mekong.sinks.clickhouse.sink import ClickHouseSink
from mekong.sinks.clickhouse.tables.journal import TABLE
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake
from tests.fakes import Record

SECRET = b"the secret of the demo's journal"
LANES, BLOCK, RECEIVED_MS = 8, 20_000, 1_795_000_000_000


class _Lane:
    """One partition of the journal, with the intake that fills it."""

    def __init__(self, number: int) -> None:
        self.source, self.after, self.entries = Source("journal.v1", number), -1, []
        self._intake, self._draft, self._offsets = Intake(Deployment(SECRET, clock_is_on=True)), Draft({}, {}), {}

    def fold(self, agency: str, value: bytes, headers: tuple = ()) -> None:
        offset = self._offsets[agency] = self._offsets.get(agency, -1) + 1
        record = Record(offset, value, timestamp=RECEIVED_MS + offset, headers=headers)
        for found in self._intake.fold(self._draft, INCOMING.of(agency), agency, [record]):
            if found.entry:
                self.entries.append(wire.dump(found.entry))

    def batch(self) -> Batch:
        offsets = list(range(self.after + 1, self.after + 1 + len(self.entries)))
        batch = Batch(self.source, self.after, offsets, [RECEIVED_MS] * len(offsets), self.entries)
        self.after, self.entries = offsets[-1], []
        return batch


def store_demo(url: str) -> int:
    """Store it in a new database, and then the example of made-up messages; the number of messages."""
    migrate(url)
    database = Database(url)
    sink, lanes, known, messages = ClickHouseSink(database, TABLE), [_Lane(number) for number in range(LANES)], set(), 0
    for item, profile in _messages():
        lane = lanes[crc32(INCOMING.of(item.agency).encode()) % LANES]
        if item.agency not in known:
            known.add(item.agency)
            lane.fold(item.agency, profile, ((CONTROL_HEADER, sign(SECRET, INCOMING.of(item.agency), profile)),))
        lane.fold(item.agency, item.value)
        messages += 1
        if messages % BLOCK == 0:
            sink.write([lane.batch() for lane in lanes if lane.entries])
    sink.write([lane.batch() for lane in lanes if lane.entries])
    database.close()
    return messages


def _messages() -> Iterator[tuple[Parsed, bytes]]:
    """Each message, with the profile of its agency."""
    formats = [*sources_in(DATA), (EXAMPLE, format_named("json"))]
    knows = [format_ for _, format_ in formats]
    for path, format_ in formats:
        for item in format_.parse([path.read_bytes()]):
            if isinstance(item, Parsed):
                yield item, wire.encode(next(found for one in knows if (found := one.profile(item.agency))))
