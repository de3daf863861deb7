"""Raises SPIKE for more cases in a bucket than its series' past explains. It can open at the record that reaches the critical count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mekong.schemas.alerts import Alert, Kind, State
from mekong.streams.core.spikes.case import Case, Part
from mekong.streams.core.spikes.kinds import retro
from mekong.streams.core.spikes.kinds.detector import Detector, Tick
from mekong.streams.core.spikes.seen import Seen
from mekong.streams.core.spikes.series.hysteresis import rise, settle
from mekong.streams.core.spikes.series.series import Series
from mekong.streams.core.spikes.series.spans import first_day, number_of
from mekong.streams.core.spikes.series.track import Track
from mekong.streams.core.spikes.statistics.multiplicity import flags, q_values
from mekong.streams.core.spikes.statistics.verdict import Verdict
from mekong.streams.core.spikes.store import ALL, DetectorStore
from mekong.streams.core.spikes.wording import explain, queries, sentences

_SAME_EXCESS = 0.8
"""The share of the larger excess that the smaller one must have, so that one alert of the agency is enough for both."""


class _Beside(NamedTuple):
    """The other verdicts of the same moment by group, and the q-value and e-BH flag among them."""

    q: float
    is_flagged: bool
    verdicts: Mapping[str, Verdict]


def on_case(store: DetectorStore, case: Case) -> Iterator[Alert]:
    """Count a case, and check whether a bucket has reached its critical count."""
    if case.removed:
        _count(store, case, case.removed, -1)
    if case.added is None:
        return
    counted = _count(store, case, case.added, 1)
    for group, bucket in counted if not case.is_history else ():
        track = store.track(group)
        if bucket >= number_of(track.size, store.since):
            yield from _look(store, group, track, bucket, case.received_at)


def on_day(store: DetectorStore, tick: Tick) -> Iterator[Alert]:
    """Close the buckets that are over, judge them a last time, and clear alerts whose series is usual again."""
    closed = [(group, one) for group, track in store.tracks.items() for one in track.close(store.delays, tick.today)]
    qs = q_values([one.verdict.p for _, one in closed])
    e_bh = flags([one.evidence for _, one in closed])
    verdicts = {group: one.verdict for group, one in closed}
    for (group, one), q, flagged in zip(closed, qs, e_bh, strict=True):
        track = store.track(group)
        if one.verdict.observed >= store.rules.spike.min_cases:
            yield from _rise(store, group, track, one.verdict, one.evidence, tick.at, _Beside(q, flagged, verdicts))
        standing, said = settle(track.standing, one.verdict, store.rules.spike)
        if said is not None and track.standing.is_told:
            yield _alert(store, group, track, one.verdict, one.evidence, said, tick.at, _Beside(q, flagged, verdicts))
        track.stand(standing)
    if number_of("month", tick.today) != number_of("month", tick.today - 1):
        for track in store.tracks.values():
            track.choose(tick.today)


def _count(store: DetectorStore, case: Case, part: Part, sign: int) -> list[tuple[str, int]]:
    """Count a version in the tracks of its groups and in the track of all groups. Returns the buckets that can be judged."""
    found = []
    for group in (*part.groups, ALL):
        track = store.track(group)
        bucket = track.count(part.day, has_day=part.has_day, cases=sign)
        if bucket is None:
            continue
        is_late = track.is_late(bucket)
        if sign > 0:
            features = {} if _was_in(case, group, track, bucket) else case.features  # the removed version leaves its features in the memory
            track.memory.add(bucket, case.event_id, features, is_late=is_late and not case.is_history)
        else:
            track.memory.remove(bucket, case.event_id, is_late=is_late)
        if track.series is not None and bucket >= track.series.oldest_open and track.is_judged:
            found.append((group, bucket))
    return found


def _was_in(case: Case, group: str, track: Track, bucket: int) -> bool:
    """Whether the earlier version was in the same bucket."""
    was = case.removed
    return was is not None and group in (*was.groups, ALL) and bucket == number_of(track.size, was.day)


def _look(store: DetectorStore, group: str, track: Track, bucket: int, at: str) -> Iterator[Alert]:
    """Compare the bucket's count with the critical count. A late report is judged by its own bucket only, with a harder limit."""
    series, standing, rules = track.series, track.standing, store.rules.spike
    assert series is not None  # noqa: S101 - a bucket was found
    is_late = track.is_late(bucket)
    if standing.opened is not None and (standing.is_escalated or is_late):
        return
    factor = rules.second_look if is_late else 1.0
    wanted = rules.open_p / factor if standing.opened is None else min(standing.lowest / rules.escalate, rules.severe_p)
    if series.count_of(bucket) >= series.critical(bucket, wanted):
        verdict = series.judge(bucket)
        if verdict.observed >= rules.min_cases:
            yield from _rise(store, group, track, verdict, max(track.evidence, 1.0) * verdict.evidence, at, None, factor)


