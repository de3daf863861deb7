"""docs/tour.md shows the code as it is: twelve stops, and the lines of each stand in its file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TOUR = ROOT / "docs" / "tour.md"
STOP = re.compile(r"^## (\d+\. [^\n]+)\n\[([^\]]+)\]\(\.\./([^)]+)\)\n```\w+\n(.+?)\n```\n(.+?)\n(?=\n)", re.DOTALL | re.MULTILINE)
MOST_LINES = 14
SENTENCE_END = re.compile(r"[.!?](?=\s|$)")


class Stop(NamedTuple):
    title: str
    file: str
    target: str
    lines: str
    text: str


STOPS = [Stop(*found) for found in STOP.findall(TOUR.read_text(encoding="utf-8"))]


def test_there_are_twelve_stops_in_order():
    assert [stop.title.partition(".")[0] for stop in STOPS] == [str(number) for number in range(1, 13)]
    assert len(re.findall(r"^## \d+\.", TOUR.read_text(encoding="utf-8"), re.MULTILINE)) == len(STOPS)


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.title)
def test_the_lines_of_a_stop_stand_in_its_file_exactly(stop: Stop):
    assert stop.file == stop.target
    code = (ROOT / stop.file).read_text(encoding="utf-8")
    for line in stop.lines.splitlines():
        assert f"\n{line}\n" in f"\n{code}", f"docs/tour.md, stop {stop.title!r}: {stop.file} no longer has the line {line!r}"
    assert f"\n{stop.lines}\n" in f"\n{code}", f"docs/tour.md, stop {stop.title!r}: {stop.file} no longer has these lines together"


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.title)
def test_a_stop_shows_few_lines_and_says_two_sentences(stop: Stop):
    assert len(stop.lines.splitlines()) <= MOST_LINES
    prose = re.sub(r"`[^`]*`", "code", stop.text)
    assert len(SENTENCE_END.findall(prose)) == 2, f"docs/tour.md, stop {stop.title!r}"
