"""What was checked is what is sent, in Chromium: two sheets at once, a file that changes, answers that are lost, a corrected sheet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selenium.webdriver.support.ui import Select

from tests.integration.page.person import Person
from tests.unit.filled import AT, FIRST_ROW, saved, workbook

pytestmark = pytest.mark.timeout(900)  # the first test may install the browser

ANSWERS = """
const answers = arguments[1], path = arguments[0], real = window.fetch;
window.fetch = async (where, how) => {
  if (!String(where).endsWith(path) || !answers.length) return real(where, how);
  const one = answers.shift();
  if (one.wait) {
    await new Promise((resolve) => { window.go = resolve; });
    return real(where, how);
  }
  if (!one.status) throw new TypeError("no network");
  return new Response(one.text || "", { status: one.status, headers: one.headers || {} });
};
"""
"""The next requests to a path get these answers; the ones after them go to the gateway."""
OURS = {"x-page-part": "1"}


def sheet(folder: Path, name: str) -> Path:
    book = workbook("en", 1)
    book.worksheets[0].cell(FIRST_ROW, AT["case_no"]).value = f"case of {name}"
    path = folder / f"{name}.xlsx"
    path.write_bytes(saved(book))
    return path


def cases(gate) -> list[str]:
    return [json.loads(one.value)["case_no"] for one in gate.stored()]


def test_a_second_sheet_waits_and_the_first_one_is_sent_under_its_own_check(gate, open_chromium, tmp_path):
    person = Person(open_chromium(), gate.url)
    person.enter(gate.token)
    person.browser.execute_script(ANSWERS, "/check", [{"wait": True}, {"status": 429, "text": "<p>later</p>", "headers": OURS}])
    person.choose(sheet(tmp_path, "A"))
    person.sees("A.xlsx: Please wait", "#said")
    person.choose(sheet(tmp_path, "B"))
    person.sees("Wait for the answer", "#said")
    person.browser.execute_script("window.go()")
    person.sees("A.xlsx", "[data-chosen]")
    person.click("#send")
    person.find("[data-events]")
    assert cases(gate) == ["case of A"]


def test_a_sheet_that_failed_does_not_take_the_place_of_the_checked_one(gate, open_chromium, tmp_path):
    person = Person(open_chromium(), gate.url)
    person.enter(gate.token)
    person.choose(sheet(tmp_path, "A"))
    person.find("#send")
    bad = tmp_path / "B.xlsx"
    bad.write_bytes(b"PK\x03\x04broken")
    person.choose(bad)
    person.sees("This did not work", "#said")
    person.sees("B.xlsx", "#said")
    assert person.text("[data-chosen]") == "A.xlsx"
    person.click("#send")
    person.find("[data-events]")
    assert cases(gate) == ["case of A"]


def test_a_file_that_changes_after_its_check_is_sent_as_it_was_checked(gate, open_chromium, tmp_path):
    person = Person(open_chromium(), gate.url)
    person.enter(gate.token)
    path = sheet(tmp_path, "A")
    person.choose(path)
    person.find("#send")
    path.write_bytes(sheet(tmp_path, "B").read_bytes())
    person.click("#send")
    person.find("[data-events]")
    assert cases(gate) == ["case of A"]
    person.choose(path)
    person.find("#send")
    person.click("#send")
    person.find("[data-events]")
    assert cases(gate) == ["case of A", "case of B"]


def test_a_lost_answer_leaves_the_check_on_the_page(gate, open_chromium, tmp_path):
    person = Person(open_chromium(), gate.url)
    person.enter(gate.token)
    person.choose(sheet(tmp_path, "A"))
    person.find("#send")
    busy = {"status": 503, "text": "<p>busy</p>", "headers": {**OURS, "retry-after": "1"}}
    answers = [{}, {"status": 502, "text": "<h1>Bad gateway of a proxy</h1>"}, {"status": 401}, busy]
    person.browser.execute_script(ANSWERS, "/sheet", answers)
    person.click("#send")
    person.sees("did not answer", "#said")
    person.sees("nothing is stored twice", "#said")
    person.click("#send:not([disabled])")
    person.sees("(502)", "#said")
    assert "Bad gateway" not in person.text()
    person.click("#send:not([disabled])")
    assert person.find("#said a[target=_blank]").get_attribute("href") == f"{gate.url}/send"
    assert cases(gate) == []
    person.click("#send:not([disabled])")  # busy once, then sent without a click
    person.find("[data-events]")
    assert cases(gate) == ["case of A"]
    assert person.text("#said") == ""


def test_a_corrected_sheet_keeps_the_columns_that_were_chosen(gate, open_chromium, tmp_path):
    path = tmp_path / "unknown.csv"
    text = "Dossier,Day of it,What,How much (kg)\nA-1,2026-05-03,Heroin,2.5\n"
    path.write_text(text, encoding="utf-8")
    person = Person(open_chromium(), gate.url)
    person.enter(gate.token)
    person.choose(path)
    for column, field in {"A": "case_no", "B": "seized_at", "C": "substance_or_taxon", "D": "quantity"}.items():
        Select(person.find(f"#field-{column}")).select_by_value(field)
    Select(person.find("#all-group")).select_by_value("drug")
    Select(person.find("#all-unit")).select_by_value("kg")
    person.click("#use-layout")
    person.sees("Send the cases (1)", "#result")
    path.write_text(f"{text}A-2,2026-05-04,Heroin,1.5\n", encoding="utf-8")
    person.choose(path)
    person.sees("Send the cases (2)", "#result")
    other = tmp_path / "other.csv"
    other.write_text("Nr,Stoff\n1,Heroin\n", encoding="utf-8")
    person.choose(other)
    person.sees("What does each column contain?", "#result")


def test_what_cannot_be_taken_is_said(gate, open_chromium, tmp_path):
    person = Person(open_chromium(), gate.url)
    person.enter(gate.token)
    large = tmp_path / "large.csv"
    large.write_bytes(b"0" * 10_000_001)
    person.choose(large)
    person.sees("larger than 10 MB", "#said")
    drop = """
      const data = new DataTransfer();
      for (const name of arguments[0]) data.items.add(new File(["x"], name));
      document.querySelector(arguments[1]).dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
    """
    person.browser.execute_script(drop, ["a.csv", "b.csv"], ".target")
    person.sees("one file at a time", "#said")
    person.browser.execute_script(drop, ["a.toml"], "#layout")
    assert "one file at a time" in person.text("#said")
