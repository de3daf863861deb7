"""Draws quantities from heavy-tailed distributions, whose fit is stated.

Mass of drugs, as in the public seizures of the UNODC drugs portal (IDS) in grams: median 14.6, mean 23,542, largest 8.6 million.
A lognormal of two halves, joined at the median: below it sigma 2.0 (invented, nothing is published of the low end), above it sigma
4.55 and cut at the largest. The upper sigma is solved so that the mean is the published one:

    E[X | X > m] = m exp(s^2/2) (F(Z - s) - F(-s)) / (F(Z) - 1/2),  Z = ln(max/m)/s,  F the normal distribution function
"""

from __future__ import annotations

import math
from decimal import Decimal
from random import Random
from statistics import NormalDist
from typing import NamedTuple

MEDIAN_G, MEAN_G, LARGEST_G = 14.6, 23_542.0, 8_600_000.0
SIGMA_BELOW = 2.0
_NORMAL = NormalDist()
_DIGITS = 3
_G_PER_KG = 1_000


class Spread(NamedTuple):
    """A lognormal with its median, sigma and cut."""

    median: float
    sigma: float
    most: float


TABLETS = Spread(300, 2.9, 1_000_000)  # 1.7 million among the 1,027 drug cases of VII
PRECURSOR_KG = Spread(1_500, 2.2, 60_000)  # 108 t in II, of a few cases
FAUNA_KG = Spread(4, 2.6, 5_000)  # 1,892 kg in II
PIECES = Spread(12, 2.0, 3_000)  # 1,567 in II
ANIMALS = Spread(5, 1.3, 150)  # 82 in II; more than 100 turtles at once in V
TIMBER_KG = Spread(4_000, 1.8, 60_000)  # 145 t in II
TIMBER_M3 = Spread(25, 1.5, 300)  # 999 in II
FLORA_KG = Spread(3, 1.8, 1_500)  # invented
LITRES = Spread(4, 1.8, 2_000)  # invented


def mean_of_halves(sigma_above: float) -> float:
    """The mean in grams of the two halves, in closed form."""
    most = math.log(LARGEST_G / MEDIAN_G) / sigma_above
    below = 2 * math.exp(SIGMA_BELOW**2 / 2) * _NORMAL.cdf(-SIGMA_BELOW)
    inside = _NORMAL.cdf(most - sigma_above) - _NORMAL.cdf(-sigma_above)
    above = math.exp(sigma_above**2 / 2) * inside / (_NORMAL.cdf(most) - 0.5)
    return MEDIAN_G * (below + above) / 2


def _solved() -> float:
    low, high = 1.0, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_of_halves(middle) < MEAN_G else (low, middle)
    return round(low, 4)


SIGMA_ABOVE = _solved()


def drug_grams(chance: Random) -> float:
    """The mass of one line of drugs in grams."""
    z = chance.gauss(0, 1)
    if z < 0:
        return MEDIAN_G * math.exp(SIGMA_BELOW * z)
    while MEDIAN_G * math.exp(SIGMA_ABOVE * z) > LARGEST_G:
        z = abs(chance.gauss(0, 1))
    return MEDIAN_G * math.exp(SIGMA_ABOVE * z)


def drawn(chance: Random, spread: Spread) -> float:
    """One draw, cut at the most."""
    while (found := spread.median * math.exp(spread.sigma * chance.gauss(0, 1))) > spread.most:
        pass
    return found


def grams_or_kg(grams: float) -> tuple[Decimal, str]:
    """The mass as a person writes it: in grams below a kilogram, in kilograms from there."""
    return (rounded(grams), "g") if grams < _G_PER_KG else (rounded(grams / _G_PER_KG), "kg")


def rounded(number: float) -> Decimal:
    """Three digits that count, at least 0.01."""
    if number < 0.01:  # noqa: PLR2004 - the finest that scales in the field show
        return Decimal("0.01")
    places = _DIGITS - 1 - math.floor(math.log10(number))
    return Decimal(f"{round(number, places):.{max(places, 0)}f}")


def whole(number: float) -> Decimal:
    """At least one."""
    return Decimal(max(1, round(number)))
