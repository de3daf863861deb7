"""``mekong status``: finds how each stage of a deployment does, and what a person should look at.

A stage is stuck when it has something to read and its place does not move, also when one looks again. Expensive checks are not made here
but by ``mekong verify``: the state of the workers, and whether anything is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from kafka import TopicPartition

from mekong.deploy.aside import all_aside
from mekong.deploy.health import notifier, sink
from mekong.deploy.health.offsets import Offsets, Span
from mekong.deploy.health.stages import STAGES, Stage
from mekong.deploy.parking import parked_sources, what_to_do
from mekong.deploy.registry import list_agencies
from mekong.producers.broker import reaching
from mekong.schemas.control import SourceOrder
from mekong.schemas.errors import Fatal, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.topics import JOURNAL, agency_of

PAUSE_S = 4.0
"""The time between two looks. The group's commit follows a stage within a second or two."""
LOOKS = 5
"""At most so many looks after the first one. In a rebalance, or on a busy machine, a stage may do nothing for 11 s."""
SILENT = timedelta(minutes=5)
"""The journal is silent after this time without a new entry: the clock writes one entry a minute for each agency."""
_LOG = "see the end of its log"
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
Standing = tuple[int, str]
"""About how many records wait, and where a stage is stuck; empty when it is not."""


class Seen(NamedTuple):
    """One stage."""

    name: str
    waiting: int = 0
    """Records that it has not read, about."""
    stands_at: str = ""
    """The place where the stage is stuck. Empty when it moves, or has read everything."""
    last_at: datetime | None = None
    """When it wrote last."""

    def as_row(self, now: datetime) -> list[str]:
        """The row of a table."""
        return [self.name, "STANDS" if self.stands_at else "ok", f"{self.waiting:,}", age(self.last_at, now)]

    def as_json(self) -> dict[str, Any]:
        """The values for a script."""
        return {**self._asdict(), "last_at": self.last_at.isoformat() if self.last_at else None}


class Health(NamedTuple):
    """How a deployment does."""

    stages: Sequence[Seen]
    trouble: Sequence[str]
    """What is not as it should be, a sentence each, with the command to run."""


def look(settings: Settings, pause_s: float = PAUSE_S) -> Health:
    """Look at every stage, twice. What cannot be asked is a sentence too."""

    def told(part: Callable[[Settings, float], Iterator[Seen | str]]) -> list[Seen | str]:
        found: list[Seen | str] = []
        try:
            with reaching(settings, "look at the stages"):
                for one in part(settings, pause_s):
                    found.append(one)  # noqa: PERF402 - what was found before a failure counts
        except (Fatal, Retriable) as exc:
            found.append(str(exc))
        return found

    with ThreadPoolExecutor() as side_by_side:
        found = [one for part in side_by_side.map(told, (_workers, _notifier, _sink, _aside)) for one in part]
    return Health([one for one in found if isinstance(one, Seen)], list(dict.fromkeys(one for one in found if isinstance(one, str))))


def age(at: datetime | None, now: datetime) -> str:
    """How long ago, in one number; a dash when never."""
    if at is None:
        return "-"
    seconds = max(0, int((now - at).total_seconds()))
    for size, unit in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _workers(settings: Settings, pause_s: float) -> Iterator[Seen | str]:
    """Intake and the workers after it, by the commits of their groups, which follow their positions."""
    with Offsets(settings) as places:
        topics = places.topics()
        if JOURNAL.name not in topics:
            yield f"the topic {JOURNAL.name} does not exist here: `mekong topics --create` makes it"
            return
        stages = [stage for stage in STAGES if settings.clock_is_on() or not stage.is_live]
        parked = parked_sources(settings)
        yield from _parked(settings, places, parked)
        ends = {stage.name: places.ends(filter(stage.reads, topics - parked.keys())) for stage in stages}
        before = places.commits(ends)

        def seen() -> dict[str, Standing]:
            after = places.commits(ends)
            return {name: standing(places, ends[name], before[name], after[name]) for name in ends}

        found = looked_again(seen, pause_s)
        now = datetime.now(UTC)
        for stage in stages:
            last_at = places.newest(filter(stage.writes, topics))
            yield Seen(stage.name, *found[stage.name], last_at)
            if stands := found[stage.name][1]:
                yield f"{stage.name} stands at {stands}: {_LOG}"
            yield from _silent(settings, stage, topics, last_at, now)


