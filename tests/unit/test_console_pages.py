"""The live page as HTML: an empty exchange, hostile texts, its words in three languages, its size."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest

from mekong.producers.page.visit import HOME as SENDERS_PAGE
from mekong.schemas.codes import code_list
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.receipts import Outcome
from mekong.sinks import console
from mekong.sinks.console import pages as pages_module
from mekong.sinks.console.board import Shown
from mekong.sinks.console.map.outlines import VIEWS
from mekong.sinks.console.pages import TAGS, Asked, Pages
from mekong.sinks.console.values import WINDOWS, Part
from mekong.sinks.console.words import plain, texts
from tests.unit.console_values import EMPTY, hostile, many

FOLDER = Path(console.__file__).parent
MOST_BYTES = 300_000
EVERY = [Asked(language, str(window), view) for language in LANGUAGES for window in WINDOWS for view in VIEWS]


class Tags(HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("shown", [Shown(), EMPTY], ids=["nothing known", "an empty exchange"])
def test_the_page_is_whole_when_there_is_nothing_to_show(shown):
    pages = Pages("/style.css")
    for asked in EVERY:
        html = pages.now(shown, asked)
        assert f'<html lang="{asked.language}">' in html
        assert html.endswith("</html>")
        assert texts(asked.language)["alerts_none" if shown is EMPTY else "unknown"] in html
    words = texts("en")
    assert words["state_good"] in pages.now(EMPTY, Asked("en"))
    assert words["state_wait"] in pages.now(Shown(), Asked("en"))


def test_hostile_texts_stay_texts():
    safe, unsafe = Tags(Pages("/style.css").now(EMPTY, Asked("en"))), Tags(Pages("/style.css").now(hostile(), Asked("en")))
    assert unsafe.tags.count("script") == safe.tags.count("script") == 1
    assert "b" not in unsafe.tags
    assert not [name for name in unsafe.attributes if name.startswith(("on", "style"))]
    whole = "".join(unsafe.texts)
    assert "<script>document.title='x'</script>\"'<b>1</b>&amp;{{ 7 * 7 }}\ufffdgnp.exe\ufffd" in whole
    assert not set(whole) & {"\u202e", "\u0007"}


def test_writing_that_needs_signs_without_width_stays_as_it_is():
    """Khmer with spaces of no width between words, and Burmese with a joiner; a sign that turns the direction is shown."""
    khmer, joined = "\u1780\u17b6\u179a\u200b\u1794\u1784\u17d2\u1780\u17b6\u178f", "\u1000\u200d\u1001\u200c\u1002"
    assert (plain(khmer), plain(joined)) == (khmer, joined)
    assert plain(f"{khmer}\u202e\ufeff\u200e") == f"{khmer}\ufffd\ufffd\ufffd"


def test_a_server_that_is_away_is_named_and_what_is_known_stays():
    shown = hostile()._replace(away={"kafka": "no broker"})
    html = Pages("/style.css").now(shown, Asked("en"))
    assert html.count(texts("en")["away_kafka"]) == 2
    assert texts("en")["away_clickhouse"] not in html
    assert 'id="tiles"' in html


def test_cases_that_are_not_drawn_are_counted():
    html = Pages("/style.css").part(Part.OUTSIDE, hostile(), Asked("en"))
    assert texts("en")["map_left"].format(count=2) in html
    assert texts("en")["map_inside"].format(count=3) in html


def test_a_part_is_written_once_a_change_however_many_look(monkeypatch):
    pages, shown = Pages("/style.css"), hostile()
    first = pages.part(Part.FEED, shown, Asked("en"))
    monkeypatch.setattr("mekong.sinks.console.pages._PAGES", None)
    assert pages.part(Part.FEED, shown._replace(hour=None), Asked("en")) is first
    with pytest.raises(AttributeError):
        pages.part(Part.FEED, shown._replace(feed=()), Asked("en"))


def test_the_first_load_has_less_than_300_kb_with_ten_thousand_cases():
    shared = Path(__file__).parents[2] / "producers" / "page" / "style.css"
    files = sum(len(path.read_bytes()) for path in (FOLDER / "style.css", FOLDER / "live.js", shared))
    rows = hostile().feed * 20
    shown = hostile()._replace(places=many(10_000), feed=rows)
    pages = Pages(f"{SENDERS_PAGE}/style.css")
    largest = max(len(pages.now(shown, asked).encode()) for asked in EVERY)
    print(f"page {largest:,}, files {files:,}")
    assert largest + files < MOST_BYTES


def test_every_text_is_in_three_languages_with_the_same_names_to_fill_in():
    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    english = texts("en")
    for language in LANGUAGES:
        found = texts(language)
        assert found.keys() == english.keys()
        assert {key for key, text in found.items() if not text.strip() or names(text) != names(english[key])} == set()


def test_every_text_is_used():
    assert not [key for key in texts("en") if hasattr(dict, key)], "a template would write the method of the mapping"
    written = "".join(path.read_text(encoding="utf-8") for path in (FOLDER / "templates").rglob("*.html"))
    used = set(re.findall(r"\bt\.(\w+)", written)) | set(re.findall(r"\bt\[\"(\w+)\"\]", written))
    made = (*re.findall(r"\bt\[\"(\w+_)\" ~", written), "field_")
    assert {key for key in texts("en") if key not in used and not key.startswith(made)} == set()
    assert used <= texts("en").keys()


def test_every_commodity_group_and_outcome_has_its_look():
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    dots = (FOLDER / "templates" / "parts" / "dots.html").read_text(encoding="utf-8")
    for code in code_list("commodity_groups"):
        assert f".g-{code} " in style
        assert f'"{code}"' in dots
    assert TAGS.keys() == set(map(str, Outcome))


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_evaluated():
    for path in [*FOLDER.rglob("*.html"), *FOLDER.rglob("*.css"), *FOLDER.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]+\.|@import|@font-face|\beval\b|new Function|\bstyle=|\bon[a-z]+=", text), path


def test_the_map_is_drawn_once_a_change_for_both_of_its_parts_and_all_languages(monkeypatch):
    drawings, draw = [], pages_module.draw
    monkeypatch.setattr(pages_module, "draw", lambda *given: drawings.append(given) or draw(*given))
    pages, shown = Pages("/style.css"), Shown(places=many(100))
    for _ in range(2):
        for language in LANGUAGES:
            for part in (Part.DOTS, Part.OUTSIDE):
                pages.part(part, shown, Asked(language))
    assert len(drawings) == 1
    assert pages.part(Part.DOTS, EMPTY, Asked("en")) != pages.part(Part.DOTS, shown, Asked("en"))
    assert len(drawings) == 3
