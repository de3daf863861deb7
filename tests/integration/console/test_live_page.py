"""A duty officer at the live page in Chromium: messages appear by themselves, in three languages, also after a restart."""

from __future__ import annotations

import os
import time
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.by import By

from mekong.schemas.languages import LANGUAGES
from mekong.schemas.vocabulary import TIERS
from mekong.sinks.console.words import texts
from tests.integration.console.made_up import AGENCIES, alerts, day, seizure
from tests.integration.page.person import Person
from tests.integration.page.test_sheet_on_the_page import is_usable

pytestmark = pytest.mark.timeout(900)  # the first test may install the browser
HOSTILE = """<script>document.title='x'</script>"'<b>1</b>"""


def test_a_message_shows_by_itself_within_a_second_and_hostile_text_stays_text(live, open_chromium):
    live.deployment.send(AGENCIES[0], [seizure("case 0")])
    person = Person(open_chromium(), live.url)
    person.browser.get(f"{live.url}/console")
    person.sees(texts("en")["locked"])
    person.browser.get(live.page())
    person.sees("case 0", "#feed")
    assert person.browser.current_url == f"{live.url}/console"
    person.sees(texts("en")["live"], "#connection")
    waits = []
    for number in range(1, 21):
        began = time.monotonic()
        live.deployment.send(AGENCIES[0], [seizure(f"case {number}")])
        person.until(lambda number=number: f"case {number}" in person.text("#feed tbody tr a"), "the message")
        waits.append(time.monotonic() - began)
    median, most = sorted(waits)[len(waits) // 2], sorted(waits)[-2]
    print(f"a message shows after {median:.2f} s (median), {most:.2f} s (p95 of {len(waits)})")
    live.deployment.send(AGENCIES[0], [seizure(HOSTILE), b"not json"])
    person.sees(HOSTILE, "#feed")
    person.sees("rejected", "#feed")
    assert person.browser.title == texts("en")["title"]
    assert not person.browser.find_elements(By.CSS_SELECTOR, "main script, main b")
    person.until(lambda: "22" in person.text("#agencies tfoot"), "the counts of the agency")
    person.until(lambda: person.browser.find_elements(By.CSS_SELECTOR, "#dots circle"), "a dot on the map")
    person.sees("intake", "#health")


def test_from_the_feed_to_a_case_with_its_versions_and_its_duplicate(live, open_chromium, axe):
    handling = {"tlp": "TLP:RED", "release_to": ["LA-CUSTOMS"]}
    first = seizure("HN-26-118", handling=handling)
    live.deployment.send(AGENCIES[0], [first, {**first, "message_type": "correction", "method_note": "in a tyre"}])
    live.deployment.send(AGENCIES[0], [seizure("HN-26-119", 1), {**seizure("HN-26-119", 1), "case_no": "HN-26-120"}])
    live.stored(3)
    (corrected,) = live.database.query("SELECT toString(event_id) FROM seizures WHERE case_no = 'HN-26-118'").rows
    live.raise_alerts(alerts(list(corrected)))
    person = Person(open_chromium(), live.url)
    person.browser.get(live.page())
    person.click("#feed tbody tr:last-child a")
    person.sees("HN-26-118", "h1")
    for words in ("TLP:RED", "Lao Customs", "in a tyre", texts("en")["changed"], "accepted as a correction", "31 cases of drugs"):
        person.sees(words, "main")
    is_usable(person.browser, axe)
    person.browser.get(live.page())
    person.click("#feed tbody tr:first-child a")
    person.sees("HN-26-120", "h1")
    person.click("#h-others ~ ul a")
    person.sees("HN-26-119", "h1")
    person.sees(texts("en")["other_same"], "main")


@pytest.mark.parametrize(
    ("language", "width", "dark"), [(LANGUAGES[0], 1280, False), (LANGUAGES[1], 360, True), (LANGUAGES[2], 360, False)]
)
def test_the_page_can_be_used_by_everybody(live, open_chromium, axe, language, width, dark):
    messages = {agency: day(agency) for agency in AGENCIES}
    for agency, sent in messages.items():
        live.deployment.send(agency, sent)
    live.deployment.send(AGENCIES[1], [b"not json"])
    live.stored(sum(map(len, messages.values())))
    live.raise_alerts(alerts([]))
    person = Person(open_chromium(width, language, dark=dark), live.url)
    person.browser.get(live.page(window="24h"))
    assert person.find("html").get_attribute("lang") == language
    person.sees(texts(language)["works"], "#health")
    person.until(lambda: len(person.browser.find_elements(By.CSS_SELECTOR, "#alerts li")) == 2, "two alerts are open, one is cleared")
    assert person.text("#alerts li .tag") == TIERS["SEVERE"][language]
    is_usable(person.browser, axe)
    if (folder := os.environ.get("MEKONG_PICTURES")) and width > 1000:
        draw(person, Path(folder) / "console.png")
    for other in LANGUAGES:
        person.click(f"header a[hreflang={other}]")
        person.until(lambda other=other: person.find("html").get_attribute("lang") == other, "the language")
        person.sees(texts(other)["now"], "h1")
    person.browser.get(f"{live.url}/console?window=7d&map=world")
    person.sees(texts(LANGUAGES[-1])["now"], "h1")
    person.until(lambda: person.browser.find_elements(By.CSS_SELECTOR, "#dots circle"), "a dot on the map of the world")
    is_usable(person.browser, axe)


def draw(person: Person, to: Path) -> None:
    """The picture of docs/console.md: `make pictures`."""
    person.until(lambda: texts("en")["state_good"] in person.text("#state"), "every stage works")
    person.browser.set_window_size(1280, 1760)
    time.sleep(1)
    assert person.browser.save_screenshot(str(to))


def test_the_page_goes_on_after_a_restart_and_when_a_server_was_away(live, open_chromium):
    live.deployment.send(AGENCIES[0], [seizure("before")])
    person = Person(open_chromium(), live.url)
    person.browser.get(live.page())
    person.sees("before", "#feed")
    live.web.stop()
    assert live.web.exit_code == 0, live.web.last_words(20)
    person.sees(texts("en")["broken"], "#connection")
    live.start(live.port)
    person.sees(texts("en")["live"], "#connection")
    live.deployment.send(AGENCIES[0], [seizure("after")])
    person.sees("after", "#feed")

    live.server.send(SIGSTOP)
    live.deployment.broker.send(SIGSTOP)
    try:
        for server in ("clickhouse", "kafka"):
            person.sees(texts("en")[f"away_{server}"], "#state")
        shown = httpx.Client(trust_env=False, timeout=5, follow_redirects=True)
        for _ in range(3):
            began = time.monotonic()
            assert shown.get(live.page()).status_code == 200
            assert httpx.get(f"{live.url}/send", trust_env=False, timeout=5).status_code == 200
            print(f"both pages while no server answers: {time.monotonic() - began:.2f} s")
    finally:
        live.deployment.broker.send(SIGCONT)
        live.server.send(SIGCONT)
    live.deployment.mekong("worker", "intake")  # the one before may have ended while Kafka was away
    live.deployment.send(AGENCIES[0], [seizure("again")])
    person.sees("again", "#feed")
    person.until(lambda: texts("en")["state_away"] not in person.text("#state"), "both servers answer")


def test_ten_thousand_cases_are_on_the_map_and_the_load_is_small(live, open_chromium):
    spread = [{**one, "country": "VN", "lat": 8 + n % 100 / 5, "lon": 95 + n // 100 / 5} for n, one in enumerate(weeks(10_000))]
    live.deployment.send(AGENCIES[0], spread)
    live.stored(10_000)
    person = Person(open_chromium(), live.url)
    person.browser.get(live.page(window="30d"))
    first = loaded(person)
    person.until(lambda: "10,000" in person.text("#outside"), "all cases on the map")
    person.browser.get(f"{live.url}/console?window=30d")
    person.find("#dots circle")
    sizes = person.browser.execute_script(
        "return ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind)).map(one => [one.name, one.decodedBodySize])"
    )
    print(f"first loaded after {first:.0f} ms, then {loaded(person):.0f} ms; {sum(size for _, size in sizes):,} bytes: {sizes}")
    assert len([name for name, size in sizes if size]) >= 4
    assert sum(size for _, size in sizes) < 300_000


def loaded(person: Person) -> float:
    """Milliseconds until the page was loaded."""
    found: float = person.browser.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    return found


def weeks(cases: int) -> list[dict[str, Any]]:
    """So many cases of the last three weeks."""
    return [seizure(f"case {number}", number % 4_000) for number in range(cases)]
