"""Raises MAJOR over all members for a case above nearly all cases of the same goods. Keeps the sizes of cases as counts by size class.

A size class is an eighth of a doubling wide (9 %). So there are few classes, and their sums are exact in any order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from mekong.schemas.alerts import Alert, Kind, State, Tier
from mekong.schemas.languages import LANGUAGES
from mekong.streams.core.spikes.case import Case
from mekong.streams.core.spikes.kinds import major
from mekong.streams.core.spikes.kinds.detector import Tick
from mekong.streams.core.spikes.kinds.major import Amount
from mekong.streams.core.spikes.series.spans import number_of
from mekong.streams.core.spikes.statistics.shape import Size
from mekong.streams.core.spikes.store import DetectorStore
from mekong.streams.core.spikes.wording import explain, queries, sentences

_CLASSES = 8  # in a doubling
_KEPT = 20
"""The most cases of one kind of goods and day that are kept, the largest first. Others raise no alert."""


def of_case(case: Case, agency: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a case adds to the sums of a day, by goods. An old case is counted, but raises no alert."""
    assert case.added is not None  # noqa: S101 - of a counted case
    for amount in major.amounts(case):
        entry = [str(amount.quantity), case.event_id, case.added.day, case.added.has_day, agency]
        kept = {"classes": {str(class_of(amount.quantity)): 1}, "largest": [] if case.is_history else [entry]}
        yield f"{amount.group}|{amount.goods}|{amount.unit}", kept


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The sums of two parts of the same day and goods."""
    classes = dict(one["classes"])
    for number, count in other["classes"].items():
        classes[number] = classes.get(number, 0) + count
    return {"classes": classes, "largest": _largest([*one["largest"], *other["largest"]])}


def judge(store: DetectorStore, large: Mapping[str, dict[str, Any]], tick: Tick) -> Iterator[Alert]:
    """Raise alerts for the cases of a day above the share of all earlier cases, except cases that reach the declared threshold.

    A case above a declared threshold has an alert of its agency already. A case with several such goods raises one alert, for the goods
    that are furthest above.
    """
    found: dict[str, tuple[int, Amount, tuple[int, bool]]] = {}
    for name in sorted(large):
        known = store.part(f"sizes/{name}", {"classes": {}})["classes"]
        limit = class_above(known, store.rules.major.share, store.rules.major.min_cases)
        for quantity, event_id, day, has_day, _ in large[name]["largest"] if limit is not None else ():
            group, goods, unit = name.split("|")
            amount = Amount(group, goods, unit, Decimal(quantity))
            declared = major.threshold(amount, date.fromordinal(day))
            is_told = declared is not None and amount.quantity >= declared
            above = class_of(amount.quantity) - (limit or 0)
            if above > 0 and not is_told and day >= store.since and above > found.get(event_id, (0,))[0]:
                found[event_id] = (above, amount, (day, has_day))
        for number, count in large[name]["classes"].items():
            known[number] = known.get(number, 0) + count
    for event_id, (_, amount, when) in found.items():
        yield _alert(store, amount, event_id, when, tick)


def _largest(entries: list[list[Any]]) -> list[list[Any]]:
    return sorted(entries, key=lambda one: (-Decimal(one[0]), one[1]))[:_KEPT]


def class_of(quantity: Decimal) -> int:
    """The size class of a quantity."""
    return math.floor(_CLASSES * math.log2(float(quantity)))


def class_above(known: Mapping[str, int], share: float, least: int) -> int | None:
    """The class of the quantile; None while fewer than ``least`` cases are known."""
    total = sum(known.values())
    if total < least:
        return None
    below = 0
    for number in sorted(map(int, known)):
        below += known[str(number)]
        if below >= share * total:
            return number
    return None


def _alert(store: DetectorStore, amount: Amount, event_id: str, when: tuple[int, bool], tick: Tick) -> Alert:
    size: Size = "day" if when[1] else "month"
    return explain.alert(
        store,
        Kind.MAJOR,
        State.OPEN,
        Tier.NOTICE,
        group=amount.group,
        opener=event_id,
        bucket=explain.span_of(size, number_of(size, when[0])),
        raised_at=tick.at,
        facts={
            "goods": {language: sentences.goods(amount.group, amount.goods, language) for language in LANGUAGES},
            "quantity": major.text(amount.quantity, amount.unit),
            "why": sentences.why_major(None, store.rules.major.share),
        },
        sql=queries.of_events([event_id]),
        events=[event_id],
        observed=1,
    )
