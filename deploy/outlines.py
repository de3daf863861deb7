"""Makes the outlines of the map of the live page: a TopoJSON file of countries in, ``sinks/console/map/outlines.json`` out.

    python -m mekong.deploy.outlines world-countries-50m.json

The file is ``countries-50m.json`` of the npm package world-atlas 2.0.2 (Natural Earth 1:50m). An organisation that must use a map of its
own makes one from its own TopoJSON file, with the property ``name`` and the ISO 3166-1 numeric code as ``id``.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import hypot
from pathlib import Path
from typing import Any

from babel.core import get_global

OUT = Path(__file__).parents[1] / "sinks" / "console" / "map" / "outlines.json"
VIEWS: Mapping[str, tuple[float, float, float, float, int, float]] = {
    "mekong": (88.0, 1.0, 124.0, 31.0, 720, 0.9),
    "world": (-168.6, -56.0, 191.4, 78.0, 960, 0.7),
}
"""View -> west, south, east, north in degrees, its width in pixels, and the tolerance of its lines in pixels.

The world begins in the Bering Strait, so that no land is cut in two.
"""
_SMALLEST = 5.0
"""Area in square pixels under which an island is left out."""
_MARGIN = 12.0
_HALF_TURN = 180.0
NOT_DRAWN: Mapping[str, tuple[str, ...]] = {
    "China": ("India", "Bhutan", "Pakistan", "Siachen Glacier"),
    "India": ("Pakistan", "Nepal", "Siachen Glacier"),
    "Pakistan": ("Siachen Glacier",),
    "Cambodia": ("Thailand",),
    "Russia": ("Ukraine",),
    "Georgia": ("Russia",),
    "Armenia": ("Azerbaijan",),
    "Israel": ("Palestine", "Syria", "Lebanon"),
    "Lebanon": ("Syria",),
    "Jordan": ("Palestine",),
    "Egypt": ("Palestine", "Sudan"),
    "Cyprus": ("N. Cyprus",),
    "Serbia": ("Kosovo",),
    "Kosovo": ("Macedonia", "Albania", "Montenegro"),
    "Somalia": ("Somaliland",),
    "Ethiopia": ("Somaliland", "Sudan", "Somalia"),
    "Djibouti": ("Somaliland",),
    "Morocco": ("W. Sahara",),
    "Algeria": ("W. Sahara",),
    "Mauritania": ("W. Sahara",),
    "Sudan": ("S. Sudan",),
    "Kenya": ("S. Sudan",),
    "Guyana": ("Venezuela", "Suriname"),
    "Suriname": ("France",),
    "Belize": ("Guatemala",),
    "South Korea": ("North Korea",),
    "Afghanistan": ("Pakistan",),
    "Croatia": ("Serbia",),
    "Kyrgyzstan": ("Tajikistan", "Uzbekistan"),
    "Tajikistan": ("Uzbekistan",),
    "Malawi": ("Tanzania",),
    "Eritrea": ("Ethiopia", "Djibouti"),
    "Saudi Arabia": ("United Arab Emirates",),
}
"""Land borders that are disputed, not final, or of a territory whose status is: no line is drawn there."""
Point = tuple[float, float]
Ring = Sequence[Point]


class Topology:
    """The arcs of a TopoJSON file in degrees, and the countries that have each."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.countries = found["objects"]["countries"]["geometries"]
        self._land = found["objects"]["land"]["geometries"]
        self._arcs = [list(_arc(arc, found["transform"])) for arc in found["arcs"]]

    def land(self) -> Iterator[Ring]:
        """The coast of all land, and the shores within it, as rings."""
        for land in self._land:
            for polygon in land["arcs"]:
                yield from map(self._joined, polygon)

    def borders(self) -> Iterator[Ring]:
        """The land borders of two countries that are drawn."""
        owners: dict[int, set[str]] = defaultdict(set)
        for country in self.countries:
            for arc in _numbers(country["arcs"]):
                owners[max(arc, ~arc)].add(country["properties"]["name"])
        left_out = {frozenset((one, other)) for one, others in NOT_DRAWN.items() for other in others}
        for arc, names in owners.items():
            if len(names) > 1 and frozenset(names) not in left_out:
                yield self._arcs[arc]

    def centre(self, country: Mapping[str, Any]) -> Point:
        """The centre of a country's largest part."""
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        ring = max((self._joined(polygon[0]) for polygon in polygons), key=lambda one: abs(_area(one)))
        area, x, y = _area(ring), 0.0, 0.0
        for (x1, y1), (x2, y2) in pairwise([*ring, ring[0]]):
            cross = x1 * y2 - x2 * y1
            x, y = x + (x1 + x2) * cross, y + (y1 + y2) * cross
        return (round(x / (6 * area), 2), round(y / (6 * area), 2)) if area else ring[0]

    def _joined(self, arcs: Sequence[int]) -> list[Point]:
        return [point for arc in arcs for point in (self._arcs[arc] if arc >= 0 else reversed(self._arcs[~arc]))]


