"""FIRST_SEEN: a route, concealment, substance or taxon that an agency never had. Keeps how often it had which.

In data like these something is new in many cases at first, and such news are no news. So it is told only where few cases show
anything new: the share of values seen exactly once estimates that (Good, Biometrika 40, 1953; with Turing).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.alerts import Alert, Explain, Kind, State
from schemas.codes import LANGUAGES
from streams.core.spikes import explain, queries, wording
from streams.core.spikes.case import Case
from streams.core.spikes.desk import Desk
from streams.core.spikes.detector import Detector, nothing
from streams.core.spikes.rules import FirstSeenRules
from streams.core.spikes.spans import number_of

FEATURES = ("route", "concealment", "substance")
_MOST_VALUES = 2_000


def on_case(desk: Desk, case: Case) -> Iterator[Alert]:
    """Look for what is new, and remember it."""
    if case.added is None or case.version > 1:
        return
    traits = desk.part("traits", {"n": 0, "seen": {}})
    is_history = desk.today is None or case.added.day < desk.since
    for feature in () if is_history else FEATURES:
        for value in sorted(case.features.get(feature, ())):
            chance = novelty(traits["seen"].get(feature, {}), value, desk.rules.first_seen)
            if chance is not None:
                yield _alert(desk, case, feature, value, chance)
    remember(traits, case.features)


def novelty(seen: Mapping[str, int], value: str, rules: FirstSeenRules) -> float | None:
    """How probable it was that a case shows anything new, if ``value`` is new and that was improbable."""
    cases = sum(seen.values())
    if value in seen or cases < rules.min_cases or len(seen) >= _MOST_VALUES:
        return None
    chance = (sum(count == 1 for count in seen.values()) + 1) / (cases + 1)
    return chance if chance <= rules.novelty else None


def remember(traits: dict[str, Any], features: Mapping[str, frozenset[str]]) -> None:
    """Count the properties of a case."""
    traits["n"] += 1
    for feature, values in features.items():
        seen = traits["seen"].setdefault(feature, {})
        for value in sorted(values):
            if value in seen or len(seen) < _MOST_VALUES:
                seen[value] = seen.get(value, 0) + 1


def _alert(desk: Desk, case: Case, feature: str, value: str, chance: float) -> Alert:
    assert case.added is not None  # noqa: S101 - looked at before
    day = explain.span_of("day" if case.added.has_day else "month", case_bucket(case))
    return explain.alert(
        desk,
        Kind.FIRST_SEEN,
        State.OPEN,
        desk.rules.tier(chance),
        group=case.added.groups[0] if len(case.added.groups) == 1 else "",
        opener=f"{feature} {value}",
        bucket=day,
        raised_at=case.received_at,
        facts={"what": {language: wording.feature(feature, value, language) for language in LANGUAGES}},
        sql=queries.of_events([case.event_id]),
        events=[case.event_id],
        observed=1,
        explain=Explain(p=explain.rounded(chance), bits=explain.bits(chance)),
    )


def case_bucket(case: Case) -> int:
    """The day of a case as a bucket number, or its month when that is all that is known."""
    assert case.added is not None  # noqa: S101 - of a counted case
    return number_of("day" if case.added.has_day else "month", case.added.day)


DETECTOR = Detector(Kind.FIRST_SEEN, "A route, concealment, substance or taxon that the agency never had.", on_case, nothing)
