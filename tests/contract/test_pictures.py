"""The pictures of the documentation are there, are used, load nothing, and are the same when they are drawn again."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mekong.deploy.pictures import FOLDER, PICTURES, Fixed, svg
from mekong.deploy.sheet_pictures import HEIGHTS

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {f"{SVG}{name}" for name in ("svg", "style", "defs", "clipPath", "rect", "circle", "g", "text")}
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
DRAWN = {"demo.svg", *(f"{picture.name}.svg" for picture in PICTURES)}
EXPECTED = DRAWN | {f"{name}.png" for name in HEIGHTS} | {"send-page.png", "console.png", "triage.png", "explore.png", "pair.png"}
AGAIN = "run `make pictures`"


def used() -> dict[str, set[str]]:
    """Page -> the files of the pictures that it shows."""
    shown = {page: re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8")) for page in PAGES}
    return {str(page.relative_to(ROOT)): {str((page.parent / one).resolve()) for one in found} for page, found in shown.items()}


def loads_something(drawn: str) -> list[str]:
    """What in a picture would be fetched from elsewhere, or run."""
    found = [str(element.tag) for element in ET.fromstring(drawn).iter() if element.tag not in ALLOWED]
    inside = drawn.replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
    return found + re.findall(r"https?:|//[a-z]|@import|@font-face|\bhref\b|\bsrc\b|url\((?!#)", re.sub(r"<text.*?</text>", "", inside))


def test_every_picture_is_drawn_and_no_other():
    assert {path.name for path in FOLDER.iterdir()} == EXPECTED, AGAIN


def test_every_picture_that_a_page_shows_is_there():
    for page, pictures in used().items():
        for picture in pictures:
            assert Path(picture).exists(), f"{page}: {picture}: {AGAIN}"


def test_every_picture_is_shown_somewhere():
    shown = set().union(*used().values())
    assert [name for name in sorted(EXPECTED) if str(FOLDER / name) not in shown] == []


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_picture_loads_nothing_from_elsewhere(name):
    assert loads_something((FOLDER / name).read_text(encoding="utf-8")) == []


def test_what_is_drawn_loads_nothing_and_is_the_same_again():
    shown = [("mekong status", "  healthy <&> http://localhost\n\n▁▂█\n")]
    drawn = svg("x", shown, 80)
    assert loads_something(drawn) == []
    assert drawn == svg("x", shown, 80)
    assert "&#160;&#160;healthy" in drawn


@pytest.mark.parametrize("bad", ['<image href="x.png"/>', "<script/>", "<style>@import 'x'</style>", '<g style="fill: url(http://x)"/>'])
def test_what_would_load_something_is_found(bad):
    assert loads_something(f'<svg xmlns="http://www.w3.org/2000/svg">{bad}</svg>')


def test_what_belongs_to_one_run_is_replaced_and_the_same_id_stays_the_same():
    fixed = Fixed(Path("/tmp/run"))
    first = fixed("logs /tmp/run/logs\nmekong alerts explain c1a5fae1\n127.0.0.1:16745 http://mekong@127.0.0.1:25841/mekong")
    assert first == "logs .mekong/logs\nmekong alerts explain 5feceb66\n127.0.0.1:9092 http://mekong@127.0.0.1:8123/mekong"
    assert fixed("web http://127.0.0.1:29378, ports intake 14068, sink 26360") == "web http://localhost:8080, ports intake 9464, sink 9470"
    assert fixed("81fc4a4a c1a5fae1 2019-12-01 08:00") == "6b86b273 5feceb66 2019-12-01 08:00"
