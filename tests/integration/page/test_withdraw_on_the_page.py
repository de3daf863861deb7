"""A person withdraws in Chromium the cases that a sheet has no more: nothing is chosen beforehand, and they are shown twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from mekong.producers.page.words import texts
from mekong.schemas.sheet_words import RESULTS
from tests.integration.page.person import Person
from tests.integration.page.test_sheet_on_the_page import axe, is_usable
from tests.unit.test_gateway_sheets_complete import rows, table

__all__ = ["axe"]
pytestmark = pytest.mark.timeout(900)  # the first test may install the browser
MANY = 30


def sheet(folder: Path, *numbers: int) -> Path:
    path = folder / "seizures.csv"
    path.write_bytes(table(rows(*numbers)))
    return path


def withdrawn(gate) -> list[str]:
    messages = [json.loads(one.value) for one in gate.stored()]
    return [one["case_no"] for one in messages if one["message_type"] == "withdrawal"]


def sent_first(gate, person: Person, folder: Path, numbers: range) -> None:
    gate.deployment.mekong("worker", "intake")
    person.enter(gate.token)
    person.choose(sheet(folder, *numbers))
    person.click("#send")
    person.find("[data-done]:not([hidden])")


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("vi", 360), ("zh", 360)])
def test_cases_are_withdrawn_after_a_choice_and_a_second_look(gate, open_chromium, tmp_path, axe, language, width):
    person, words = Person(open_chromium(width, language), gate.url), texts(language)
    sent_first(gate, person, tmp_path, range(MANY))
    person.choose(sheet(tmp_path, *range(1, MANY)))
    person.sees(words["left_title"].format(count=1), "#left legend")
    assert "2026-0" in person.text("#left ul")
    chosen = person.browser.find_elements(By.CSS_SELECTOR, "#left input:checked")
    assert [one.get_attribute("value") for one in chosen] == [""]
    is_usable(person.browser, axe)
    before = person.clicks
    person.click("#left-all")
    person.click("#send")
    person.sees(words["asked_title"], "#result")
    person.sees("2026-0", "#result .look")
    assert not person.browser.find_element(By.CSS_SELECTOR, "[name=accept]").is_selected()
    assert withdrawn(gate) == []
    is_usable(person.browser, axe)
    person.click("[name=accept]")
    person.click("#send")
    person.find("[data-done]:not([hidden])")
    assert person.clicks - before == 4
    assert sum(RESULTS["withdrawn"][language] in row for row in person.rows()) == 1
    assert withdrawn(gate) == ["2026-0"]
    person.browser.get(f"{gate.url}/send/history")
    person.sees(words["sent_withdrawn"].format(count=1))
    is_usable(person.browser, axe)


def test_nothing_is_withdrawn_without_a_choice_and_a_large_share_needs_its_number(gate, open_chromium, tmp_path):
    person = Person(open_chromium(), gate.url)
    sent_first(gate, person, tmp_path, range(MANY))
    person.choose(sheet(tmp_path, *range(1, MANY)))
    person.find("#left")
    person.click("#send")
    person.find("[data-done]:not([hidden])")
    assert withdrawn(gate) == []
    person.choose(sheet(tmp_path, *range(5, MANY)))
    person.sees("not in this sheet any more: 4", "#left legend")
    person.click("#left-all")
    person.click("#send")
    person.find("#withdraws").send_keys("3")
    person.click("[name=accept]")
    person.click("#send")
    person.until(lambda: person.find("#withdraws").get_attribute("value") == "", "asked again")
    assert withdrawn(gate) == []
    person.find("#withdraws").send_keys("4")
    person.click("[name=accept]")
    person.click("#send")
    person.find("[data-done]:not([hidden])")
    assert withdrawn(gate) == [f"2026-{number}" for number in range(1, 5)]


def test_without_a_script_the_choice_is_sent_too(gate, open_chromium, tmp_path):
    scripted = Person(open_chromium(), gate.url)
    sent_first(gate, scripted, tmp_path, range(MANY))
    person = Person(open_chromium(scripts=False), gate.url)
    person.enter(gate.token)
    fewer = str(sheet(tmp_path, *range(1, MANY)))
    person.find("#sheet").send_keys(fewer)
    person.click("form.drop button")
    person.click("#left-all")
    person.find("#sending input[type=file]").send_keys(fewer)
    person.click("#send")
    person.sees("Look at this before you send", "main")
    person.find("main input[type=file]").send_keys(fewer)
    person.click("[name=accept]")
    person.click("#send")
    person.sees("Cases that are withdrawn: 1.", "main")
    assert withdrawn(gate) == ["2026-0"]
