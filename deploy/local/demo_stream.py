"""Brings every case of some files into ClickHouse, with figures while it runs and an account at the end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Literal, NamedTuple

from mekong.producers.files import SendOptions, replay_files
from mekong.producers.ledger import Summary
from mekong.producers.parsed import Format, Parsed
from mekong.producers.sending import Progress
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.receipts import Outcome
from mekong.schemas.rejected import Rejected
from mekong.schemas.settings import Settings
from mekong.sinks.clickhouse.client import Database

STORED = "SELECT countIf(kind = 'version') FROM journal"
STALLED_S = 120.0
_ASK_EVERY_S, _HURRY_S = 1.0, 0.1
_RATE_OVER_S = 10.0
_VERSIONS = (Outcome.ACCEPTED, Outcome.CORRECTED, Outcome.WITHDRAWN)


Doing = Literal["reading", "adding agencies", "streaming"]


class Figures(NamedTuple):
    """How far it is."""

    read: int
    """Messages found in the files."""
    doing: Doing
    sent: int
    accepted: int
    rejected: int
    stored: int
    """Cases in ClickHouse."""
    per_s: float
    """Cases a second into ClickHouse, over the last seconds."""


class Streamed(NamedTuple):
    """What became of the files."""

    summary: Summary
    per_file: Mapping[str, int]
    """Name of a file -> messages found in it."""
    stored: int
    seconds: float
    """The time from the first byte read to the last case in ClickHouse."""


class Arrivals(Thread):
    """Asks ClickHouse once a second how many versions of cases it holds."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.stored = 0
        self.failed: Fatal | None = None
        self._url = url
        self._every_s = _ASK_EVERY_S
        self._end = Event()
        self._seen: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def run(self) -> None:
        """Ask until it must stop."""
        database = Database(self._url)
        while not self._end.wait(self._every_s):
            try:
                self.stored = int(database.value(STORED))
            except Retriable:
                continue
            except Fatal as exc:
                self.failed = exc
                break
            self._seen.append((time.monotonic(), self.stored))
            while self._seen[-1][0] - self._seen[0][0] > _RATE_OVER_S:
                self._seen.popleft()
        database.close()

    @property
    def per_s(self) -> float:
        """Arrivals a second, over the last seconds."""
        seen = tuple(self._seen)
        elapsed = seen[-1][0] - seen[0][0]
        return (seen[-1][1] - seen[0][1]) / elapsed if elapsed else 0.0

    def wait_for(self, expected: int, tell: Callable[[], None]) -> None:
        """Return when all cases have arrived. Raises Fatal when none has arrived for a long time."""
        self._every_s = _HURRY_S
        last, since = self.stored, time.monotonic()
        while self.stored < expected:
            if self.failed:
                raise self.failed
            if self.stored != last:
                last, since = self.stored, time.monotonic()
            if time.monotonic() - since > STALLED_S:
                raise Fatal(f"ClickHouse has {self.stored:,} of {expected:,} cases, and no more have come for {STALLED_S:.0f} s.")
            tell()
            time.sleep(_HURRY_S)

    def stop(self) -> None:
        """End."""
        self._end.set()
        self.join()


def stream(
    settings: Settings,
    sources: Sequence[tuple[Path, Format]],
    register: Callable[[Collection[str]], None],
    places: Callable[[], Mapping[str, str]],
    tell: Callable[[Figures], None],
) -> Streamed:
    """Replay the files and wait until every accepted case is in ClickHouse. ``tell`` is called with the figures several times a second.

    Raises what ``replay_files`` raises, and Fatal when the cases do not arrive in ClickHouse.
    """
    began = time.monotonic()
    found = {path.name: 0 for path, _ in sources}
    arrivals = Arrivals(settings.clickhouse())
    step = Progress(0, 0, 0, 0, 0)

    def show(doing: Doing = "streaming") -> None:
        tell(Figures(sum(found.values()), doing, step.sent, step.taken, step.refused, arrivals.stored, arrivals.per_s))

    def progress(now: Progress) -> None:
        nonlocal step
        step = now
        show()

    def add(agencies: Collection[str]) -> None:
        show("adding agencies")
        register(agencies)

    counted = [(path, format_._replace(parse=_counting(format_, path.name, found))) for path, format_ in sources]
    how = SendOptions(counted[0][1], batch="demo", register=add, progress=progress, on_bytes=lambda _: show("reading"))
    arrivals.start()
    try:
        summary = replay_files(settings, counted, how, places)
        arrivals.wait_for(sum(summary.outcomes[outcome] for outcome in _VERSIONS), show)
        seconds = time.monotonic() - began
        show()
    finally:
        arrivals.stop()
    return Streamed(summary, found, arrivals.stored, seconds)


def _counting(format_: Format, name: str, found: dict[str, int]) -> Callable[[Iterable[bytes]], Iterator[Parsed | Rejected]]:
    def parse(chunks: Iterable[bytes]) -> Iterator[Parsed | Rejected]:
        for item in format_.parse(chunks):
            found[name] += isinstance(item, Parsed)
            yield item

    return parse
