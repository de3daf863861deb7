"""Raises MAJOR for one case above the declared mass or number of its commodity. It needs no baseline, and raises the alert at once.

The thresholds of the day of seizure are in the code list ``major_thresholds``. The threshold of the substance or taxon is used first, then
that of its genus, then that of its group. ``network`` judges whether a case is above nearly all cases of all agencies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from mekong.schemas import written
from mekong.schemas.alerts import Alert, Kind, State, Tier
from mekong.schemas.codes import Entry, rows
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.vocabulary import value_of
from mekong.streams.core.spikes.case import Case
from mekong.streams.core.spikes.kinds.detector import Detector, nothing
from mekong.streams.core.spikes.kinds.first_seen import case_bucket
from mekong.streams.core.spikes.rules import MajorRules
from mekong.streams.core.spikes.store import DetectorStore
from mekong.streams.core.spikes.wording import explain, queries, sentences

_REMEMBERED = 200


class Amount(NamedTuple):
    """The quantity of one commodity in one case, in one base unit."""

    group: str
    goods: str
    """Canonical code; empty when the name is on no list."""
    unit: str
    quantity: Decimal


def on_case(store: DetectorStore, case: Case) -> Iterator[Alert]:
    """Compare each commodity of a case with its threshold. A case raises one alert, for the commodity that is furthest above."""
    if case.added is None or store.today is None or case.added.day < store.since or case.is_history:
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
    told = store.part("major", {"told": []})["told"]
    if case.event_id in told:
        return
    told.append(case.event_id)
    del told[:-_REMEMBERED]
    yield alert(store, case, amount, limit, tier(float(ratio), store.rules.major))


def tier(ratio: float, rules: MajorRules) -> Tier:
    """The tier, by how many times the threshold a case has."""
    return Tier.SEVERE if ratio >= rules.severe else Tier.SPIKE if ratio >= rules.spike else Tier.NOTICE


def amounts(case: Case) -> list[Amount]:
    """The sum of each commodity of a case, in a fixed order."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    for line in case.lines:
        if line.get("base_quantity") and line.get("base_unit"):
            key = (line["group"], line.get("code") or "", line["base_unit"])
            sums[key] = sums.get(key, Decimal(0)) + Decimal(line["base_quantity"])
    return [Amount(*key, quantity) for key, quantity in sorted(sums.items())]


def threshold(amount: Amount, day: date) -> Decimal | None:
    """The quantity from which a case is major on a day; None when no threshold is declared."""
    return _threshold(amount.group, amount.goods, amount.unit, day)


@lru_cache(maxsize=16_384)
def _threshold(group: str, name: str, unit: str, day: date) -> Decimal | None:
    genus = f"{name.partition(' ')[0]} spp." if " " in name else ""
    for goods in (name, genus, ""):
        for entry in _thresholds().get((group, goods, unit), ()):
            if entry.valid_on(day):
                return Decimal(entry.fields["threshold"])
    return None


def alert(store: DetectorStore, case: Case, amount: Amount, limit: Decimal, tier: Tier) -> Alert:
    """The alert of a major case."""
    assert case.added is not None  # noqa: S101 - looked at before
    return explain.alert(
        store,
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
    """The facts about the goods for the sentence."""
    names: Mapping[str, str] = {
        language: value_of("substance", amount.goods, language)
        if amount.goods
        else sentences.group(amount.group)[language].strip(" ()（）")  # noqa: RUF001
        for language in LANGUAGES
    }
    why = sentences.why_major(text(limit, amount.unit), 0.0)
    return {"goods": names, "quantity": text(amount.quantity, amount.unit), "why": why}


def text(quantity: Decimal, unit: str) -> Mapping[str, str]:
    """A quantity with its unit, in words."""
    words = {"kg": ("kg", "kg", "公斤"), "l": ("l", "lít", "升"), "piece": ("pieces", "đơn vị", "件")}[unit]
    return {language: f"{written.exact(quantity, language)} {word}" for language, word in zip(LANGUAGES, words, strict=True)}


@cache
def _thresholds() -> Mapping[tuple[str, str, str], tuple[Entry, ...]]:
    found: dict[tuple[str, str, str], tuple[Entry, ...]] = {}
    for entry in rows("major_thresholds"):
        key = (entry.fields["commodity_group"], entry.fields["goods"], entry.fields["unit"])
        found[key] = (*found.get(key, ()), entry)
    return found


DETECTOR = Detector(Kind.MAJOR, "One case above the declared mass or number of its commodity.", on_case, nothing)