def _rise(
    store: DetectorStore, group: str, track: Track, verdict: Verdict, evidence: float, at: str, beside: _Beside | None, factor: float = 1.0
) -> Iterator[Alert]:
    standing, said = rise(track.standing, verdict, store.rules.spike, factor)
    if said is None:
        return
    beside = beside or _now(store, group, verdict, evidence)
    if said is State.OPEN:
        standing = standing._replace(is_told=not _is_told_by_another(store, group, verdict, beside))
        retro.remember(store, group, track, [verdict])
    track.stand(standing)
    if standing.is_told:
        yield _alert(store, group, track, verdict, evidence, said, at, beside)


def _is_told_by_another(store: DetectorStore, group: str, verdict: Verdict, beside: _Beside) -> bool:
    """Whether an alert of all groups explains this alert of one group, or the other way round: one event has one alert."""
    excess = verdict.observed - verdict.expected
    for other, theirs in beside.verdicts.items():
        standing = store.track(other).standing
        if other != group and ALL in {other, group} and standing.opened is not None and standing.is_told:
            others_excess = theirs.observed - theirs.expected
            if min(excess, others_excess) >= _SAME_EXCESS * max(excess, others_excess):
                return True
    return False


def _now(store: DetectorStore, group: str, verdict: Verdict, evidence: float) -> _Beside:
    """The verdicts of the agency's other series at this moment."""
    verdicts, ps, es = {group: verdict}, [verdict.p], [evidence]
    for other, track in store.tracks.items():
        if other != group and track.is_judged and track.series is not None:
            verdicts[other] = theirs = track.series.judge(track.series.newest)
            ps.append(theirs.p)
            es.append(max(track.evidence, 1.0) * theirs.evidence)
    return _Beside(q_values(ps)[0], flags(es)[0], verdicts)


def _alert(
    store: DetectorStore, group: str, track: Track, verdict: Verdict, evidence: float, state: State, at: str, beside: _Beside
) -> Alert:
    series, opened = track.series, track.standing.opened
    assert series is not None  # noqa: S101 - judged by it
    assert opened is not None  # noqa: S101 - only what is open is told
    bucket = explain.span_of(track.size, verdict.bucket, verdict.length)
    behind = track.memory.behind(verdict.bucket - verdict.length + 1, verdict.bucket)
    cases = store.part("cases", {"n": 0}, change=False)["n"]
    shown = explain.stands_out(behind.traits, Seen(store).of, max(1, verdict.observed), cases) if state != State.CLEARED else ()
    day, peak = first_day(track.size, opened), track.standing.peak
    judged = verdict._replace(p=peak.p) if state is State.CLEARED else verdict
    return explain.alert(
        store,
        Kind.SPIKE,
        state,
        store.rules.tier(min(verdict.p, peak.p)),
        group=group,
        opener=f"{track.size} {day}",
        bucket=bucket,
        raised_at=at,
        facts=_facts(track, verdict, opened),
        sql=queries.of_span(store.whose, group, bucket),
        events=behind.events,
        count=verdict.observed,
        stands_out=shown,
        late_share=explain.rounded(min(1.0, behind.late / max(1, verdict.observed))),
        smallest=_smallest(store, series, verdict.bucket),
        explain=explain.explained(judged, evidence, beside.q, e_bh=beside.is_flagged),
        **(explain.figures(verdict) | {"opened": day}),
    )


def _facts(track: Track, verdict: Verdict, opened: int) -> dict[str, Any]:
    """The facts for the sentence."""
    peak = track.standing.peak
    return {
        "observed": verdict.observed,
        "expected": verdict.expected,
        "most": explain.figures(verdict)["interval_90"].high,
        "peak": peak.observed,
        "peak_expected": peak.expected,
        "peak_when": sentences.span(explain.span_of(track.size, peak.bucket, peak.length)),
        "opened": sentences.span(explain.span_of(track.size, opened)),
    }


def _smallest(store: DetectorStore, series: Series, bucket: int) -> int | None:
    """The smallest count that opens an alert in the bucket. None when the bucket is not open any more."""
    rules = store.rules.spike
    return max(rules.min_cases, series.critical(bucket, rules.open_p)) if bucket >= series.oldest_open else None


DETECTOR = Detector(Kind.SPIKE, "More cases in a day, week or month than the past of the series explains.", on_case, on_day)
