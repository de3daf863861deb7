"""A person opens the link of a kit in Chromium, gets the token once, and enters the page for senders with it."""

from __future__ import annotations

import zipfile

import pytest
from click.testing import CliRunner
from selenium.webdriver.common.by import By

from mekong.deploy.cli import mekong
from mekong.schemas.activations import PATH
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.topics import ACTIVATIONS
from tests.integration.gateway.conftest import AGENCY
from tests.integration.page.person import Person
from tests.integration.page.test_sheet_on_the_page import axe, is_usable

__all__ = ["axe"]
pytestmark = pytest.mark.timeout(900)  # the first test may install the browser
ADDRESS = "https://exchange.example.org"


@pytest.fixture
def link(gate, tmp_path, monkeypatch) -> str:
    """The link in a new kit, at the address of the gateway of the test."""
    for name, value in gate.deployment.environment.items():
        monkeypatch.setenv(name, value)
    out = tmp_path / "kit.zip"
    done = CliRunner().invoke(mekong, ["agency", "kit", AGENCY, "--out", str(out), "--url", ADDRESS, "--link"])
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(out) as archive:
        lines = archive.read(f"{AGENCY}/activate.txt").decode().splitlines()
    found = next(line for line in lines if line.startswith(f"{ADDRESS}{PATH}#"))
    return found.replace(ADDRESS, gate.url)


def test_from_the_link_of_a_kit_to_the_page_for_senders(gate, link, open_chromium, axe):
    person = Person(open_chromium(), gate.url)
    person.browser.get(link)
    assert person.find("#code").get_attribute("value") == link.partition("#")[2]
    is_usable(person.browser, axe)
    assert gate.deployment.read(ACTIVATIONS.name) == []
    person.click("main form button")
    token = person.find("#token").text
    assert token not in person.find("#lines").text
    assert f"export MEKONG_URL={gate.url}" in person.find("#lines").text
    assert person.text("h1") == f"The token of {AGENCY}"
    assert "#" not in person.browser.current_url
    is_usable(person.browser, axe)

    person.browser.refresh()  # the browser sends the form again
    person.until(lambda: person.text("#token") == token, "the same token again")
    person.click("main a[href='/send']")
    person.browser.switch_to.window(person.browser.window_handles[-1])
    person.find("input#token").send_keys(token)
    person.click("main form button")
    person.find("#sheet")

    other = Person(open_chromium(), gate.url)
    other.browser.get(link)
    other.click("main form button")
    other.sees("This link has been used", "main")
    assert token not in other.browser.page_source
    assert len(gate.deployment.read(ACTIVATIONS.name)) == 1


def test_a_click_twice_shows_the_token(gate, link, open_chromium):
    person = Person(open_chromium(), gate.url)
    person.browser.get(link)
    person.find("#code")
    person.browser.execute_script("const b = document.querySelector('main form button'); b.click(); setTimeout(() => b.click(), 1);")
    person.until(lambda: person.text("#token").startswith("mekong-"), "the token")


def test_a_language_keeps_the_link(gate, link, open_chromium):
    for language in LANGUAGES:
        person = Person(open_chromium(), gate.url)
        person.browser.get(link)
        person.click(f"header a[hreflang={language}]")
        person.until(lambda person=person, language=language: f'<html lang="{language}"' in person.browser.page_source, "the language")
        assert person.find("#code").get_attribute("value") == link.partition("#")[2]


def test_without_scripts_a_person_pastes_the_link(gate, link, open_chromium):
    person = Person(open_chromium(scripts=False), gate.url)
    person.browser.get(f"{gate.url}{PATH}")
    person.find("#code").send_keys(link)
    person.click("main form button")
    assert person.find("#token").text.startswith("mekong-")
    assert not person.browser.find_elements(By.CSS_SELECTOR, "header nav[aria-label]")
