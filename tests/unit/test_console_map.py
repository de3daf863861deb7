"""The map: where a case is drawn, how many dots there are, and what the outlines have."""

from __future__ import annotations

import re

import pytest

from mekong.schemas.codes import code_list
from mekong.sinks.console.map import drawing
from mekong.sinks.console.map.drawing import MOST_DOTS, draw, where
from mekong.sinks.console.map.outlines import VIEWS, centre, outline
from mekong.sinks.console.values import Route, Seized
from tests.unit.console_values import many


@pytest.mark.parametrize("view", VIEWS)
def test_ten_thousand_cases_are_few_dots_and_none_is_lost(view):
    places = many(10_000)
    drawn = draw(places.seized["24h"], places.routes["24h"], outline(view))
    assert len(drawn.dots) <= MOST_DOTS
    assert sum(dot.cases for dot in drawn.dots) == drawn.inside
    assert drawn.inside + drawn.outside + drawn.nowhere == 10_000
    assert len(drawn.arcs) <= 40


def test_a_case_is_at_its_coordinates_then_at_its_place_then_in_the_middle_of_its_country():
    assert where(Seized("VN", 21.03, 105.85, "VNHPH", "drug", 1)) == (105.85, 21.03)
    place, entry = next((code, entry) for code, entry in code_list("places").items() if entry.fields["lat"])
    assert where(Seized("VN", None, None, place, "drug", 1)) == (float(entry.fields["lon"]), float(entry.fields["lat"]))
    assert where(Seized("VN", None, None, "", "drug", 1)) == centre("VN")
    assert where(Seized("XX", None, None, "", "drug", 1)) is None


def test_near_cases_are_one_dot_with_the_group_of_most_and_far_ones_are_counted():
    near = [Seized("VN", 21.0, 105.8, "", "drug", 3), Seized("LA", 21.01, 105.8, "", "timber", 2)]
    drawn = draw([*near, Seized("BR", None, None, "", "drug", 4), Seized("", None, None, "", "", 1)], [], outline("mekong"))
    (dot,) = drawn.dots
    assert (dot.cases, dot.group, dot.country) == (5, "drug", "")
    assert (drawn.inside, drawn.outside, drawn.nowhere) == (5, 4, 1)
    assert drawn.countries[0] == ("BR", 4)


def test_a_route_is_drawn_when_one_of_its_ends_is_on_the_map():
    routes = [Route("MM", "VN", 3), Route("MM", "AU", 1), Route("BR", "AU", 1), Route("XX", "VN", 1)]
    assert [arc.route for arc in draw([], routes, outline("mekong")).arcs] == routes[:2]
    assert len(draw([], routes, outline("world")).arcs) == 3


@pytest.mark.parametrize("view", VIEWS)
def test_outlines_are_paths_within_the_map_and_its_margin(view):
    found = outline(view)
    for path in (found.land, found.borders):
        assert re.fullmatch(r"(M-?\d+ -?\d+(l-?\d+([ -]\d+|-\d+| -?\d+)*)?z?)+", path)
        for start in re.findall(r"M(-?\d+) (-?\d+)", path if path is found.land else ""):
            assert -13 <= int(start[0]) <= found.width + 13
            assert -13 <= int(start[1]) <= found.height + 13


def test_no_line_of_the_world_goes_from_one_edge_to_the_other():
    """An island at the antimeridian that is cut in two would be drawn as a line across the map."""
    found = outline("world")
    for ring in re.findall(r"M[^M]+", found.land):
        numbers = list(map(int, re.findall(r"-?\d+", ring)))
        assert all(abs(step) < found.width / 4 for step in numbers[2::2]), ring[:40]


def test_every_country_of_the_region_has_a_centre_on_the_map():
    view = outline(VIEWS[0])
    for code in ("VN", "LA", "KH", "TH", "MM", "HK", "PH"):
        assert view.has(view.at(centre(code)))


def test_the_number_of_dots_has_no_exception(monkeypatch):
    monkeypatch.setattr(drawing, "MOST_DOTS", 3)
    assert 1 <= len(draw(many(500).seized["7d"], [], outline("mekong")).dots) <= 3
