"""Cases in, suspected pairs out, each with its probability and the reasons for it. Pure. ``weights`` has the figures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mekong.sinks.pairs.blocks import candidates
from mekong.sinks.pairs.case import Compared
from mekong.sinks.pairs.fields import Found, Trait, compare, traits
from mekong.sinks.pairs.weights import (
    EXPECTED,
    FIELDS,
    LEAST_SHARE,
    LINKS,
    MOST_PRIOR,
    PSEUDO_CASES,
    PSEUDO_SHARE,
)

SUSPECTED = 0.2
"""The least probability of a pair in the queue. A pair that a reference or a conveyance links is in it with any."""
LIKELY = 0.9
_MOST_BITS = 60.0


class Reason(NamedTuple):
    """What one field says of a pair."""

    field: str
    level: str
    bits: float
    """How much it speaks for one seizure, as log2(m / u); below 0 it speaks against."""
    cases: int = 0
    """Of a value that both cases share: how many of the cases have it."""
    is_too_common: bool = False


class Suspected(NamedTuple):
    """One pair."""

    first: Compared
    second: Compared
    probability: float
    """That both cases are one seizure."""
    prior: float
    """The same before anything was compared."""
    reasons: Sequence[Reason]
    """The strongest first."""

    @property
    def is_linked(self) -> bool:
        """Whether a reference or a conveyance links the cases, also if they are two seizures."""
        return any(one.field in LINKS and one.bits > 0 for one in self.reasons)


class Result(NamedTuple):
    """What was found among some cases."""

    suspected: Sequence[Suspected]
    """The most probable first."""
    cases: int
    compared: int
    """Pairs that were compared."""
    passed_over: int
    """Cases that have too many alike cases to be compared by their day."""


class Model:
    """The model, with the shares and the expectations of some cases."""

    def __init__(self, cases: Sequence[Compared]) -> None:
        self._cases, self._shares, self._candidates = cases, Shares(cases), candidates(cases)
        self._kinds = Counter(kind_of(cases[one], cases[other]) for one, other in self._candidates.pairs)

    def suspected(self, least: float = SUSPECTED) -> Result:
        """The pairs that may be one seizure, or that are linked."""
        found = [self.of(self._cases[one], self._cases[other]) for one, other in self._candidates.pairs]
        kept = [one for one in found if one.probability >= least or one.is_linked]
        kept.sort(key=lambda one: (-one.probability, one.first.event_id, one.second.event_id))
        return Result(kept, len(self._cases), len(found), self._candidates.passed_over)

    def of(self, one: Compared, other: Compared) -> Suspected:
        """A pair with its probability, whether it is suspected or not. The case with the smaller id is the first."""
        kind = kind_of(one, other)
        return judged(one, other, prior_of(kind, len(self._cases), self._kinds[kind]), self._shares)


def suspect(cases: Sequence[Compared], least: float = SUSPECTED) -> Result:
    """The pairs among some cases that may be one seizure, or that are linked."""
    return Model(cases).suspected(least)


def kind_of(one: Compared, other: Compared) -> str:
    """Within an agency, between agencies of a country, or between countries."""
    if one.agency == other.agency:
        return "agency"
    return "country" if one.agency_country == other.agency_country else "abroad"


def prior_of(kind: str, cases: int, pairs: int) -> float:
    """The share of one seizure among the compared pairs of a kind, as it is to be expected."""
    return min(MOST_PRIOR, EXPECTED[kind] * cases / max(1, pairs))


def judged(one: Compared, other: Compared, prior: float, shares: Shares) -> Suspected:
    """A pair with its probability. The case with the smaller id is the first."""
    first, second = sorted((one, other), key=lambda case: case.event_id)
    reasons = sorted((shares.weighed(found) for found in compare(first, second)), key=lambda reason: -reason.bits)
    bits = math.log2(prior / (1 - prior)) + sum(reason.bits for reason in reasons)
    probability = 1 / (1 + 2 ** -max(-_MOST_BITS, min(_MOST_BITS, bits)))
    return Suspected(first, second, probability, prior, reasons)


class Shares:
    """How many of the cases have each value."""

    def __init__(self, cases: Iterable[Compared]) -> None:
        self._having: Counter[Trait] = Counter()
        self._among: Counter[tuple[str, str]] = Counter()
        for case in cases:
            self._having.update(set(traits(case)))
            self._among.update(
                {("country", case.country), *(("group", one) for one in case.groups), *(("goods", one.code) for one in case.goods)}
            )

    def weighed(self, found: Found) -> Reason:
        """The bits of a level. A value that too many cases have weighs nothing."""
        field, trait = FIELDS[found.field], found.shared
        level = field.levels[found.level]
        cases = self._having[trait] if trait else 0
        share = self._share(trait) if level.u is None and trait else level.u or 1.0
        if cases > field.most or (level.u is None and share > field.too_common):
            return Reason(found.field, found.level, 0.0, cases, is_too_common=True)
        return Reason(found.field, found.level, math.log2(level.m / share), cases)

    def _share(self, trait: Trait) -> float:
        """The share of a value among the cases that are not of the pair."""
        others, all_others = max(0, self._having[trait] - 2), max(0, self._among[trait.among] - 2)
        return max(LEAST_SHARE, (others + PSEUDO_SHARE * PSEUDO_CASES) / (all_others + PSEUDO_CASES))
