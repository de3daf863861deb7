"""Raises RETRO_SPIKE when late reports make a bucket unusual that was closed long ago. It judges once a day, when a day closes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mekong.schemas.alerts import Alert, Kind, State
from mekong.streams.core.spikes.kinds.detector import Detector, Tick, nothing
from mekong.streams.core.spikes.series.spans import first_day
from mekong.streams.core.spikes.series.track import Track
from mekong.streams.core.spikes.statistics.verdict import Verdict
from mekong.streams.core.spikes.store import DetectorStore
from mekong.streams.core.spikes.wording import explain, queries

_REMEMBERED = 50
EMPTY: dict[str, Any] = {"told": [], "on": None}


def on_day(store: DetectorStore, tick: Tick) -> Iterator[Alert]:
    """Learn the corrected past again. Raise one alert for the least probable bucket of each series, and not again for all groups."""
    limit = store.rules.spike.open_p / store.rules.spike.second_look
    told_today: set[tuple[str, int]] = set()
    for group, track in store.tracks.items():
        if track.is_settled:
            continue
        memory = track.memory  # as it is now: ``repair`` begins a new one when a history arrived
        found = [
            verdict
            for verdict in track.repair(store.delays, tick.today)
            if verdict.p < limit and verdict.observed >= store.rules.spike.min_cases and memory.late_in(verdict.bucket) > 0
        ]
        part = store.part("retro", EMPTY, change=bool(found))
        new = [verdict for verdict in found if name(group, track, verdict) not in part["told"]]
        remember(store, group, track, new)
        least = min(new, key=lambda one: (one.p, one.bucket), default=None)
        if least is not None:
            part["on"] = store.today
        if least is not None and (track.size, least.bucket) not in told_today:
            told_today.add((track.size, least.bucket))
            yield _alert(store, group, track, least, tick.at)


def remember(store: DetectorStore, group: str, track: Track, verdicts: Sequence[Verdict]) -> None:
    """Remember buckets that have an alert already, here or as a SPIKE. Late reports do not raise another alert for them."""
    part = store.part("retro", EMPTY, change=bool(verdicts))
    part["told"] = [*part["told"], *[name(group, track, verdict) for verdict in verdicts]][-_REMEMBERED:]


def name(group: str, track: Track, verdict: Verdict) -> str:
    """The name of a bucket of a series."""
    return f"{group}/{track.size}/{verdict.bucket}"


def _alert(store: DetectorStore, group: str, track: Track, verdict: Verdict, at: str) -> Alert:
    bucket = explain.span_of(track.size, verdict.bucket, verdict.length)
    behind = track.memory.behind(verdict.bucket - verdict.length + 1, verdict.bucket)
    figures = explain.figures(verdict)
    return explain.alert(
        store,
        Kind.RETRO_SPIKE,
        State.OPEN,
        store.rules.tier(verdict.p),
        group=group,
        opener=f"{track.size} {first_day(track.size, verdict.bucket)}",
        bucket=bucket,
        raised_at=at,
        facts={"observed": verdict.observed, "expected": verdict.expected, "most": figures["interval_90"].high},
        sql=queries.of_span(store.whose, group, bucket),
        events=behind.events,
        count=verdict.observed,
        late_share=explain.rounded(min(1.0, behind.late / max(1, verdict.observed))),
        explain=explain.explained(verdict, verdict.evidence),
        **figures,
    )


DETECTOR = Detector(Kind.RETRO_SPIKE, "Late reports make a day, week or month unusual that was closed long ago.", nothing, on_day)
