"""Makes from an agency's file the journal that intake would make of it, by the data's own time. It needs no server.

It works like ``mekong replay``: the format's parser, event time with ticks between (``producers/timeline.py``), then the fold of
intake. A message with a time arrives at that time. A message with only a day or a month arrives at the end of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from mekong.deploy.backtest.replay import Placed
from mekong.deploy.profiles import Given, profile_of
from mekong.producers.files import Chunks, tomorrow_anywhere
from mekong.producers.parsed import Format, Parsed, Stamp
from mekong.producers.timeline import possible, timeline
from mekong.schemas.batches import BATCH_HEADER
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile, sign
from mekong.schemas.errors import Refused
from mekong.schemas.rejected import Rejected
from mekong.schemas.times import EventTime, Precision
from mekong.schemas.topics import INCOMING, lane_of
from mekong.schemas.wire import dump, encode, load
from mekong.schemas.zones import midnight
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake

_BATCH = ((BATCH_HEADER, b"replay"),)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


class Record(NamedTuple):
    """What intake reads of a Kafka record."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class FileJournal:
    """The journal of one file. ``outcomes`` counts what became of its messages. It is complete when all entries were read."""

    def __init__(self, path: Path, format_: Format, secret: bytes, on_bytes: Callable[[int], None] = lambda _: None) -> None:
        self._path, self._format, self._secret, self._on_bytes = path, format_, secret, on_bytes
        self._intake, self._draft = Intake(Deployment(secret, clock_is_on=False)), Draft({}, {})
        self._offsets: Counter[str] = Counter()
        self._now_ms = 0
        self._profiles: dict[str, AgencyProfile] = {}
        self._refused: Rejected | None = None
        self.outcomes: Counter[str] = Counter()

    def entries(self) -> Iterator[Placed]:
        """The entries, in the order of the data's own time. All messages are held in memory, about 1 kB each.

        Raises Refused when the file does not have a message.
        """
        messages = list(self._messages())
        if not messages:
            why = f": {self._refused.where or 'the file'}: {self._refused.detail}" if self._refused else "."
            raise Refused(f"{self._path} does not have a message of the format {self._format.name}{why}")
        agencies = sorted({message.agency for message in messages if message.agency})
        self._profiles = {agency: found for agency in agencies if (found := known_profile(agency, self._format)) is not None}
        for agency, profile in self._profiles.items():
            yield from self._taken(agency, [self._control(agency, encode(profile))])
        ordered = timeline(messages, self._place, tomorrow_anywhere())
        for agency, items in groupby(ordered, key=lambda item: item.agency or ""):
            yield from self._taken(agency, self._records(agency, items))

    def _messages(self) -> Iterator[Parsed]:
        for item in self._format.parse(Chunks(self._path, self._on_bytes)):
            if isinstance(item, Rejected):
                self._refused = self._refused or item
                self.outcomes[f"rejected: {item.reason}"] += 1
            else:
                yield item

    def _place(self, agency: str) -> str:
        found = self._profiles.get(agency)
        return found.place if found else "+00:00"

    def _records(self, agency: str, items: Iterable[Parsed | Stamp]) -> Iterator[Record]:
        place, latest = self._place(agency), tomorrow_anywhere()
        for item in items:
            if isinstance(item, Stamp):
                yield self._control(agency, item.value)
                continue
            at = known_at(item.time, place) if possible(item.time, latest) else None
            if at is not None:  # a message without a time arrives with the one before it
                self._now_ms = round(at.timestamp() * 1_000)
            yield Record(0, self._now_ms, item.case_no.encode(), item.value, _BATCH)

    def _control(self, agency: str, value: bytes) -> Record:
        return Record(0, self._now_ms, None, value, ((CONTROL_HEADER, sign(self._secret, INCOMING.of(agency), value)),))

    def _taken(self, agency: str, records: Iterable[Record]) -> Iterator[Placed]:
        """What intake answers to a run of one agency's records. Their offsets are filled in here."""
        topic = INCOMING.of(agency)
        run = [record._replace(offset=self._offsets[topic] + number) for number, record in enumerate(records)]
        self._offsets[topic] += len(run)
        for said in self._intake.fold(self._draft, topic, agency, run):
            if said.receipt is not None:
                why = said.receipt.get("reason")
                self.outcomes[f"{said.receipt['outcome']}: {why}" if why else said.receipt["outcome"]] += 1
            if said.entry is not None:
                yield Placed(lane_of(topic), load(dump(said.entry)))


def known_at(when: EventTime | None, place: str) -> datetime | None:
    """The moment from which an event of that time could be known, at a place (schemas/zones.py). None without a time."""
    if when is None:
        return None
    if when.minute is not None:
        return datetime.fromtimestamp(when.minute * 60, UTC)
    return midnight(_end(when), place) - _SECOND


def known_profile(agency: str, format_: Format) -> AgencyProfile | None:
    """The profile of an agency from the format or the code lists, or a profile made from its code. None when the code is not enough."""
    found = format_.profile(agency)
    if found is not None:
        return found
    for given in (Given(), Given(name=agency, kind="other", country=agency[:2], utc_offset="+00:00")):
        try:
            return profile_of(agency, given)
        except Refused:
            continue
    return None


def _end(when: EventTime) -> date:
    if when.precision is Precision.YEAR:
        return when.day.replace(year=when.day.year + 1)
    return (when.day.replace(day=28) + 4 * _DAY).replace(day=1) if when.precision is Precision.MONTH else when.day + _DAY
