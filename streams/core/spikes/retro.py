"""RETRO_SPIKE: late reports have made a bucket unusual that was closed long ago. Judged once a day, when a day closes."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.alerts import Alert, Kind, State
from streams.core.spikes import explain, queries, wording
from streams.core.spikes.desk import Desk
from streams.core.spikes.detector import Detector, Tick, nothing
from streams.core.spikes.spans import first_day

_REMEMBERED = 50


def on_day(desk: Desk, tick: Tick) -> Iterator[Alert]:
    """Learn the corrected past again; tell of the least probable bucket of each series, once."""
    limit = desk.rules.spike.open_p / desk.rules.spike.second_look
    for group, track in desk.tracks.items():
        late = dict(track.late)
        told = desk.part("retro", {"told": []})["told"]
        found = [
            verdict
            for verdict in track.repair(desk.delays, tick.today)
            if verdict.p < limit
            and verdict.observed >= desk.rules.spike.min_cases
            and late.get(verdict.bucket, 0) > 0
            and f"{group}/{track.size}/{verdict.bucket}" not in told
        ]
        if not found:
            continue
        verdict = min(found, key=lambda one: (one.p, one.bucket))
        told += [f"{group}/{track.size}/{one.bucket}" for one in found]
        del told[:-_REMEMBERED]
        bucket = explain.span_of(track.size, verdict.bucket, verdict.length)
        behind = track.behind(verdict.bucket - verdict.length + 1, verdict.bucket)
        figures = explain.figures(verdict)
        yield explain.alert(
            desk,
            Kind.RETRO_SPIKE,
            State.OPEN,
            desk.rules.tier(verdict.p),
            group=group,
            opener=f"{track.size} {first_day(track.size, verdict.bucket)}",
            bucket=bucket,
            raised_at=tick.at,
            facts={
                "observed": verdict.observed,
                "expected": wording.number(verdict.expected),
                "most": figures["interval_90"].high,
            },
            sql=queries.of_span(desk.agency, group, bucket),
            events=behind.events,
            count=verdict.observed,
            late_share=explain.rounded(min(1.0, behind.late / max(1, verdict.observed))),
            explain=explain.explained(verdict, verdict.evidence),
            **figures,
        )


DETECTOR = Detector(Kind.RETRO_SPIKE, "Late reports make a day, week or month unusual that was closed long ago.", nothing, on_day)
