"""SPIKE: more cases in a bucket than the past of the series explains. May open on the very record that crosses the critical count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from schemas.alerts import Alert, Kind, State
from streams.core.spikes import explain, queries, retro, wording
from streams.core.spikes.case import Case, Part
from streams.core.spikes.desk import ALL, Desk
from streams.core.spikes.detector import Detector, Tick
from streams.core.spikes.hysteresis import rise, settle
from streams.core.spikes.multiplicity import flags, q_values
from streams.core.spikes.spans import first_day, number_of
from streams.core.spikes.track import Track
from streams.core.spikes.verdict import Verdict

_SAME_EXCESS = 0.8
"""Of the smaller excess, what another alert of the agency must explain to stand for both."""


class _Beside(NamedTuple):
    """What else was judged at the same moment: q-value and e-BH flag among them, and the verdicts by group."""

    q: float
    is_flagged: bool
    verdicts: Mapping[str, Verdict]


def on_case(desk: Desk, case: Case) -> Iterator[Alert]:
    """Count it, and look whether a bucket has crossed its critical count."""
    if case.removed:
        _count(desk, case, case.removed, -1)
    if case.added is None:
        return
    counted = _count(desk, case, case.added, 1)
    for group, bucket in counted if not case.is_history else ():
        track = desk.track(group)
        if bucket >= number_of(track.size, desk.since):
            yield from _look(desk, group, track, bucket, case.received_at)


def on_day(desk: Desk, tick: Tick) -> Iterator[Alert]:
    """Close what is over, look a last time, and clear what is usual again."""
    closed = [(group, one) for group, track in desk.tracks.items() for one in track.close(desk.delays, tick.today)]
    qs = q_values([one.verdict.p for _, one in closed])
    e_bh = flags([one.evidence for _, one in closed])
    verdicts = {group: one.verdict for group, one in closed}
    for (group, one), q, flagged in zip(closed, qs, e_bh, strict=True):
        track = desk.track(group)
        if one.verdict.observed >= desk.rules.spike.min_cases:
            yield from _rise(desk, group, track, one.verdict, one.evidence, tick.at, _Beside(q, flagged, verdicts))
        standing, said = settle(track.standing, one.verdict, desk.rules.spike)
        if said is not None and track.standing.is_told:
            yield _alert(desk, group, track, one.verdict, one.evidence, said, tick.at, _Beside(q, flagged, verdicts))
        track.stand(standing)
    if number_of("month", tick.today) != number_of("month", tick.today - 1):
        for track in desk.tracks.values():
            track.choose(tick.today)


def _count(desk: Desk, case: Case, part: Part, sign: int) -> list[tuple[str, int]]:
    """Count a version in the tracks of its groups and in that of all; returns the buckets that can be judged."""
    found = []
    for group in (*part.groups, ALL):
        track = desk.track(group)
        bucket = track.count(part.day, has_day=part.has_day, cases=sign)
        if bucket is None:
            continue
        is_late = track.is_late(bucket)
        if sign > 0:
            features = {} if _was_in(case, group, track, bucket) else case.features  # what is removed leaves its own behind
            track.memory.add(bucket, case.event_id, features, is_late=is_late and not case.is_history)
        else:
            track.memory.remove(bucket, case.event_id, is_late=is_late)
        if track.series is not None and bucket >= track.series.oldest_open and track.is_judged:
            found.append((group, bucket))
    return found


def _was_in(case: Case, group: str, track: Track, bucket: int) -> bool:
    """Whether the version before was in the same bucket."""
    was = case.removed
    return was is not None and group in (*was.groups, ALL) and bucket == number_of(track.size, was.day)


def _look(desk: Desk, group: str, track: Track, bucket: int, at: str) -> Iterator[Alert]:
    """Compare the bucket's count with the critical one. A late report is judged by its own bucket only, and harder."""
    series, standing, rules = track.series, track.standing, desk.rules.spike
    assert series is not None  # noqa: S101 - a bucket was found
    is_late = track.is_late(bucket)
    if standing.opened is not None and (standing.is_escalated or is_late):
        return
    factor = rules.second_look if is_late else 1.0
    wanted = rules.open_p / factor if standing.opened is None else min(standing.lowest / rules.escalate, rules.severe_p)
    if series.count_of(bucket) >= series.critical(bucket, wanted):
        verdict = series.judge(bucket)
        if verdict.observed >= rules.min_cases:
            yield from _rise(desk, group, track, verdict, max(track.evidence, 1.0) * verdict.evidence, at, None, factor)


