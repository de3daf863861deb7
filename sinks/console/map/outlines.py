"""Reads the outlines of the map, and places degrees on it. ``outlines.json`` is made by deploy/outlines.py."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from mekong.schemas.codes import code_list
from mekong.schemas.wire import load

VIEWS = ("mekong", "world")
"""The views of the map, the first one first."""
Point = tuple[float, float]
"""Of a map in pixels, or longitude and latitude in degrees."""


class Outline(NamedTuple):
    """One view of the map."""

    west: float
    north: float
    scale: float
    """Pixels a degree."""
    width: int
    height: int
    land: str
    """The path of an SVG."""
    borders: str

    def at(self, place: Point) -> Point:
        """Where a longitude and latitude are on the map; it may be outside."""
        lon, lat = place
        turned = lon + 360 if lon < self.west and self.is_world else lon
        return (turned - self.west) * self.scale, (self.north - lat) * self.scale

    def has(self, point: Point) -> bool:
        """Whether a point is on the map."""
        return 0 <= point[0] <= self.width and 0 <= point[1] <= self.height

    @property
    def is_world(self) -> bool:
        """Whether the view goes once around the earth."""
        return self.width / self.scale >= 360  # noqa: PLR2004 - degrees


@cache
def _data() -> Mapping[str, Any]:
    found: Mapping[str, Any] = load((Path(__file__).parent / "outlines.json").read_bytes())
    return found


@cache
def outline(view: str) -> Outline:
    """The view of this name."""
    return Outline(**_data()["views"][view])


@cache
def centre(country: str) -> Point | None:
    """Longitude and latitude of the middle of a country; None when it is not on the map."""
    found = _data()["centres"].get(country)
    return (found[0], found[1]) if found else None


@cache
def place_at(code: str) -> Point | None:
    """Longitude and latitude of a place of the code list; None when they are not known."""
    entry = code_list("places").get(code)
    lat, lon = (entry.fields.get("lat"), entry.fields.get("lon")) if entry else (None, None)
    return (float(lon), float(lat)) if lat and lon else None
