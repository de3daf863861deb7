"""The page for answers: in every language, with everything escaped, whole without script or any other file."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest

from mekong.schemas.languages import Language
from mekong.schemas.notifications import Notification, Reason
from mekong.sinks.delivery.answers.page import POLICY, PageMessage, page, plain
from mekong.sinks.delivery.answers.picture import picture
from mekong.sinks.delivery.letter import as_html, as_text
from mekong.sinks.delivery.links import Link
from mekong.sinks.delivery.markup import Markup, element
from mekong.sinks.delivery.words import SAID

ALERTS = Path(__file__).parents[1] / "examples" / "alerts" / "good"
SPIKE, MAJOR, CLEARED = (json.loads((ALERTS / name).read_text()) for name in ("spike-open.json", "major.json", "network-cleared.json"))
NOW = datetime(2026, 5, 3, 9, tzinfo=UTC)
EVIL = "\"'><script>alert(1)</script>&<img src=x onerror=y>"
LINK = Link("https://alerts.example.org/v1/answers/duty.x.y", datetime(2026, 6, 2, tzinfo=UTC))


def notification(*items: dict[str, Any], language: Language = "en", subject: str = "Spike", text: str = "Nine cases.") -> Notification:
    return Notification(
        notification_id=UUID(int=5), subscription="duty", member="VN-CUSTOMS", reason=Reason.ALERT, raised_at=NOW, language=language,
        subject=subject, text=text, items=items,
    )  # fmt: skip


class Tags(HTMLParser):
    """What a browser would see: elements, their attributes, and whether each one is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.found if name in attributes]


def evil(value: Any) -> Any:
    """The same with every text replaced by one that would be a script."""
    if isinstance(value, dict):
        return {name: evil(one) for name, one in value.items()}
    return [evil(one) for one in value] if isinstance(value, list) else EVIL if isinstance(value, str) else value


@pytest.mark.parametrize("language", get_args(Language))
def test_the_page_says_everything_in_the_subscribers_language(language):
    shown = page(notification(SPIKE, language=language), NOW, "n" * 12)
    tags = Tags(shown)
    assert tags.found[0] == ("html", {"lang": language})
    for name in ("stands_out", "explain", "acknowledge", "verdict", "mute", "note", "no_names", "observed", "expected"):
        assert SAID[name][language] in shown, name
    assert SPIKE["sentences"][language] in shown
    assert "seizures WHERE agency = &#x27;VN-CUSTOMS&#x27;" in shown
    assert [value for value in tags.values("name") if value == "kind"] == ["kind"] * 4
    before, _, behind = shown.partition('class="explain"')
    for figure in ("2e-06", "18.9", "4e-06", "3100"):
        assert figure not in before, "figures of the test stand under explain only"
        assert figure in behind


def test_every_sentence_exists_in_every_language():
    for name, words in SAID.items():
        assert set(words) == set(get_args(Language)), name
        assert len({frozenset(re.findall(r"{(\w+)}", text)) for text in words.values()}) == 1, f"{name} has the same facts in each"


@pytest.mark.parametrize("count", [1, 3])
def test_nothing_that_a_record_or_a_form_holds_becomes_a_tag(count):
    alert = {**evil(SPIKE), "sentences": dict.fromkeys(get_args(Language), EVIL)}
    said = PageMessage(EVIL, is_done=False, kind="mute", given={"text": EVIL, "until": EVIL, "series": EVIL}, may_insist=True)
    hostile = notification(*[alert | {"series": f"{EVIL}{number}"} for number in range(count)], subject=EVIL, text=f"{EVIL}\n- {EVIL}")
    for shown in (page(hostile, NOW, EVIL, said), plain("away", {EVIL: EVIL}, "unclear_text"), as_html(hostile, LINK)):
        tags = Tags(shown)
        assert not {"script", "img"} & {tag for tag, _ in tags.found}
        assert not [name for _, attributes in tags.found for name in attributes if name.startswith("on")]


def test_nothing_is_loaded_from_elsewhere_and_no_script_may_run():
    shown = page(notification(SPIKE, MAJOR, CLEARED), NOW, "n" * 12)
    tags = Tags(shown)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in tags.found}
    assert not [name for _, attributes in tags.found for name in attributes if name in {"src", "href", "style", "action"}]
    assert "url(" not in shown
    assert "@import" not in shown
    assert POLICY.startswith("default-src 'none'; style-src 'sha256-")


def test_a_form_that_was_refused_is_open_and_holds_what_was_given():
    said = PageMessage("Not recorded: write a few words.", is_done=False, kind="mute", given={"until": "2026-06-01", "text": "known"})
    shown = page(notification(SPIKE, CLEARED), NOW, "n" * 12, said)
    assert 'value="2026-06-01"' in shown
    assert 'value="known"' in shown
    assert shown.count("<details open>") == 2, "the first alert and the form"
    assert 'role="alert"' in shown


def test_an_alert_that_expects_no_number_has_no_picture():
    assert picture(MAJOR, "en") is None
    assert "<svg" not in page(notification(MAJOR), NOW, "n" * 12)


@pytest.mark.parametrize("observed", [0, 1, 9, 99, 1_000_000])
@pytest.mark.parametrize("expected", [0.0, 0.04, 8.5, 12_345.6])
def test_a_picture_stays_within_its_width(observed, expected):
    high = int(expected * 2)
    alert = {**SPIKE, "observed": observed, "expected": expected, "interval_50": None, "interval_90": {"low": 0, "high": high}}
    drawn = picture(alert, "en")
    assert drawn is not None
    places = [float(found) for found in re.findall(r'(?:x|x1|x2|cx|width)="([\d.]+)%"', drawn)]
    assert all(0 <= place <= 100 for place in places)
    assert 2 <= drawn.count('class="tick"') <= 7


def test_an_element_escapes_what_is_no_markup_and_leaves_out_what_is_not_set():
    assert element("p", "<b>", Markup("<i></i>"), class_='a"b', hidden=None, open=True) == '<p class="a&quot;b" open>&lt;b&gt;<i></i></p>'


def test_a_mail_has_the_link_in_both_bodies_and_without_one_says_nothing_of_it():
    one = notification(SPIKE, text="A & b.\n\nMore:\n- first\n- second\nLast.")
    assert as_text(one) == "A & b.\n\nMore:\n- first\n- second\nLast.\n"
    assert f"\n{LINK.url}\n" in as_text(one, LINK)
    assert "2 June 2026" in as_text(one, LINK)
    linked = Tags(as_html(one, LINK))
    assert linked.values("href") == [LINK.url]
    assert [tag for tag, _ in linked.found if tag in {"p", "ul", "li"}][:5] == ["p", "p", "ul", "li", "li"]
    assert Tags(as_html(one)).values("href") == []
