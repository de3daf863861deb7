"""MAJOR over all members: a case above nearly all cases of the same goods. Keeps how large cases are, as counts by size class.

Size classes are an eighth of a doubling wide (9 %), so that they are exact sums whatever the order, and few.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.alerts import Alert, Kind, State, Tier
from schemas.codes import LANGUAGES
from streams.core.spikes import explain, major, queries, wording
from streams.core.spikes.case import Case
from streams.core.spikes.desk import Desk
from streams.core.spikes.detector import Tick
from streams.core.spikes.major import Amount
from streams.core.spikes.shape import Size
from streams.core.spikes.spans import number_of

_CLASSES = 8  # in a doubling
_KEPT = 20
"""Of each goods and day, the largest cases: more than these are not told."""


def put_away(large: dict[str, Any], case: Case, agency: str) -> None:
    """Add a case's amounts to the sums of a day. An old case is learnt from only."""
    assert case.added is not None  # noqa: S101 - of a counted case
    for amount in major.amounts(case):
        kept = large.setdefault(f"{amount.group}|{amount.goods}|{amount.unit}", {"classes": {}, "largest": []})
        number = str(class_of(amount.quantity))
        kept["classes"][number] = kept["classes"].get(number, 0) + 1
        if case.is_history:
            continue
        entry = [str(amount.quantity), case.event_id, case.added.day, case.added.has_day, agency]
        kept["largest"] = _largest([*kept["largest"], entry])


def merge(large: dict[str, Any], others: Mapping[str, Any]) -> None:
    """Add the sums of another part of the same day."""
    for name, there in others.items():
        kept = large.setdefault(name, {"classes": {}, "largest": []})
        for number, count in there["classes"].items():
            kept["classes"][number] = kept["classes"].get(number, 0) + count
        kept["largest"] = _largest([*kept["largest"], *there["largest"]])


def judge(desk: Desk, large: Mapping[str, dict[str, Any]], tick: Tick) -> Iterator[Alert]:
    """Tell of the cases of a day that were above the share of all earlier ones, unless their agency has told of them as declared.

    A case with several such goods is told once, of what is furthest above.
    """
    part = desk.part("sizes", {"by": {}})
    found: dict[str, tuple[int, Amount, tuple[int, bool]]] = {}
    for name in sorted(large):
        known = part["by"].setdefault(name, {})
        limit = class_above(known, desk.rules.major.share, desk.rules.major.min_cases)
        for quantity, event_id, day, has_day, _ in large[name]["largest"] if limit is not None else ():
            group, goods, unit = name.split("|")
            amount = Amount(group, goods, unit, Decimal(quantity))
            declared = major.threshold(amount, date.fromordinal(day))
            is_told = declared is not None and amount.quantity >= declared
            above = class_of(amount.quantity) - (limit or 0)
            if above > 0 and not is_told and day >= desk.since and above > found.get(event_id, (0,))[0]:
                found[event_id] = (above, amount, (day, has_day))
        for number, count in large[name]["classes"].items():
            known[number] = known.get(number, 0) + count
    for event_id, (_, amount, when) in found.items():
        yield _alert(desk, amount, event_id, when, tick)


def _largest(entries: list[list[Any]]) -> list[list[Any]]:
    return sorted(entries, key=lambda one: (-Decimal(one[0]), one[1]))[:_KEPT]


def class_of(quantity: Decimal) -> int:
    """The size class of a quantity."""
    return math.floor(_CLASSES * math.log2(float(quantity)))


def class_above(known: Mapping[str, int], share: float, least: int) -> int | None:
    """The class that holds the quantile; None while fewer than ``least`` cases are known."""
    total = sum(known.values())
    if total < least:
        return None
    below = 0
    for number in sorted(map(int, known)):
        below += known[str(number)]
        if below >= share * total:
            return number
    return None


def _alert(desk: Desk, amount: Amount, event_id: str, when: tuple[int, bool], tick: Tick) -> Alert:
    size: Size = "day" if when[1] else "month"
    return explain.alert(
        desk,
        Kind.MAJOR,
        State.OPEN,
        Tier.NOTICE,
        group=amount.group,
        opener=event_id,
        bucket=explain.span_of(size, number_of(size, when[0])),
        raised_at=tick.at,
        facts={
            "goods": {language: wording.goods(amount.group, amount.goods, language) for language in LANGUAGES},
            "quantity": major.text(amount.quantity, amount.unit),
            "why": wording.why_major(None, desk.rules.major.share),
        },
        sql=queries.of_events([event_id]),
        events=[event_id],
        observed=1,
    )
