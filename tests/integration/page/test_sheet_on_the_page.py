"""A person sends a sheet in Chromium: from the token to the receipts, in few clicks, with hostile text, a break and a marked sheet."""

from __future__ import annotations

import os
from pathlib import Path

import openpyxl
import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from mekong.schemas.languages import LANGUAGES
from mekong.schemas.sheet_words import RESULTS
from tests.integration.page.person import Person
from tests.interop.node import with_packages
from tests.unit.filled import AT, FIRST_ROW, saved, workbook

pytestmark = pytest.mark.timeout(900)  # the first test may install the browser
CASES = 4
HOSTILE = """<script>document.title='x'</script>"'<b>1</b>"""


def sheet(folder: Path, *, wrong: bool = False) -> Path:
    book = workbook("vi", CASES)
    book.worksheets[0].cell(FIRST_ROW, AT["case_no"]).value = HOSTILE
    if wrong:
        book.worksheets[0].cell(FIRST_ROW + 1, AT["quantity"]).value = HOSTILE
    path = folder / f"Nguyen Van A {wrong}.xlsx"
    path.write_bytes(saved(book))
    return path


def test_from_the_token_to_the_first_receipt_in_at_most_eight_clicks(gate, open_chromium, tmp_path):
    gate.deployment.mekong("worker", "intake")
    person = Person(open_chromium(), gate.url)
    person.enter(gate.token)
    person.click("[data-part=tested] button")
    person.sees("The connection works", "#tested")
    person.sees("clock of your computer is right", "#tested")
    person.choose(sheet(tmp_path))
    person.sees(f"Send the cases ({CASES})", "#send")
    person.click("#send")
    person.until(lambda: len(person.rows()) > 0, "the first receipt")
    assert person.clicks <= 8
    person.sees("All receipts have arrived", "[data-done]")
    assert sorted(RESULTS["accepted"]["en"] in row for row in person.rows()) == [True] * CASES
    assert any(HOSTILE in row for row in person.rows())
    assert person.browser.title == "Seizure Exchange"
    assert not person.browser.find_elements(By.CSS_SELECTOR, "main script, main b")

    person.click("#marked")
    marked = tmp_path / "downloads" / "marked.xlsx"
    person.until(marked.exists, "the marked sheet")
    said = [cell.value for row in openpyxl.load_workbook(marked).worksheets[0].iter_rows() for cell in row]
    assert said.count(RESULTS["accepted"]["en"]) == CASES  # in the language of the page
    assert all("Nguyen" not in process.log.read_text(encoding="utf-8") for process in gate.deployment.processes)


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program of axe-core, which finds what people with a screen reader or weak eyes cannot use."""
    folder = with_packages(Path(__file__).parents[2] / "interop", tmp_path_factory.mktemp("axe"))
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def is_usable(browser: Chrome, axe: str) -> None:
    browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    found = browser.execute_async_script("const done = arguments[arguments.length - 1]; axe.run().then(r => done(r.violations));")
    serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
    assert serious == []
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def draw(person: Person, to: Path) -> None:
    """The picture of docs/send-page.md: `make pictures`."""
    person.browser.execute_script("document.querySelector('[data-chosen]').textContent = 'seizures.xlsx'; scrollTo(0, 0)")
    person.browser.set_window_size(1100, 1180)
    assert person.browser.save_screenshot(str(to))


@pytest.mark.parametrize(
    ("language", "width", "dark"), [(LANGUAGES[0], 1280, False), (LANGUAGES[1], 360, True), (LANGUAGES[2], 360, False)]
)
def test_every_page_can_be_used_by_everybody(gate, open_chromium, tmp_path, axe, language, width, dark):
    gate.deployment.mekong("worker", "intake")
    person = Person(open_chromium(width, language, dark=dark), gate.url)
    person.browser.get(f"{gate.url}/send")
    assert person.find("html").get_attribute("lang") == language
    is_usable(person.browser, axe)
    person.enter(gate.token)
    person.click("[data-part=tested] button")
    person.find("#tested .good")
    person.choose(sheet(tmp_path, wrong=True))
    person.find("#send")
    is_usable(person.browser, axe)
    if (folder := os.environ.get("MEKONG_PICTURES")) and width > 1000:
        draw(person, Path(folder) / "send-page.png")
    person.click("#send")
    person.find("[data-done]:not([hidden])")
    is_usable(person.browser, axe)
    for page in ("health", "history", "receipts?after=in.VN-CUSTOMS.v1@0"):
        person.browser.get(f"{gate.url}/send/{page}")
        person.find("main h1")
        is_usable(person.browser, axe)


def test_receipts_go_on_after_the_gateway_was_restarted_and_the_keyboard_is_enough(gate, open_chromium, tmp_path):
    person = Person(open_chromium(), gate.url)
    browser = person.browser
    browser.get(f"{gate.url}/send")
    ActionChains(browser).send_keys(gate.token, Keys.ENTER).perform()
    person.find("#sheet").send_keys(str(sheet(tmp_path)))
    person.until(lambda: browser.switch_to.active_element.get_attribute("id") == "checked-title", "the result has the focus")
    ActionChains(browser).send_keys(Keys.TAB, Keys.ENTER).perform()
    person.find("[data-events]")  # sent; no worker answers yet
    gate.process.kill()
    gate.start(port=gate.port)
    gate.deployment.mekong("worker", "intake")
    person.find("[data-done]:not([hidden])")
    assert len(person.rows()) == CASES


def test_without_a_script_each_step_is_a_page(gate, open_chromium, tmp_path):
    gate.deployment.mekong("worker", "intake")
    person = Person(open_chromium(scripts=False), gate.url)
    person.enter(gate.token)
    person.choose(sheet(tmp_path))
    person.click("form.drop button")
    person.find("form[action$=sheet] input[type=file]").send_keys(str(sheet(tmp_path)))
    person.click("#send")
    person.click("main .row a")
    person.until(lambda: len(person.browser.find_elements(By.CSS_SELECTOR, "main tbody tr")) == CASES, "the receipts, after reloads")
    assert RESULTS["accepted"]["en"] in person.text("main")


def test_a_person_chooses_the_columns_of_an_unknown_sheet(gate, open_chromium, tmp_path, axe):
    gate.deployment.mekong("worker", "intake")
    path = tmp_path / "unknown.csv"
    path.write_text("Dossier,Day of it,What,How much (kg),Họ và tên\nA-1,2026-05-03,Heroin,2.5,<b>Nguyen\n", encoding="utf-8")
    person = Person(open_chromium(360), gate.url)
    person.enter(gate.token)
    person.choose(path)
    person.sees("What does each column contain?", "#result")
    is_usable(person.browser, axe)
    wanted = {"A": "case_no", "B": "seized_at", "C": "substance_or_taxon", "D": "quantity"}
    for column, field in wanted.items():
        Select(person.find(f"#field-{column}")).select_by_value(field)
    Select(person.find("#all-group")).select_by_value("drug")
    Select(person.find("#all-unit")).select_by_value("kg")
    person.click("#use-layout")
    person.sees("The first cases, next to their cells", "#result")
    is_usable(person.browser, axe)
    person.click("#save-layout")
    person.until((tmp_path / "downloads" / "layout.toml").exists, "the saved layout")
    person.click("#send")
    person.find("[data-done]:not([hidden])")
    assert len(person.rows()) == 1
