"""Cases in, the pairs that are worth a comparison out. Pure. Comparing all with all would be 50 million pairs of 10,000 cases.

A pair is compared when one names the other, when they share a conveyance, or when both are of one country and commodity group and a day
apart at most. Where very many cases are of one country, group and day, the goods must be the same too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple

from mekong.sinks.pairs.case import Compared
from mekong.sinks.pairs.weights import MOST_BY_CONVEYANCE

MOST_IN_BLOCK = 60
"""Cases of a country and commodity group on a day and the next. Of more, only those of the same goods are compared."""
MOST_OF_GOODS = 40
"""Of those, cases of the same goods. Of more, none is compared by its day: so many alike cases are usual there."""
Pair = tuple[int, int]
"""Places of the two cases in the list, the smaller first."""


class Candidates(NamedTuple):
    """What is compared."""

    pairs: frozenset[Pair]
    passed_over: int
    """Cases that are in a block that is too large: they are compared only where a conveyance or a reference leads to them."""


def candidates(cases: Sequence[Compared]) -> Candidates:
    """The pairs to compare."""
    days, passed_over = _by_day(cases)
    linked = [
        pair for pair in (*_by_conveyance(cases), *_by_reference(cases)) if cases[pair[0]].is_simulated == cases[pair[1]].is_simulated
    ]
    return Candidates(frozenset([*days, *linked]), passed_over)


def _by_day(cases: Sequence[Compared]) -> tuple[set[Pair], int]:
    blocks: dict[tuple[str, str, bool], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, case in enumerate(cases):
        if case.day is not None:
            for group in case.groups:
                blocks[case.country, group, case.is_simulated][case.day.toordinal()].append(place)
    found: set[Pair] = set()
    too_many: set[int] = set()
    for (_, group, _), days in blocks.items():
        for day, here in days.items():
            for these, next_day in _split(cases, group, here, days.get(day + 1, [])):
                if len(these) + len(next_day) > MOST_OF_GOODS:
                    too_many.update(these)
                else:
                    found.update(map(_ordered, (*combinations(these, 2), *product(these, next_day))))
    return found, len(too_many)


def _split(cases: Sequence[Compared], group: str, here: list[int], next_day: list[int]) -> list[tuple[list[int], list[int]]]:
    """The cases of a day and of the next one; of very many a pair of lists for each of the goods."""
    if len(here) + len(next_day) <= MOST_IN_BLOCK:
        return [(here, next_day)]
    alike: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for number, places in enumerate((here, next_day)):
        for place in places:
            for code in {one.code for one in cases[place].goods if one.group == group}:
                alike[code][number].append(place)
    return list(alike.values())


def _by_conveyance(cases: Sequence[Compared]) -> Iterator[Pair]:
    shared: dict[str, list[int]] = defaultdict(list)
    for place, case in enumerate(cases):
        if case.conveyance:
            shared[case.conveyance].append(place)
    for places in shared.values():
        if len(places) <= MOST_BY_CONVEYANCE:
            yield from combinations(places, 2)


def _by_reference(cases: Sequence[Compared]) -> Iterator[Pair]:
    places = {case.event_id: place for place, case in enumerate(cases)}
    for place, case in enumerate(cases):
        for other in case.related_to & places.keys() - {case.event_id}:
            yield _ordered((place, places[other]))


def _ordered(pair: Pair) -> Pair:
    return pair if pair[0] < pair[1] else (pair[1], pair[0])
