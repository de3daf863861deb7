"""A finding in, the alert with its sentences, what stands out and the query that shows it, out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from schemas.alerts import (
    MOST_EVENTS,
    Alert,
    Explain,
    Interval,
    Kind,
    Span,
    StandsOut,
    State,
    Tier,
    alert_id,
    series_key,
)
from schemas.codes import LANGUAGES
from streams.core.spikes import wording
from streams.core.spikes.case import FEATURES
from streams.core.spikes.desk import Desk
from streams.core.spikes.negbin import interval, mid_p
from streams.core.spikes.shape import Size
from streams.core.spikes.spans import days_of
from streams.core.spikes.verdict import Verdict

_DIGITS = 4
_LEAST_EVENTS = 3
_STANDS_OUT_P = 0.01
_MOST_BITS = 1_000.0


def span_of(size: Size, bucket: int, length: int = 1) -> Span:
    """The days of ``length`` buckets that end with ``bucket``."""
    first, last = days_of(size, bucket - length + 1)[0], days_of(size, bucket)[1]
    return Span(size=size, start=date.fromordinal(first), end=date.fromordinal(last))


def figures(verdict: Verdict) -> dict[str, Any]:
    """The fields of an alert that say what was seen and what was to be expected."""
    low, high = interval(0.5, verdict.expected, verdict.variance), interval(0.9, verdict.expected, verdict.variance)
    return {
        "observed": verdict.observed,
        "expected": rounded(verdict.expected),
        "interval_50": Interval(low=low[0], high=low[1]),
        "interval_90": Interval(low=high[0], high=high[1]),
        "ratio": rounded(verdict.observed / verdict.expected),
    }


def explained(verdict: Verdict, evidence: float, q: float | None = None, *, e_bh: bool | None = None) -> Explain:
    """The figures of the test."""
    return Explain(
        p=rounded(verdict.p),
        bits=bits(verdict.p),
        q=rounded(q) if q is not None else None,
        e_value=rounded(evidence),
        e_bh=e_bh,
        dispersion=rounded(verdict.dispersion),
        completeness=rounded(verdict.completeness),
    )


def bits(p: float) -> float:
    """Surprise of a probability."""
    return rounded(-math.log2(p)) if p > 0 else _MOST_BITS


def rounded(value: float) -> float:
    """Four significant digits: the others are not the same on every machine, and an alert is."""
    return float(f"{value:.{_DIGITS}g}")


def alert(
    desk: Desk,
    kind: Kind,
    state: State,
    tier: Tier,
    *,
    group: str,
    opener: str,
    bucket: Span,
    raised_at: str,
    facts: Mapping[str, Any],
    sql: str,
    events: Sequence[str] = (),
    count: int | None = None,
    stands_out: tuple[StandsOut, ...] = (),
    **fields: Any,
) -> Alert:
    """An alert of one agency. ``opener`` stands in its id for what opened it, ``count`` how many events there are behind it in all."""
    series = series_key(desk.whose, group or None)
    named = tuple(events[:MOST_EVENTS])
    words = {"who": {language: desk.name(language) for language in LANGUAGES}, "group": wording.group(group), "when": wording.span(bucket)}
    fields.setdefault("opened", bucket.start)
    return Alert(
        alert_id=alert_id(kind, series, opener, state),
        kind=kind,
        state=state,
        tier=tier,
        series=series,
        agency=desk.whose,
        network=desk.whose is None,
        commodity_group=group or None,
        bucket=bucket,
        raised_at=raised_at,
        event_ids=tuple(map(UUID, named)),
        more=max(0, (count if count is not None else len(events)) - len(named)),
        stands_out=stands_out,
        sql=sql,
        sentences=wording.say(kind, state, {**words, **facts}, stands_out),
        rules=desk.rules.version,
        **fields,
    )


def stands_out(
    here: Mapping[str, Mapping[str, int]], usual: Mapping[str, Mapping[str, int]], events: int, cases: int
) -> tuple[StandsOut, ...]:
    """Properties of ``events`` events that are commoner than in the agency's ``cases`` cases, the least probable first.

    ``usual`` counts the events themselves too, so they are taken out; a case is added to each side, or the first of its kind
    would have a usual share of nothing.
    """
    found: list[tuple[float, StandsOut]] = []
    for feature in FEATURES:
        for value, seen in here.get(feature, {}).items():
            before, others = max(0, usual.get(feature, {}).get(value, 0) - seen), max(0, cases - events)
            share = (before + 0.5) / (others + 1)
            p = mid_p(seen, events * share, events * share * (1 + events / (others + 1)))
            if seen >= _LEAST_EVENTS and 2 * seen > events and p < _STANDS_OUT_P:
                one = StandsOut(feature=feature, value=value, events=seen, of=events, usual_share=rounded(min(1.0, share)))
                found.append((p, one))
    return tuple(one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].feature, pair[1].value))[:3])
