"""A duty officer judges alerts at the live page in Chromium: by keys, by the thumb, together with a colleague, across a restart."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.by import By

from mekong.deploy.subscriptions import read_all
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.settings import Settings
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.schemas.topics import ANSWERS
from mekong.sinks.console.words import texts
from mekong.sinks.delivery.words import say
from tests.integration.console.made_up import AGENCIES, alert, seizure
from tests.integration.page.person import Person
from tests.integration.page.test_sheet_on_the_page import is_usable

pytestmark = pytest.mark.timeout(900)  # the first test may install the browser
HOSTILE = """<script>document.title='x'</script>"'<b>1</b>"""
T = texts("en")


def digest(live, count: int, **more: Any) -> None:
    """So many open alerts, the first about two cases that were sent."""
    live.deployment.send(AGENCIES[0], [seizure("HN-26-118"), seizure("HN-26-119", 1)])
    live.stored(2)
    ids = [str(one) for (one,) in live.database.query("SELECT event_id FROM seizures ORDER BY case_no").rows]
    raised = datetime.now(UTC) - timedelta(minutes=5)
    said = {"en": "31 cases of drugs; about 9 were to be expected.", "vi": "31 vụ ma túy; dự kiến khoảng 9.", "zh": "毒品案件31起"}
    first = alert(1, raised, "VN-CUSTOMS/drug", kind="SPIKE", tier="SEVERE", state="open", event_ids=ids, sentences=said, **figures())
    rest = [
        alert(number, raised - timedelta(minutes=number), f"{AGENCIES[number % 6]}/timber", kind="MAJOR", tier="NOTICE", **more)
        for number in range(2, count + 1)
    ]
    live.raise_alerts([first, *rest])


def figures() -> dict[str, Any]:
    day = datetime.now(UTC).date().isoformat()
    stands_out = [{"feature": "concealment", "value": "vehicle_tyre", "events": 9, "of": 31, "usual_share": 0.04}]
    return {
        "commodity_group": "drug",
        "bucket": {"size": "day", "start": day, "end": day},
        "opened": day,
        "observed": 31,
        "expected": 9.2,
        "interval_50": {"low": 7, "high": 11},
        "interval_90": {"low": 5, "high": 14},
        "stands_out": stands_out,
    }


def opened(live, browser, path: str = "", name: str = "hn") -> Person:
    """A person at a page of triage, who has said a name."""
    person = Person(browser, live.url)
    person.browser.get(live.page().replace("/console?", f"/console/alerts{path}?"))
    if name:
        person.find("#name").send_keys(name)
        person.click(".who-form button")
        person.sees(name, ".who-form strong")
    return person


def press(person: Person, *keys: str) -> None:
    for key in keys:
        person.find("body").send_keys(key)


def answers(live) -> list[Answer]:
    found: list[Answer] = read_all(Settings(kafka_bootstrap=live.deployment.bootstrap), ANSWERS, Answer)
    return found


def path_of(number: int) -> str:
    return f"/00000000-0000-5000-8000-{number:012}"


def test_a_digest_of_twelve_is_judged_by_single_keys_and_each_answer_is_a_record(live, open_chromium, axe):
    digest(live, 12)
    person = opened(live, open_chromium())
    person.sees(T["queue_left"].format(count=12), "#queue")
    is_usable(person.browser, axe)
    press(person, "j")
    person.sees("31 cases of drugs", "h1.sentence")
    for words in ("HN-26-118", "31", say("stands_out", "en"), T["nobody"]):
        person.sees(words, "main")
    is_usable(person.browser, axe)
    if folder := os.environ.get("MEKONG_PICTURES"):
        person.browser.set_window_size(1280, 1500)
        assert person.browser.save_screenshot(str(Path(folder) / "triage.png"))
    size = person.browser.execute_script(
        "return ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))"
        ".reduce((sum, one) => sum + one.decodedBodySize, 0)"
    )
    print(f"an alert opened from its link: {size:,} bytes")
    assert size < 100_000
    began, keys = time.monotonic(), 0
    for number, key in enumerate("rfe" * 4):
        person.sees(T["queue_left"].format(count=12 - number), ".steps" if number < 12 else "#queue")
        press(person, *("t" if number == 0 else ""), key)
        keys += 1 + (number == 0)
    person.sees(T["queue_left"].format(count=0), "#queue")
    print(f"twelve judged with {keys} keys, by a program in {time.monotonic() - began:.1f} s")
    given = answers(live)
    judged = [one.verdict for one in given if one.kind is AnswerKind.VERDICT]
    assert judged == ["real", "false", "explained"] * 4
    assert {one.subscription for one in given} == {"hn"}
    assert len({one.alert_id for one in given}) == 12
    press(person, "u")
    person.sees(T["undone"], "#standing")
    person.sees(T["queue_left"].format(count=1), ".steps")
    assert answers(live)[-1].undoes == [one for one in given if one.kind is AnswerKind.VERDICT][-1].answer_id