def _parked(settings: Settings, places: Offsets, parked: Mapping[str, SourceOrder]) -> Iterator[str]:
    """Topics that are parked. Topics of agencies that were removed are left out, because nobody waits for them."""
    removed = {profile.agency for profile in list_agencies(settings) if profile.status == "removed"} if parked else set()
    for tp, begins in sorted(places.begins(parked).items()):
        if (order := parked[tp.topic]).agency not in removed:
            yield f"{tp.topic} is parked ({order.reason}): {what_to_do(order, begins)}"


def _silent(settings: Settings, stage: Stage, topics: set[str], last_at: datetime | None, now: datetime) -> Iterator[str]:
    """Report when no tick has arrived in the journal for too long."""
    is_ticking = settings.clock_is_on() and any(map(agency_of, topics))
    if stage.name == "intake" and is_ticking and last_at is not None and now - last_at > SILENT:
        yield f"no tick has come into the journal for {age(last_at, now).removesuffix(' ago')}: does `mekong clock` run?"


def _notifier(settings: Settings, pause_s: float) -> Iterator[Seen | str]:  # noqa: ARG001 - as the others
    if settings.clock_is_on():
        found = notifier.look(settings)
        yield Seen("notifier", found.waiting, found.oldest, found.last_at)
        if found.oldest:
            yield f"the notifier has not tried {found.waiting:,} notifications, {found.oldest}: {_LOG}"


def _sink(settings: Settings, pause_s: float) -> Iterator[Seen | str]:
    """ClickHouse's tables, by the positions that they hold."""
    with Offsets(settings) as places:
        topics = places.topics()
        before = sink.places(settings, topics, places)

        def seen() -> dict[str, Standing]:
            after = sink.places(settings, topics, places)
            return {table: standing(places, ends, first, after[table][1]) for table, (ends, first) in before.items()}

        waiting, where = 0, ""
        for table, (more, stands) in looked_again(seen, pause_s).items():
            waiting, where = waiting + more, where or stands
            if stands:
                yield f"the sink of table {table} stands at {stands}: {_LOG}"
        yield Seen("sink", waiting, where)
    if dead := sink.dead_letters(settings):
        yield f"ClickHouse refused records ({dead:,}): see the table dead_letters; when it is fixed, run `mekong sink redrive`"


def _aside(settings: Settings, pause_s: float) -> Iterator[Seen | str]:  # noqa: ARG001 - as the others
    groups = all_aside(settings)
    if groups:
        yield f"records are set aside ({len(groups):,}), because our code fails on them: see `mekong aside list`"


def looked_again(seen: Callable[[], dict[str, Standing]], pause_s: float) -> dict[str, Standing]:
    """What is seen after a pause; while something seems to stand, what is seen after the next pause, at most ``LOOKS`` times."""
    for _ in range(LOOKS):
        time.sleep(pause_s)
        found = seen()
        if not any(stands for _, stands in found.values()):
            break
    return found


def standing(
    places: Offsets, ends: Mapping[TopicPartition, int], before: Mapping[TopicPartition, int], after: Mapping[TopicPartition, int]
) -> Standing:
    """About how many records wait, and where a stage is stuck: a place that did not move, with a committed record after it."""
    spans = {tp: Span(after.get(tp, 0), end) for tp, end in ends.items() if after.get(tp, 0) < end}
    still = {tp: span for tp, span in spans.items() if before.get(tp, 0) == span.first}
    unread = places.with_records(still)
    waiting = sum(span.end - span.first for tp, span in spans.items() if tp not in still or tp in unread)
    if not unread:
        return waiting, ""
    tp = min(unread, key=lambda one: (one.topic, one.partition))
    return waiting, f"{tp.topic}/{tp.partition} offset {spans[tp].first}"