class View:
    """One map: degrees in, pixels out (equirectangular)."""

    def __init__(self, west: float, south: float, east: float, north: float, width: int, tolerance: float) -> None:
        self._west, self._north, self._scale, self._tolerance = west, north, width / (east - west), tolerance
        self.width, self.height = width, round((north - south) * self._scale)
        self._bounds = (west, south, east, north)

    def written(self, topology: Topology) -> dict[str, Any]:
        """The view as the page needs it."""
        west, _, _, north = self._bounds
        land = (self._clipped(self._pixels(ring)) for ring in topology.land())
        borders = (self._pixels(line) for line in topology.borders())
        return {
            "west": west,
            "north": north,
            "scale": self._scale,
            "width": self.width,
            "height": self.height,
            "land": "".join(self._path(ring) + "z" for ring in land if len(ring) > 2 and abs(_area(ring)) >= _SMALLEST),  # noqa: PLR2004
            "borders": "".join(self._path(line) for line in borders if any(map(self._is_inside, line))),
        }

    def _pixels(self, line: Ring) -> list[Point]:
        """A line in pixels. A line whose middle is west of the world's western edge is at its east."""
        whole = list(_unbroken(line))
        is_turned = self._bounds[2] > _HALF_TURN and sum(lon for lon, _ in whole) / len(whole) < self._west
        west = self._west - 2 * _HALF_TURN * is_turned
        return [((lon - west) * self._scale, (self._north - lat) * self._scale) for lon, lat in whole]

    def _is_inside(self, point: Point) -> bool:
        return 0 <= point[0] <= self.width and 0 <= point[1] <= self.height

    def _clipped(self, ring: Sequence[Point]) -> list[Point]:
        """The part of a ring within the view and its margin (Sutherland and Hodgman)."""
        found = list(ring)
        for axis, limit, sign in ((0, -_MARGIN, 1), (0, self.width + _MARGIN, -1), (1, -_MARGIN, 1), (1, self.height + _MARGIN, -1)):
            points, found = found, []
            for one, two in pairwise([points[-1], *points] if points else []):
                is_in, was_in = (two[axis] - limit) * sign >= 0, (one[axis] - limit) * sign >= 0
                if is_in != was_in:
                    share = (limit - one[axis]) / (two[axis] - one[axis])
                    found.append((one[0] + (two[0] - one[0]) * share, one[1] + (two[1] - one[1]) * share))
                if is_in:
                    found.append(two)
        return found

    def _path(self, line: Sequence[Point]) -> str:
        """A line as the path of an SVG: whole pixels, each step from the point before."""
        points = [(round(x), round(y)) for x, y in _simplified(line, self._tolerance)]
        steps = [(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(points) if (x1, y1) != (x2, y2)]
        return f"M{points[0][0]} {points[0][1]}" + ("l" + " ".join(f"{x} {y}" for x, y in steps).replace(" -", "-") if steps else "")


def _unbroken(line: Ring) -> Iterator[Point]:
    """A line that goes on at the antimeridian: the land of the file jumps there from 180 to -180 degrees."""
    turned, before = 0.0, line[0][0]
    for lon, lat in line:
        if abs(lon - before) > _HALF_TURN:
            turned += 2 * _HALF_TURN if lon < before else -2 * _HALF_TURN
        before = lon
        yield lon + turned, lat


def _simplified(line: Sequence[Point], tolerance: float) -> list[Point]:
    """A line without the points that are nearly on it (Ramer, Douglas and Peucker). A ring is cut at its farthest point."""
    kept, open_spans = {0, len(line) - 1}, [(0, len(line) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        (x1, y1), (x2, y2) = line[first], line[last]
        length = hypot(x2 - x1, y2 - y1)
        farthest, most = first, tolerance
        for place in range(first + 1, last):
            x, y = line[place]
            away = abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length if length else hypot(x - x1, y - y1)
            if away > most:
                farthest, most = place, away
        if farthest != first:
            kept.add(farthest)
            open_spans += [(first, farthest), (farthest, last)]
    return [line[place] for place in sorted(kept)]


def _area(ring: Sequence[Point]) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise([*ring, ring[0]])) / 2


def _arc(arc: Sequence[Sequence[int]], transform: Mapping[str, Sequence[float]]) -> Iterator[Point]:
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        yield x * scale_x + left, y * scale_y + bottom


def _numbers(arcs: Any) -> Iterator[int]:
    if isinstance(arcs, int):
        yield arcs
        return
    for one in arcs:
        yield from _numbers(one)


def write(source: Path, to: Path = OUT) -> None:
    """Write the outlines of every view, and the centre of each country by its ISO 3166-1 alpha-2 code."""
    topology = Topology(json.loads(source.read_bytes()))
    codes = get_global("territory_aliases")
    centres = {codes[one["id"]][0]: topology.centre(one) for one in topology.countries if one.get("id") in codes}
    found = {"centres": dict(sorted(centres.items())), "views": {name: View(*of).written(topology) for name, of in VIEWS.items()}}
    to.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