def _rise(
    desk: Desk, group: str, track: Track, verdict: Verdict, evidence: float, at: str, beside: _Beside | None, factor: float = 1.0
) -> Iterator[Alert]:
    standing, said = rise(track.standing, verdict, desk.rules.spike, factor)
    if said is None:
        return
    beside = beside or _now(desk, group, verdict, evidence)
    if said is State.OPEN:
        standing = standing._replace(is_told=not _is_told_by_another(desk, group, verdict, beside))
        retro.remember(desk, group, track, [verdict])
    track.stand(standing)
    if standing.is_told:
        yield _alert(desk, group, track, verdict, evidence, said, at, beside)


def _is_told_by_another(desk: Desk, group: str, verdict: Verdict, beside: _Beside) -> bool:
    """Whether an alert of all groups explains this one of a group, or the other way round: one event, one alert."""
    excess = verdict.observed - verdict.expected
    for other, theirs in beside.verdicts.items():
        standing = desk.track(other).standing
        if other != group and ALL in {other, group} and standing.opened is not None and standing.is_told:
            others_excess = theirs.observed - theirs.expected
            if min(excess, others_excess) >= _SAME_EXCESS * max(excess, others_excess):
                return True
    return False


def _now(desk: Desk, group: str, verdict: Verdict, evidence: float) -> _Beside:
    """The agency's other series as they stand at this moment."""
    verdicts, ps, es = {group: verdict}, [verdict.p], [evidence]
    for other, track in desk.tracks.items():
        if other != group and track.is_judged and track.series is not None:
            verdicts[other] = theirs = track.series.judge(track.series.newest)
            ps.append(theirs.p)
            es.append(max(track.evidence, 1.0) * theirs.evidence)
    return _Beside(q_values(ps)[0], flags(es)[0], verdicts)


def _alert(desk: Desk, group: str, track: Track, verdict: Verdict, evidence: float, state: State, at: str, beside: _Beside) -> Alert:
    series, opened = track.series, track.standing.opened
    assert series is not None  # noqa: S101 - judged by it
    assert opened is not None  # noqa: S101 - only what is open is told
    bucket = explain.span_of(track.size, verdict.bucket, verdict.length)
    behind = track.memory.behind(verdict.bucket - verdict.length + 1, verdict.bucket)
    traits = desk.part("traits", {"n": 0, "seen": {}}, change=False)
    shown = explain.stands_out(behind.traits, traits["seen"], max(1, verdict.observed), traits["n"]) if state != State.CLEARED else ()
    figures = explain.figures(verdict)
    day, peak = first_day(track.size, opened), track.standing.peak
    return explain.alert(
        desk,
        Kind.SPIKE,
        state,
        desk.rules.tier(min(verdict.p, peak.p)),
        group=group,
        opener=f"{track.size} {day}",
        bucket=bucket,
        raised_at=at,
        facts={
            "observed": verdict.observed,
            "expected": wording.number(verdict.expected),
            "most": figures["interval_90"].high,
            "peak": f"{peak.observed:,}",
            "peak_expected": wording.number(peak.expected),
            "peak_when": wording.span(explain.span_of(track.size, peak.bucket, peak.length)),
            "opened": wording.span(explain.span_of(track.size, opened)),
        },
        sql=queries.of_span(desk.whose, group, bucket),
        events=behind.events,
        count=verdict.observed,
        stands_out=shown,
        late_share=explain.rounded(min(1.0, behind.late / max(1, verdict.observed))),
        smallest=max(desk.rules.spike.min_cases, series.critical(verdict.bucket, desk.rules.spike.open_p))
        if verdict.bucket >= series.oldest_open
        else None,
        explain=explain.explained(
            verdict._replace(p=peak.p) if state is State.CLEARED else verdict, evidence, beside.q, e_bh=beside.is_flagged
        ),
        **(figures | {"opened": day}),
    )


DETECTOR = Detector(Kind.SPIKE, "More cases in a day, week or month than the past of the series explains.", on_case, on_day)
