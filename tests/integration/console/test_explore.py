"""Explore: each number is the length of its list, by the real ClickHouse; a person brushes, clicks, opens and downloads in Chromium."""

from __future__ import annotations

import csv
import io
import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import openpyxl
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By

from mekong.schemas.journal import Enriched
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.console.explore.choice import FACETS, Choice, choice_of
from mekong.sinks.console.explore.counting import PAGE, listed, numbers
from mekong.sinks.console.words import texts
from tests.integration.console.made_up import AGENCIES, seizure
from tests.integration.console.test_questions import version
from tests.integration.page.person import Person
from tests.integration.page.test_sheet_on_the_page import is_usable

pytestmark = pytest.mark.timeout(900)  # the first test may install the browser
T = texts("en")
AT = datetime(2026, 5, 3, 18, tzinfo=UTC)
HOSTILE = """=1+1'); DROP TABLE journal; --<b>"""
GROUPS, GOODS = ("drug", "precursor", "fauna", "timber"), ("Heroin", "Ketamine", "Manis javanica", HOSTILE, "")
COUNTRIES = ("VN", "LA", "TH", "")


def cases(chosen: Random, count: int) -> list[bytes]:
    """Cases with one to three lines; some corrected, some withdrawn, some without a day, some known by the month only."""
    found = []
    for number in range(1, count + 1):
        agency = chosen.choice(AGENCIES)
        day = date(2025, 11, 1) + timedelta(days=chosen.randrange(240))
        for at, status in enumerate(["current"] + ["current"] * (chosen.random() < 0.3) + ["withdrawn"] * (chosen.random() < 0.2), 1):
            lines = [chosen.choice(GROUPS) for _ in range(chosen.randint(1, 3))]
            content = {
                "seized_at": chosen.choice([day.isoformat(), day.isoformat()[:7], f"{day}T08:00:00+07:00"]),
                "country": chosen.choice(COUNTRIES) or None,
                "lines": [{"commodity_group": group, "substance_or_taxon": "x"} for group in lines],
            }
            names = tuple({"name": chosen.choice(GOODS)} for _ in lines)
            enriched = Enriched(agency_kind="customs", agency_country="VN", agency_region="Asia", country=content["country"], lines=names)
            received = AT + timedelta(hours=number * 3 + at * 40)
            more = {"agency": agency, "status": status, "content": content, "enriched": enriched, "received_at": received}
            found.append(version(number, "", at, **more))
    return found


def random_choice(chosen: Random) -> Choice:
    """A choice of any of the filters."""
    first = date(2025, 10, 1) + timedelta(days=chosen.randrange(300))
    values = {
        "from": first.isoformat(),
        "to": (first + timedelta(days=chosen.randrange(200))).isoformat(),
        "country": chosen.choice(COUNTRIES),
        "group": chosen.choice(GROUPS),
        "goods": chosen.choice(GOODS),
        "agency": chosen.choice(AGENCIES),
        "known_on": (AT.date() + timedelta(days=chosen.randrange(12))).isoformat(),
    }
    return choice_of({name: value for name, value in values.items() if chosen.random() < 0.3})


def length(database: Database, choice: Choice) -> int:
    """The cases of a list, page by page."""
    first = listed(database, choice, 1)
    ids = [one.event_id for page in range(1, first.pages + 1) for one in listed(database, choice, page).cases]
    assert len(ids) == len(set(ids)) == first.total
    return first.total


def test_for_random_choices_each_number_is_the_length_of_its_list(database, store):
    chosen = Random(14)
    store("journal", "journal.v1", *cases(chosen, 200))
    compared = 0
    for _ in range(12):
        choice = random_choice(chosen)
        assert choice_of(dict(httpx.QueryParams(choice.query()[1:]))) == choice
        found = numbers(database, choice)
        assert found.cases == length(database, choice)
        assert sum(bar.cases for bar in found.bars) + found.without_day == found.cases
        for bar in chosen.sample(list(found.bars), min(2, len(found.bars))):
            within = choice._replace(first=max(bar.first, choice.first or bar.first), last=min(bar.last, choice.last or bar.last))
            assert bar.cases == length(database, within)
            compared += 1
        for facet in FACETS:
            for value, count in found.facets[facet][:2]:
                assert count == length(database, choice._replace(**{facet: value}))
                compared += 1
    print(f"{compared} numbers are the length of their lists")
    assert compared > 80
    assert numbers(database, Choice()).cases > PAGE


