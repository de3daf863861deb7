"""Draws the lines of a case from its commodity group: what, how much, in which unit.

Which goods are met in which group follows the published results (methamphetamine and cannabis lead, ivory, pangolin, turtles, shark fin,
rosewood); their shares are invented. How many lines a case has follows the public IDS rows: about 21 % have more than one.
"""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Any, NamedTuple

from mekong.producers.simulation import weights
from mekong.producers.simulation.phases import CITES
from mekong.producers.simulation.weights import Spread

MULTI_LINE = 0.21
_MORE_LINES = 0.35
_MOST_LINES = 8
_MIXED = 0.02
"""The share of further lines of another group of the same kind (wildlife with timber, drugs with precursors)."""
_UNKNOWN, _ESTIMATED = 0.02, 0.1


class Goods(NamedTuple):
    """One kind of goods. ``how`` says how it is measured; ``share`` is relative within its group."""

    share: float
    name: str
    how: str
    term: str | None = None


CATALOGUE = {
    "drug": (
        Goods(30, "Methamphetamine", "drug"),
        Goods(9, "Methamphetamine tablets", "tablet"),
        Goods(17, "Cannabis herb (marijuana)", "drug"),
        Goods(9, "Ketamine", "drug"),
        Goods(8, "Heroin", "drug"),
        Goods(7, "Cocaine hydrochloride", "drug"),
        Goods(4, "MDMA", "tablet"),
        Goods(3, "Cannabis oil", "drug"),
        Goods(3, "Opium", "drug"),
        Goods(3, "Diazepam", "tablet"),
        Goods(2, "GBL", "litre"),
        Goods(2, "LSD", "tablet"),
        Goods(1.5, "Synthetic cannabinoids", "drug"),
        Goods(1.5, "Khat", "drug"),
    ),
    "precursor": (
        Goods(3, "Pseudoephedrine", "chemical"),
        Goods(3, "Acetic anhydride", "chemical"),
        Goods(2, "Acetone", "chemical"),
        Goods(2, "Hydrochloric acid", "chemical"),
        Goods(2, "Toluene", "chemical"),
        Goods(1, "Sodium cyanide", "chemical"),
        Goods(1, "Caffeine", "chemical"),
        Goods(1, "Methylamine", "chemical"),
    ),
    "fauna": (
        Goods(14, "Elephantidae spp.", "mass", "IVC"),
        Goods(12, "Manis spp.", "mass", "SCA"),
        Goods(4, "Manis javanica", "animal", "LIV"),
        Goods(12, "Testudines spp.", "animal", "LIV"),
        Goods(6, "Cuora amboinensis", "animal", "LIV"),
        Goods(9, "Carcharhinus falciformis", "mass", "FIN"),
        Goods(7, "Hippocampus spp.", "mass", "BOD"),
        Goods(6, "Tridacna gigas", "piece", "SHE"),
        Goods(5, "Rhinocerotidae spp.", "mass", "HOP"),
        Goods(5, "Python bivittatus", "piece", "SKI"),
        Goods(4, "Crocodylus siamensis", "piece", "LPS"),
        Goods(4, "Psittaciformes spp.", "animal", "LIV"),
        Goods(4, "Saiga tatarica", "piece", "HOR"),
        Goods(3, "Panthera tigris", "piece", "TEE"),
        Goods(3, "Ursus thibetanus", "piece", "GAB"),
        Goods(2, "Nycticebus spp.", "animal", "LIV"),
    ),
    "flora": (
        Goods(3, "Dendrobium officinale", "plant", "LIV"),
        Goods(2, "Panax quinquefolius", "flora", "ROO"),
        Goods(2, "Orchidaceae spp.", "piece", "LIV"),
        Goods(1, "Saussurea costus", "flora", "ROO"),
        Goods(1, "Cactaceae spp.", "piece", "LIV"),
    ),
    "timber": (
        Goods(4, "Dalbergia cochinchinensis", "timber", "LOG"),
        Goods(2, "Dalbergia oliveri", "timber", "SAW"),
        Goods(2, "Pterocarpus santalinus", "timber", "LOG"),
        Goods(2, "Aquilaria spp.", "flora", "CHP"),
        Goods(1, "Pterocarpus erinaceus", "timber", "LOG"),
    ),
}
RESERVED = ("Isotonitazene", "Etonitazene", "Carfentanil", "Xylazine", "Etomidate")
"""Never met but where a new substance is planted."""
_SPREADS: dict[str, tuple[Spread, str]] = {
    "tablet": (weights.TABLETS, "tablet"),
    "litre": (weights.LITRES, "l"),
    "chemical": (weights.PRECURSOR_KG, "kg"),
    "mass": (weights.FAUNA_KG, "kg"),
    "animal": (weights.ANIMALS, "animal"),
    "piece": (weights.PIECES, "piece"),
    "plant": (weights.PIECES, "plant"),
    "flora": (weights.FLORA_KG, "kg"),
    "timber": (weights.TIMBER_KG, "kg"),
    "m3": (weights.TIMBER_M3, "m3"),
}
_COUNTED = frozenset({"tablet", "animal", "piece", "plant"})


def lines(chance: Random, group: str, scope: Collection[str], *, only: str | None = None) -> list[dict[str, Any]]:
    """The lines of a case. The first is of ``group``, the others of groups in ``scope``. ``only`` names the substance of the one line."""
    if only is not None:
        return [_line(chance, group, Goods(1, only, "drug"))]
    count = 1
    if chance.random() < MULTI_LINE:
        count = 2
        while count < _MOST_LINES and chance.random() < _MORE_LINES:
            count += 1
    groups = [group, *(_beside(chance, group, scope) for _ in range(count - 1))]
    return [_line(chance, one, _chosen(chance, one)) for one in groups]


def measured(group: str, name: str, term: str | None, amount: str, unit: str) -> dict[str, Any]:
    """A line of a stated quantity."""
    return {"commodity_group": group, "substance_or_taxon": name, "term_code": term, "quantity": amount, "unit": unit}


def _chosen(chance: Random, group: str) -> Goods:
    return chance.choices(CATALOGUE[group], [one.share for one in CATALOGUE[group]])[0]


def _beside(chance: Random, group: str, scope: Collection[str]) -> str:
    kin = CITES if group in CITES else ("drug", "precursor")
    others = [one for one in kin if one != group and one in scope]
    return chance.choice(others) if others and chance.random() < _MIXED else group


def _line(chance: Random, group: str, goods: Goods) -> dict[str, Any]:
    kind = chance.random()
    if kind < _UNKNOWN:
        return {
            "commodity_group": group,
            "substance_or_taxon": goods.name,
            "term_code": goods.term,
            "quantity_kind": "unknown",
        }
    amount, unit = _amount(chance, goods.how)
    line = measured(group, goods.name, goods.term, amount, unit)
    return {**line, "quantity_kind": "estimated"} if kind < _UNKNOWN + _ESTIMATED else line


def _amount(chance: Random, how: str) -> tuple[str, str]:
    if how == "drug":
        number, unit = weights.grams_or_kg(weights.drug_grams(chance))
        return str(number), unit
    if how == "timber" and chance.random() < 1 / 3:
        how = "m3"
    spread, unit = _SPREADS[how]
    drawn = weights.drawn(chance, spread)
    return str(weights.whole(drawn) if how in _COUNTED else weights.rounded(drawn)), unit
