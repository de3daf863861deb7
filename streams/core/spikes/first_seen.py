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
NOTHING = "none"
"""The concealment of what was not hidden: that is never news."""
_MOST_VALUES = 2_000


def on_case(desk: Desk, case: Case) -> Iterator[Alert]:
    """Look for what is new, and remember it."""
    if case.added is None or case.version > 1:
        return
    traits = desk.part("traits", {"n": 0, "seen": {}})
    if desk.today is not None and case.added.day >= desk.since and not case.is_history:
        found = [
            (chance, feature, value)
            for feature in FEATURES
            for value in case.features.get(feature, ())
            if value != NOTHING and (chance := novelty(traits["seen"].get(feature, {}), value, desk.rules.first_seen)) is not None
        ]
        if found:
            yield _alert(desk, case, sorted(found))
    remember(traits, case.features)


def novelty(seen: Mapping[str, int], value: str, rules: FirstSeenRules) -> float | None:
    """How probable it was that a case shows anything new, if ``value`` is new and that was improbable."""
    if value in seen or len(seen) >= _MOST_VALUES:  # most often; counting all is for what is new
        return None
    cases = sum(seen.values())
    if cases < rules.min_cases:
        return None
    chance = (sum(count == 1 for count in seen.values()) + 1) / (cases + 1)
    return chance if chance <= rules.novelty else None


def remember(traits: dict[str, Any], features: Mapping[str, frozenset[str]]) -> None:
    """Count the properties of a case."""
    traits["n"] += 1
    for feature, values in features.items():
        seen = traits["seen"].setdefault(feature, {})
        for value in sorted(values) if len(values) > 1 else values:
            if value in seen:
                seen[value] += 1
            elif len(seen) < _MOST_VALUES:
                seen[value] = 1


def _alert(desk: Desk, case: Case, found: list[tuple[float, str, str]]) -> Alert:
    """One alert of all that is new in a case; its id is that of the least probable."""
    assert case.added is not None  # noqa: S101 - looked at before
    chance, feature, value = found[0]
    what = {language: ", ".join(wording.feature(name, one, language) for _, name, one in found) for language in LANGUAGES}
    return explain.alert(
        desk,
        Kind.FIRST_SEEN,
        State.OPEN,
        desk.rules.tier(chance),
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
    """The day of a case as a bucket number, or its month when that is all that is known."""
    assert case.added is not None  # noqa: S101 - of a counted case
    return number_of("day" if case.added.has_day else "month", case.added.day)


DETECTOR = Detector(Kind.FIRST_SEEN, "A route, concealment, substance or taxon that the agency never had.", on_case, nothing)
