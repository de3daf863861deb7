"""MAJOR: one case above the declared mass or number of its commodity. No baseline is needed: it is told at once.

Thresholds are the code list ``major_thresholds``, by the day of seizure: a substance or taxon's own before its genus', that before
its group's. Above nearly all cases of the network is judged where all agencies come together (``network``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from schemas.alerts import Alert, Kind, State, Tier
from schemas.codes import LANGUAGES, Entry, rows
from streams.core.spikes import explain, queries, wording
from streams.core.spikes.case import Case
from streams.core.spikes.desk import Desk
from streams.core.spikes.detector import Detector, nothing
from streams.core.spikes.first_seen import case_bucket
from streams.core.spikes.rules import MajorRules

_REMEMBERED = 200


class Amount(NamedTuple):
    """What one case holds of one commodity, in one base unit."""

    group: str
    goods: str
    """Canonical code; empty where the name is on no list."""
    unit: str
    quantity: Decimal


def on_case(desk: Desk, case: Case) -> Iterator[Alert]:
    """Compare each commodity of the case with its threshold; a case is told once, of what is furthest above."""
    if case.added is None or desk.today is None or case.added.day < desk.since or case.is_history:
        return
    day = date.fromordinal(case.added.day)
    found = [
        (amount.quantity / limit, amount, limit)
        for amount in amounts(case)
        if (limit := threshold(amount, day)) and amount.quantity >= limit
    ]
    if not found:
        return
    ratio, amount, limit = max(found, key=lambda one: one[0])
    told = desk.part("major", {"told": []})["told"]
    if case.event_id in told:
        return
    told.append(case.event_id)
    del told[:-_REMEMBERED]
    yield alert(desk, case, amount, limit, tier(float(ratio), desk.rules.major))


def tier(ratio: float, rules: MajorRules) -> Tier:
    """By how many times the threshold."""
    return Tier.SEVERE if ratio >= rules.severe else Tier.SPIKE if ratio >= rules.spike else Tier.NOTICE


def amounts(case: Case) -> list[Amount]:
    """Each commodity of a case, its lines added up, in a fixed order."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    for line in case.lines:
        if line.get("base_quantity") and line.get("base_unit"):
            key = (line["group"], line.get("code") or "", line["base_unit"])
            sums[key] = sums.get(key, Decimal(0)) + Decimal(line["base_quantity"])
    return [Amount(*key, quantity) for key, quantity in sorted(sums.items())]


def threshold(amount: Amount, day: date) -> Decimal | None:
    """From which quantity on a case is major on a day; None where nothing is declared."""
    return _threshold(amount.group, amount.goods, amount.unit, day)


@lru_cache(maxsize=16_384)
def _threshold(group: str, name: str, unit: str, day: date) -> Decimal | None:
    genus = f"{name.partition(' ')[0]} spp." if " " in name else ""
    for goods in (name, genus, ""):
        for entry in _thresholds().get((group, goods, unit), ()):
            if entry.valid_on(day):
                return Decimal(entry.fields["threshold"])
    return None


def alert(desk: Desk, case: Case, amount: Amount, limit: Decimal, tier: Tier) -> Alert:
    """The alert of a major case."""
    assert case.added is not None  # noqa: S101 - looked at before
    return explain.alert(
        desk,
        Kind.MAJOR,
        State.OPEN,
        tier,
        group=amount.group,
        opener=case.event_id,
        bucket=explain.span_of("day" if case.added.has_day else "month", case_bucket(case)),
        raised_at=case.received_at,
        facts=facts(amount, limit),
        sql=queries.of_events([case.event_id]),
        events=[case.event_id],
        observed=1,
        ratio=explain.rounded(float(amount.quantity / limit)),
    )


def facts(amount: Amount, limit: Decimal) -> dict[str, Mapping[str, str]]:
    """What the sentence says of the goods."""
    names = {
        language: wording.value_of("substance", amount.goods, language)
        if amount.goods
        else wording.group(amount.group)[language].strip(" ()（）")  # noqa: RUF001
        for language in LANGUAGES
    }
    why = wording.why_major(text(limit, amount.unit), 0.0)
    return {"goods": names, "quantity": text(amount.quantity, amount.unit), "why": why}


def text(quantity: Decimal, unit: str) -> Mapping[str, str]:
    """A quantity with its unit, in words."""
    words = {"kg": ("kg", "kg", "公斤"), "l": ("l", "lít", "升"), "piece": ("pieces", "đơn vị", "件")}[unit]
    shown = f"{quantity:,.0f}" if quantity >= 10 else f"{quantity.normalize():f}"  # noqa: PLR2004
    return {language: f"{shown} {word}" for language, word in zip(LANGUAGES, words, strict=True)}


@cache
def _thresholds() -> Mapping[tuple[str, str, str], tuple[Entry, ...]]:
    found: dict[tuple[str, str, str], tuple[Entry, ...]] = {}
    for entry in rows("major_thresholds"):
        key = (entry.fields["commodity_group"], entry.fields["goods"], entry.fields["unit"])
        found[key] = (*found.get(key, ()), entry)
    return found


DETECTOR = Detector(Kind.MAJOR, "One case above the declared mass or number of its commodity.", on_case, nothing)
