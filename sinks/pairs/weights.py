"""Declares what is compared of two cases: its fields, their levels, and for each level how often it is met. Pure. Nothing else weighs.

``m`` is how often the level is met in two reports of one seizure, ``u`` how often in two cases that have nothing to do with each other.
A level's weight is log2(m / u) bits (Fellegi and Sunter, 1969). A field that one of the cases does not have weighs nothing.

Where ``u`` is None it is the share of the value among the other cases (Winkler, 1989): what is frequent weighs little, and what is
too common weighs nothing. The figures of m and u are estimates of people, not learnt: the exchange has no confirmed
duplicates to learn from yet. `benchmarks/pairs.py` shows what they find.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

MODEL = "1"
"""Its version; a decision keeps it. A change of a weight is a new version."""


class Level(NamedTuple):
    """One result of a comparison."""

    m: float
    u: float | None


class Field(NamedTuple):
    """One comparison. Of two values that are given, one level holds and no other."""

    levels: Mapping[str, Level]
    too_common: float = 1.0
    """A value that a larger share of the cases has weighs nothing."""
    most: float = math.inf
    """A value that more cases have weighs nothing."""


MOST_BY_CONVEYANCE = 5
"""A conveyance in more cases is a scheduled service, such as a ferry or a flight: it links none of them."""
FIELDS: Mapping[str, Field] = {
    "day": Field({"same": Level(0.85, 0.34), "next": Level(0.14, 0.60), "apart": Level(0.01, 0.06)}),
    "time": Field({"near": Level(0.80, 0.15), "far": Level(0.20, 0.85)}),
    "place": Field({"same": Level(0.86, None), "different": Level(0.14, 0.85)}, too_common=0.4),
    "point": Field({"near": Level(0.90, 0.12), "far": Level(0.10, 0.88)}),
    "province": Field({"same": Level(0.90, None), "different": Level(0.10, 0.85)}, too_common=0.4),
    "country": Field({"different": Level(0.03, 0.60)}),
    "goods": Field({"same": Level(0.92, None), "group": Level(0.07, 0.60), "different": Level(0.01, 0.30)}, too_common=0.6),
    "quantity": Field(
        {"same": Level(0.60, None), "near": Level(0.22, 0.03), "similar": Level(0.10, 0.12), "different": Level(0.08, 0.84)}, too_common=0.3
    ),
    "transport": Field({"same": Level(0.88, None), "different": Level(0.12, 0.75)}, too_common=0.6),
    "concealment": Field({"shared": Level(0.80, 0.35), "different": Level(0.20, 0.65)}),
    "route": Field({"same": Level(0.75, 0.08), "part": Level(0.15, 0.27), "different": Level(0.10, 0.65)}),
    "suspects": Field({"same": Level(0.80, 0.45), "different": Level(0.20, 0.55)}),
    "conveyance": Field({"same": Level(0.92, 0.001), "different": Level(0.08, 0.99)}, most=MOST_BY_CONVEYANCE),
    "related": Field({"named": Level(0.30, 0.0001)}),
}
"""Field -> its levels. Of place, point and province the first that both cases have is compared: they say the same."""
WHERE = ("place", "point", "province")
LINKS = frozenset({"conveyance", "related"})
"""Fields that link two cases that need not be one seizure."""
NEAR_MINUTES = 120
NEAR_KM = 20.0
NEAR_SHARE = 0.05
"""A near quantity: within 5 %."""
SIMILAR_SHARE = 0.25

EXPECTED = {"agency": 0.01, "country": 0.08, "abroad": 0.005}
"""Kind of pair -> second reports to expect for each case, before anything is compared."""
MOST_PRIOR = 0.1
"""With very few cases the expected pairs would be most of the pairs: no pair begins with more than this."""
LEAST_SHARE = 0.002
"""No value is rarer than this: of few cases, none can be known to be rare."""
PSEUDO_CASES, PSEUDO_SHARE = 20, 0.1
"""Shares are counted as if so many cases more had each value with this share."""