def test_a_person_brushes_clicks_opens_and_downloads_and_every_number_is_its_list(live, open_chromium, axe):
    formula = "=HYPERLINK(1)"
    marked = [seizure(f"HN-{number}", number * 40, handling={"tlp": "TLP:GREEN", "handling_code": "H0"}) for number in range(30)]
    live.deployment.send(AGENCIES[0], [*marked, seizure(formula, 3, handling={"tlp": "TLP:GREEN", "handling_code": "H0"})])
    live.deployment.send(AGENCIES[1], [seizure(f"LA-{number}", number * 40, agency=AGENCIES[1]) for number in range(12)])
    live.stored(43)
    person = Person(open_chromium(), live.url)
    person.browser.get(live.page().replace("/console?", "/console/explore?"))
    assert person.text("#total") == "43"
    is_usable(person.browser, axe)
    if folder := os.environ.get("MEKONG_PICTURES"):
        person.browser.set_window_size(1280, 1500)
        assert person.browser.save_screenshot(str(Path(folder) / "explore.png"))
    bars = person.find("#time")
    third = bars.size["width"] // 3
    ActionChains(person.browser).move_to_element(bars).click_and_hold().move_by_offset(third, 0).release().perform()
    person.until(lambda: "to=" in person.browser.current_url, "the brushed time in the address")
    brushed = int(person.text("#total"))
    assert 0 < brushed < 43
    person.click("[aria-labelledby=h-agency] tbody tr td a")
    person.sees("show all", ".chosen-list")
    assert "agency=VN-CUSTOMS" in person.browser.current_url
    address = person.browser.current_url
    for number in range(len(person.browser.find_elements(By.CSS_SELECTOR, "a.count"))):
        person.browser.get(address)
        link = person.browser.find_elements(By.CSS_SELECTOR, "a.count")[number]
        said = link.get_attribute("textContent")
        person.browser.get(link.get_attribute("href"))
        assert person.text("#total") == said == str(len(person.browser.find_elements(By.CSS_SELECTOR, "tbody tr")))
    is_usable(person.browser, axe)
    with httpx.Client(trust_env=False, timeout=60, follow_redirects=True) as client:
        client.get(live.page())
        answer = client.get(f"{live.url}/console/explore/file?format=csv")
        assert "seizures-31-of-43-TLP-GREEN.csv" in answer.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert {row["agency"] for row in rows} == {AGENCIES[0]}
        assert f"'{formula}" in {row["case_no"] for row in rows}
        answer = client.get(f"{live.url}/console/explore/file?format=xlsx&agency={AGENCIES[1]}&up_to=TLP:AMBER")
        assert "seizures-12-of-12-TLP-AMBER.xlsx" in answer.headers["content-disposition"]
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
        assert sheet.max_row == 13
        wrong = "from=soon&country=%27&group=DROP&goods=%5C&agency=x&known_on=9999-99-99"
        for odd in (wrong, "from=2026-05-02&to=2026-05-01", "country=%00"):
            page = client.get(f"{live.url}/console/explore?{odd}")
            assert (page.status_code, T["explore_wrong"] in page.text) == (200, True)
        yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
        early = client.get(f"{live.url}/console/explore?known_on={yesterday}").text
        assert re.search(r'id="total"[^>]*>0<', early), "nothing was known yesterday"
        goods = client.get(f"{live.url}/console/explore/cases?goods=%3Cb%3E%27%3B--&page=-3").text
        assert "&lt;b&gt;" in goods
