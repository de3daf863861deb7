"""The pages of triage and Explore as HTML: hostile texts stay texts, every language is complete, an alert is small."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from mekong.schemas.answered import Given
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.sinks import console
from mekong.sinks.console.board import Shown
from mekong.sinks.console.explore.choice import FACETS, Choice, choice_of
from mekong.sinks.console.explore.counting import Bar, Case, Listed, Numbers, bars
from mekong.sinks.console.explore.files import Made
from mekong.sinks.console.pages import Asked, Pages
from mekong.sinks.console.triage.person import back, name_of
from mekong.sinks.console.triage.values import Behind, Found
from mekong.sinks.console.triage.writing import Message, Writing
from mekong.sinks.console.values import Alerts
from mekong.sinks.delivery.answers.form import Wrong
from tests.unit.console_values import HOSTILE, hostile
from tests.unit.test_answered import ALERT, AT, verdict
from tests.unit.test_console_pages import Tags

NOW = datetime(2026, 5, 3, 9, tzinfo=UTC)
WRITING = Writing(Pages("/style.css"), "token")


def found() -> Found:
    said = ALERT.sentences.model_copy(update=dict.fromkeys(LANGUAGES, HOSTILE))
    stands_out = tuple(one.model_copy(update={"value": HOSTILE}) for one in ALERT.stands_out)
    odd = ALERT.model_copy(update={"sentences": said, "series": HOSTILE, "agency": HOSTILE, "stands_out": stands_out})
    note = Answer(subscription="hn", kind=AnswerKind.NOTE, at=AT, alert_id=odd.alert_id, answer_id=UUID(int=7), text=HOSTILE)
    answers = {3: Given(note, (odd.alert_id,)), 4: Given(verdict(5, "real", alert_id=odd.alert_id), (odd.alert_id,))}
    behind = [Behind("5f3c", HOSTILE, HOSTILE, date(2026, 5, 3), HOSTILE, HOSTILE, "TLP:RED", True)] * 50
    return Found(odd, [odd], [(date(2026, 5, 3), 9)] * 30, behind, answers)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_an_alert_is_small_and_hostile_texts_stay_texts(language):
    wrong = Message.of(Wrong("bad_identifier", {"what": "x"}, "note"), {"text": HOSTILE, "form": HOSTILE, "until": HOSTILE})
    folder = Path(console.__file__).parent
    files = sum((folder / name).stat().st_size for name in ("style.css", "triage.js"))
    for person, message in (("", None), ("hn", wrong), ("hn", Message("answered", after=str(ALERT.alert_id)))):
        html = WRITING.alert(found(), hostile(), Asked(language), NOW, person, message)
        tags = Tags(html)
        assert tags.tags.count("script") == 1
        assert "b" not in tags.tags
        assert not [name for name in tags.attributes if name.startswith("on") or name == "style"]
        assert f'<html lang="{language}">' in html
        assert "built-in" not in html
        assert len(html.encode()) + files + 15_000 < 100_000


def test_the_queue_keeps_hostile_texts_as_texts_and_says_when_nothing_is_known_or_open():
    tags = Tags(WRITING.queue(hostile(), Asked("en"), NOW, "hn", None))
    assert tags.tags.count("script") == 1
    assert "b" not in tags.tags
    for language in LANGUAGES:
        assert WRITING.queue(Shown(), Asked(language), NOW, "", None)
        assert WRITING.queue(Shown(alerts=Alerts((), 0, 0)), Asked(language), NOW, "", Message("bad_name"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_explore_keeps_hostile_texts_as_texts(language):
    choice = choice_of({"goods": "'<b>", "agency": "VN-CUSTOMS", "from": "2026-05-01", "to": "soon", "known_on": "2026-05-02"})
    facets = {name: [(HOSTILE, 3)] * 20 for name in FACETS}
    numbers = Numbers(3, 1, [Bar(date(2026, 5, 1), date(2026, 5, 7), 2)], facets)
    cases = [Case("5f3c", HOSTILE, HOSTILE, date(2026, 5, 1), "month", HOSTILE, [HOSTILE] * 4, 1, "TLP:RED", True)]
    given = {
        "choice": choice,
        "facets": tuple(FACETS),
        "codes": {},
        "explore": "/x",
        "shown": 12,
        "levels": (),
        "level": "",
        "most_cases": 1,
    }
    for name, value in (("numbers", numbers), ("cases", Listed(cases, 250, 2)), ("numbers", Numbers(0, 0, [], dict.fromkeys(FACETS, ())))):
        tags = Tags(Pages("/style.css").page(f"explore/{name}", Asked(language), found=value, **given))
        assert tags.tags.count("script") == (name == "numbers")
        assert "b" not in tags.tags


def test_a_choice_that_cannot_be_used_is_named_and_the_rest_counts():
    odd = {
        "from": "soon",
        "country": "vn'",
        "group": "DROP TABLE",
        "goods": "a\\b",
        "agency": "x",
        "known_on": "0001-01-01",
        "to": "2026-05-01",
    }
    found = choice_of(odd)
    assert found == Choice(last=date(2026, 5, 1), wrong=("from", "known_on", "country", "group", "goods", "agency"))
    assert choice_of({"from": "2026-05-02", "to": "2026-05-01"}).wrong == ("from", "to")
    assert choice_of({"goods": "it's --; ("}).where.count("'it''s --; ('") == 1


def test_bars_are_days_weeks_months_or_years_without_a_gap_and_lose_no_case():
    for span in (1, 62, 63, 434, 435, 2_928, 60_000):
        first = date(1970, 1, 1)
        days = {first: 2, date.fromordinal(first.toordinal() + span - 1): 3}
        found = bars(days)
        assert sum(bar.cases for bar in found) == sum(days.values())
        assert all(one.last.toordinal() + 1 == other.first.toordinal() for one, other in pairwise(found))
        assert len(found) < 180
    assert bars({}) == []


def test_a_short_name_is_not_a_full_name_and_a_way_back_leads_to_triage_only():
    assert [name_of(text) for text in (" HN ", "night-1", "Nguyễn", "a", "x" * 21, "a b", "0912345678", "-a")] == [
        "hn",
        "night-1",
        *[""] * 6,
    ]
    for text in ("https://evil.example", "//evil.example", "/console/alerts/../x", ""):
        assert back(text) == "/console/alerts"
    assert back(f"/console/alerts/{UUID(int=1)}").endswith("0001")


def test_a_file_that_was_sent_is_removed_with_its_folder(tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "seizures.csv").write_text("x")
    Made(folder / "seizures.csv", "x.csv").remove()
    assert not folder.exists()
