"""RETRO_SPIKE: late reports have made a bucket unusual that was closed long ago. Judged once a day, when a day closes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from schemas.alerts import Alert, Kind, State
from streams.core.spikes import explain, queries, wording
from streams.core.spikes.desk import Desk
from streams.core.spikes.detector import Detector, Tick, nothing
from streams.core.spikes.spans import first_day
from streams.core.spikes.track import Track
from streams.core.spikes.verdict import Verdict

_REMEMBERED = 50
EMPTY: dict[str, Any] = {"told": [], "on": None}


def on_day(desk: Desk, tick: Tick) -> Iterator[Alert]:
    """Learn the corrected past again; tell of the least probable bucket of each series, once, and not again for all groups."""
    limit = desk.rules.spike.open_p / desk.rules.spike.second_look
    told_today: set[tuple[str, int]] = set()
    for group, track in desk.tracks.items():
        if track.is_settled:
            continue
        memory = track.memory  # as it is now: a history that came begins another
        found = [
            verdict
            for verdict in track.repair(desk.delays, tick.today)
            if verdict.p < limit and verdict.observed >= desk.rules.spike.min_cases and memory.late_in(verdict.bucket) > 0
        ]
        part = desk.part("retro", EMPTY, change=bool(found))
        new = [verdict for verdict in found if name(group, track, verdict) not in part["told"]]
        remember(desk, group, track, new)
        least = min(new, key=lambda one: (one.p, one.bucket), default=None)
        if least is not None:
            part["on"] = desk.today
        if least is not None and (track.size, least.bucket) not in told_today:
            told_today.add((track.size, least.bucket))
            yield _alert(desk, group, track, least, tick.at)


def remember(desk: Desk, group: str, track: Track, verdicts: Sequence[Verdict]) -> None:
    """These buckets have been told of, here or as a SPIKE: late reports do not tell of them again."""
    part = desk.part("retro", EMPTY, change=bool(verdicts))
    part["told"] = [*part["told"], *[name(group, track, verdict) for verdict in verdicts]][-_REMEMBERED:]


def name(group: str, track: Track, verdict: Verdict) -> str:
    """A bucket of a series."""
    return f"{group}/{track.size}/{verdict.bucket}"


def _alert(desk: Desk, group: str, track: Track, verdict: Verdict, at: str) -> Alert:
    bucket = explain.span_of(track.size, verdict.bucket, verdict.length)
    behind = track.memory.behind(verdict.bucket - verdict.length + 1, verdict.bucket)
    figures = explain.figures(verdict)
    return explain.alert(
        desk,
        Kind.RETRO_SPIKE,
        State.OPEN,
        desk.rules.tier(verdict.p),
        group=group,
        opener=f"{track.size} {first_day(track.size, verdict.bucket)}",
        bucket=bucket,
        raised_at=at,
        facts={"observed": verdict.observed, "expected": wording.number(verdict.expected), "most": figures["interval_90"].high},
        sql=queries.of_span(desk.whose, group, bucket),
        events=behind.events,
        count=verdict.observed,
        late_share=explain.rounded(min(1.0, behind.late / max(1, verdict.observed))),
        explain=explain.explained(verdict, verdict.evidence),
        **figures,
    )


DETECTOR = Detector(Kind.RETRO_SPIKE, "Late reports make a day, week or month unusual that was closed long ago.", nothing, on_day)