def test_two_people_see_at_once_who_is_on_it_and_neither_judgement_is_lost(live, open_chromium):
    digest(live, 2)
    here, there = opened(live, open_chromium(), path_of(1)), opened(live, open_chromium(), path_of(1), "la-2")
    there.sees(T["live"], "#connection")
    press(here, "t")
    began = time.monotonic()
    there.sees(T["on_it"].format(who="hn"), "#standing")
    print(f"the second sees that the first is on it after {time.monotonic() - began:.2f} s")
    press(here, "r")
    there.sees(T["did_real"], "#standing")
    press(there, "f")
    there.sees(T["answered"], "#said")
    for person in (here, there):
        person.browser.get(f"{live.url}/console/alerts{path_of(1)}")
        for words in (T["disputed"], f"hn: {T['did_real']}; la-2: {T['did_false']}", T["disputed_how"].format(verdict=T["did_false"])):
            person.sees(words, "#standing")
    press(here, "u")
    here.sees(T["undone"], "#standing")
    there.until(lambda: T["disputed"] not in there.text("#standing"), "one judgement is left")
    assert [one.subscription for one in answers(live)] == ["hn", "hn", "la-2", "hn"]


def test_a_restart_in_the_middle_loses_no_answer_and_hostile_text_stays_text(live, open_chromium):
    said = dict.fromkeys(LANGUAGES, HOSTILE)
    digest(live, 3, sentences=said)
    person = opened(live, open_chromium(), path_of(1))
    press(person, "r")
    person.sees(T["answered"], "#said")
    live.web.stop()
    assert live.web.exit_code == 0, live.web.last_words(20)
    person.sees(T["broken"], "#connection")
    live.start(live.port)
    person.sees(T["live"], "#connection")
    person.sees(HOSTILE, "h1.sentence")
    press(person, "n")
    person.find("#note").send_keys(HOSTILE)
    person.click("#note ~ button")
    person.sees(HOSTILE, "#standing .words")
    press(person, "s")
    person.sees(T["queue_left"].format(count=1), ".steps")
    person.browser.get(f"{live.url}/console/alerts")
    person.until(lambda: len(person.browser.find_elements(By.CSS_SELECTOR, "#queue li.done")) == 2, "one is judged, one put off")
    person.sees(T["did_real"], "#queue")
    assert not person.browser.find_elements(By.CSS_SELECTOR, "main script, main b")
    assert T["queue_title"] in person.browser.title
    person.browser.get(f"{live.url}/console/alerts{path_of(3)}")
    press(person, "m")
    person.find("#why").send_keys("call +84 912 345 678")
    person.click("#until ~ button")
    person.sees(say("bad_identifier", "en", what="phone number"), "#said")
    person.find("#why").clear()
    person.find("#why").send_keys("known operation")
    person.browser.execute_script("document.querySelector('[name=sure]').required = false")
    person.click("#until ~ button")
    person.sees(T["answered"], "#said")
    assert [one.kind for one in answers(live)] == [AnswerKind.VERDICT, AnswerKind.NOTE, AnswerKind.SNOOZE, AnswerKind.MUTE]
    assert answers(live)[1].text == HOSTILE


@pytest.mark.parametrize(("language", "dark"), [(LANGUAGES[0], False), (LANGUAGES[1], True), (LANGUAGES[2], False)])
def test_three_taps_at_360_pixels_take_and_judge_in_every_language(live, open_chromium, axe, language, dark):
    digest(live, 2)
    words = texts(language)
    person = opened(live, open_chromium(360, language, dark=dark), path_of(1))
    person.clicks = 0
    is_usable(person.browser, axe)
    sizes = [one.size["height"] for one in person.browser.find_elements(By.CSS_SELECTOR, ".first-acts button")]
    assert (len(sizes), min(sizes) >= 44) == (4, True)
    if folder := os.environ.get("MEKONG_PICTURES_TRIED"):
        person.browser.save_screenshot(str(Path(folder) / f"triage-360-{language}.png"))
    person.click("[data-key=t]")
    person.sees(words["on_it"].format(who="hn"), "#standing")
    person.click("[data-key=r]")
    person.sees(words["answered"], "#said")
    assert person.clicks <= 3
    is_usable(person.browser, axe)


def test_without_a_script_every_form_works_and_no_other_site_can_send_one(live):
    digest(live, 2)
    address = f"{live.url}/console/alerts{path_of(1)}"
    with httpx.Client(trust_env=False, timeout=20, follow_redirects=True, headers={"origin": live.url}) as client:
        client.get(live.page())
        page = client.get(address).text
        token = page.partition('name="token" value="')[2].partition('"')[0]
        assert T["who_ask"] in page
        assert T["wrong_bad_name"] in client.post(f"{live.url}/console/alerts/who", data={"token": token, "name": "Nguyễn Văn A"}).text
        named = {"token": token, "name": "HN", "back": address[len(live.url) :]}
        assert "hn" in client.post(f"{live.url}/console/alerts/who", data=named).text
        nonce = client.get(address).text.partition('name="form" value="')[2].partition('"')[0]
        form = {"token": token, "form": nonce, "kind": "verdict", "verdict": "explained", "text": "a festival"}
        for headers in ({"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            assert client.post(address, data=form, headers=headers).status_code == 403
        assert client.post(address, data={**form, "token": "x"}).status_code == 403
        assert client.post(address, data={**form, "verdict": "maybe"}).status_code == 422
        assert client.post(address, data={**form, "text": "x" * 40_000}).status_code == 413
        for _ in range(2):
            assert T["answered"] in client.post(address, data=form).text
    (one,) = answers(live)
    assert (one.subscription, one.verdict, one.text, str(one.alert_id)) == ("hn", "explained", "a festival", path_of(1)[1:])
