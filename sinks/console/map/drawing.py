"""Places with their cases in, dots and arcs of the map out. Pure. The number of dots has a limit, however many cases there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import hypot, log2
from typing import NamedTuple

from mekong.sinks.console.map.outlines import Outline, Point, centre, place_at
from mekong.sinks.console.values import Route, Seized

MOST_DOTS = 250
_FIRST_GRID = 6.0
_SMALLEST, _LARGEST = 3.5, 20.0
_BEND = 0.18
_THINNEST, _THICKEST = 1.0, 5.0


class Dot(NamedTuple):
    """The cases near a point."""

    x: float
    y: float
    radius: float
    cases: int
    group: str
    """The commodity group of most of them; empty when none is known."""
    country: str
    place: str
    """Empty unless all are at one place of the code list."""


class Arc(NamedTuple):
    """The cases on a route."""

    path: str
    width: float
    route: Route


class Drawn(NamedTuple):
    """What is drawn on one view."""

    dots: Sequence[Dot]
    arcs: Sequence[Arc]
    inside: int
    """Cases on the map."""
    outside: int
    """Cases that are on the earth, but not on this map."""
    nowhere: int
    """Cases without a known country or place."""
    countries: Sequence[tuple[str, int]]
    """The countries with the most cases, for people who do not see the map."""


def draw(seized: Iterable[Seized], routes: Iterable[Route], view: Outline) -> Drawn:
    """Draw the cases and the routes on a view."""
    found, outside, nowhere = [], 0, 0
    by_country: dict[str, int] = defaultdict(int)
    for one in seized:
        by_country[one.country or "XX"] += one.cases
        at = where(one)
        if at is None:
            nowhere += one.cases
        elif view.has(point := view.at(at)):
            found.append((point, one))
        else:
            outside += one.cases
    countries = sorted(by_country.items(), key=lambda item: (-item[1], item[0]))[:15]
    inside = sum(one.cases for _, one in found)
    return Drawn(dots(found), [arc for one in routes if (arc := _arc(one, view))], inside, outside, nowhere, countries)


def where(one: Seized) -> Point | None:
    """Longitude and latitude of a seizure: its own, of its place, or the middle of its country."""
    if one.lat is not None and one.lon is not None:
        return one.lon, one.lat
    return place_at(one.place) or centre(one.country)


def dots(found: Sequence[tuple[Point, Seized]]) -> list[Dot]:
    """Cases that are near each other are one dot. What is near grows until there are few enough dots. The largest is drawn first."""
    grid, cells = _FIRST_GRID, _cells(found, _FIRST_GRID)
    while len(cells) > MOST_DOTS:
        grid *= 1.5
        cells = _cells(found, grid)
    return sorted(map(_dot, cells), key=lambda dot: (-dot.radius, dot.x, dot.y))


def _cells(found: Sequence[tuple[Point, Seized]], grid: float) -> list[list[tuple[Point, Seized]]]:
    cells: dict[tuple[int, int], list[tuple[Point, Seized]]] = defaultdict(list)
    for one in found:
        (x, y), _ = one
        cells[int(x // grid), int(y // grid)].append(one)
    return list(cells.values())


def _dot(cell: Sequence[tuple[Point, Seized]]) -> Dot:
    cases = sum(one.cases for _, one in cell)
    groups: dict[str, int] = defaultdict(int)
    for _, one in cell:
        groups[one.group] += one.cases
    x = sum(point[0] * one.cases for point, one in cell) / cases
    y = sum(point[1] * one.cases for point, one in cell) / cases
    places, countries = {one.place for _, one in cell}, {one.country for _, one in cell}
    radius = min(_LARGEST, _SMALLEST + 1.6 * log2(cases))
    main = max(groups, key=lambda group: (groups[group], group))
    alone = places.pop() if len(places) == 1 else ""
    return Dot(round(x, 1), round(y, 1), round(radius, 1), cases, main, countries.pop() if len(countries) == 1 else "", alone)


def _arc(route: Route, view: Outline) -> Arc | None:
    """A bent line from country to country; None when neither of them is on the map, or one has no known place."""
    origin, destination = centre(route.origin), centre(route.destination)
    if origin is None or destination is None:
        return None
    (x1, y1), (x2, y2) = view.at(origin), view.at(destination)
    if not (view.has((x1, y1)) or view.has((x2, y2))) or hypot(x2 - x1, y2 - y1) < 1:
        return None
    bent = (x1 + x2) / 2 + (y2 - y1) * _BEND, (y1 + y2) / 2 - (x2 - x1) * _BEND
    path = f"M{x1:.0f} {y1:.0f}Q{bent[0]:.0f} {bent[1]:.0f} {x2:.0f} {y2:.0f}"
    return Arc(path, round(min(_THICKEST, _THINNEST + log2(route.cases) / 2), 1), route)
