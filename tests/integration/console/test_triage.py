"""A duty officer judges alerts at the live page in Chromium: by keys, by the thumb, together with a colleague, across a restart."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mekong.deploy.subscriptions import read_all
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
