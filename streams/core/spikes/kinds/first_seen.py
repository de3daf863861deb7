"""Raises FIRST_SEEN for a route, concealment, substance or taxon that an agency never had. Keeps how often it had each value.

At first, many cases have something new, so this alone does not raise an alert. An alert is raised only when few cases of the agency have
anything new (``seen.Seen.novelty``). A count is never removed, so that years of history do not make the detector blind to new values.
"""

from __future__ import annotations

from collections.abc import Iterator

from mekong.schemas.alerts import Alert, Explain, Kind, State
from mekong.schemas.languages import LANGUAGES
from mekong.streams.core.spikes.case import Case
from mekong.streams.core.spikes.kinds.detector import Detector, nothing
from mekong.streams.core.spikes.seen import Seen
from mekong.streams.core.spikes.series.spans import number_of
from mekong.streams.core.spikes.store import DetectorStore
from mekong.streams.core.spikes.wording import explain, queries, sentences

FEATURES = ("route", "concealment", "substance")
NOTHING = "none"
"""The concealment of goods that were not hidden. It never raises an alert."""


def on_case(store: DetectorStore, case: Case) -> Iterator[Alert]:
    """Look for new values of a case, and count all its values."""
    if case.added is None or case.version > 1:
        return
    seen = Seen(store)
    if store.today is not None and case.added.day >= store.since and not case.is_history:
        found = [
            (chance, feature, value)
            for feature in FEATURES
            for value in case.features.get(feature, ())
            if value != NOTHING and (chance := seen.novelty(feature, value, store.rules.first_seen)) is not None
        ]
        if found:
            yield _alert(store, case, sorted(found))
    store.part("cases", {"n": 0})["n"] += 1
    for feature, values in case.features.items():
        for value in values:
            seen.count(feature, value)


def _alert(store: DetectorStore, case: Case, found: list[tuple[float, str, str]]) -> Alert:
    """One alert for all new values of a case. Its id has the least probable value."""
    assert case.added is not None  # noqa: S101 - looked at before
    chance, feature, value = found[0]
    what = {language: ", ".join(sentences.feature(name, one, language) for _, name, one in found) for language in LANGUAGES}
    return explain.alert(
        store,
        Kind.FIRST_SEEN,
        State.OPEN,
        store.rules.tier(chance),
        group=case.added.groups[0] if len(case.added.groups) == 1 else "",
        opener=f"{feature} {value}",
        bucket=explain.span_of("day" if case.added.has_day else "month", case_bucket(case)),
        raised_at=case.received_at,
        facts={"what": what},
        sql=queries.of_events([case.event_id]),
        events=[case.event_id],
        observed=1,
        explain=Explain(p=explain.rounded(chance), bits=explain.bits(chance)),
    )


def case_bucket(case: Case) -> int:
    """The day of a case as a bucket number, or its month when the day is not known."""
    assert case.added is not None  # noqa: S101 - of a counted case
    return number_of("day" if case.added.has_day else "month", case.added.day)


DETECTOR = Detector(Kind.FIRST_SEEN, "A route, concealment, substance or taxon that the agency never had.", on_case, nothing)
