"""Makes an alert from a finding, with its sentences, its unusual properties and the query that shows its cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from mekong.schemas.alerts import (
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
from mekong.schemas.languages import LANGUAGES
from mekong.streams.core.spikes.case import FEATURES
from mekong.streams.core.spikes.series.spans import days_of
from mekong.streams.core.spikes.statistics.negbin import interval, mid_p
from mekong.streams.core.spikes.statistics.shape import Size
from mekong.streams.core.spikes.statistics.verdict import Verdict
from mekong.streams.core.spikes.store import DetectorStore
from mekong.streams.core.spikes.wording import sentences

_DIGITS = 4
_LEAST_EVENTS = 3
_STANDS_OUT_P = 0.01
_MOST_BITS = 1_000.0


def span_of(size: Size, bucket: int, length: int = 1) -> Span:
    """The days of ``length`` buckets that end with ``bucket``."""
    first, last = days_of(size, bucket - length + 1)[0], days_of(size, bucket)[1]
    return Span(size=size, start=date.fromordinal(first), end=date.fromordinal(last))


def figures(verdict: Verdict) -> dict[str, Any]:
    """The fields of an alert with the observed and the expected count."""
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
    """The surprise of a probability, in bits."""
    return rounded(-math.log2(p)) if p > 0 else _MOST_BITS


def rounded(value: float) -> float:
    """The value with four significant digits. More digits may differ between machines, and an alert must not."""
    return float(f"{value:.{_DIGITS}g}")


def alert(
    store: DetectorStore,
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
    """An alert of one agency. ``opener`` is the part of its id that names its cause; ``count`` is the number of all its events."""
    series = series_key(store.whose, group or None)
    named = tuple(events[:MOST_EVENTS])
    fields.setdefault("opened", bucket.start)
    return Alert(
        alert_id=alert_id(kind, series, opener, state),
        kind=kind,
        state=state,
        tier=tier,
        series=series,
        agency=store.whose,
        network=store.whose is None,
        commodity_group=group or None,
        bucket=bucket,
        raised_at=raised_at,
        event_ids=tuple(map(UUID, named)),
        more=max(0, (count if count is not None else len(events)) - len(named)),
        stands_out=stands_out,
        sql=sql,
        sentences=sentences.say(kind, state, {**_words(store, group, bucket), **facts}, stands_out),
        rules=store.rules.version,
        **fields,
    )


def stands_out(here: Mapping[str, Mapping[str, int]], usual: Callable[[str, str], int], events: int, cases: int) -> tuple[StandsOut, ...]:
    """Properties that are more common in ``events`` events than in the agency's ``cases`` cases, the least probable first.

    ``usual`` counts the events themselves too, so they are subtracted. Half a case with the property and half a case without it are
    added. Otherwise the usual share of a new property would be 0.
    """
    found: list[tuple[float, StandsOut]] = []
    for feature in FEATURES:
        for value, seen in here.get(feature, {}).items():
            before, others = max(0, usual(feature, value) - seen), max(0, cases - events)
            share = (before + 0.5) / (others + 1)
            p = mid_p(seen, events * share, events * share * (1 + events / (others + 1)))
            if seen >= _LEAST_EVENTS and 2 * seen > events and p < _STANDS_OUT_P:
                one = StandsOut(feature=feature, value=value, events=seen, of=events, usual_share=rounded(min(1.0, share)))
                found.append((p, one))
    return tuple(one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].feature, pair[1].value))[:3])


def _words(store: DetectorStore, group: str, bucket: Span) -> dict[str, Any]:
    who = {language: store.name(language) for language in LANGUAGES}
    return {"who": who, "group": sentences.group(group), "when": sentences.span(bucket)}
