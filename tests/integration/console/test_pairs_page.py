"""An analyst at the page about pairs, in Chromium and without a script: from two messages to an incident in ClickHouse, and back."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from selenium.webdriver.common.by import By

from mekong.deploy.cli.pairs import pairs
from mekong.schemas.decisions import PairDecision
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.topics import DECISIONS
from mekong.schemas.wire import decode
from mekong.sinks.console.key import Key
from mekong.sinks.pairs.words import texts
from tests.integration.console.conftest import KEY
from tests.integration.page.person import Person
from tests.integration.page.test_sheet_on_the_page import is_usable

pytestmark = pytest.mark.timeout(900)  # the first test may install the browser
HOSTILE = """<script>document.title='x'</script>"'<b>1</b>{p}"""
POLICE = "VN-POLICE"


def report(agency, case_no, day="2026-05-02", **more):
    line = {"commodity_group": "drug", "substance_or_taxon": "Ketamine", "quantity": "12.4", "unit": "kg"}
    given = {"seized_at": day, "country": "VN", "place": "VN-HAN", "transport_mode": "air", "lines": [line], "suspects": {"count": 2}}
    return {"message_type": "seizure", "agency": agency, "case_no": case_no, **given, **more}


def other(number):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": str(number + 1), "unit": "kg"}
    return report("VN-CUSTOMS", f"O-{number}", f"2026-04-{10 + number:02}", place="VN-SGN", transport_mode="maritime", lines=[line])


def send(live, number):
    """Customs and police report one seizure, the police under this number; and there are fourteen other cases."""
    live.deployment.register(POLICE)
    live.deployment.send("VN-CUSTOMS", [report("VN-CUSTOMS", "HN-26-118"), *map(other, range(14))])
    live.deployment.send(POLICE, [report(POLICE, number, lines=[{**report("", "")["lines"][0], "quantity": "12.2"}])])
    live.stored(16)


@pytest.fixture
def reported(live):
    send(live, HOSTILE)
    return live


def decide(person, verdict, reason):
    person.find("#reason").clear()
    person.find("#reason").send_keys(reason)
    person.click(f"button[value={verdict}]")


def test_an_analyst_confirms_a_pair_sees_it_counted_once_and_undoes_it(reported, open_chromium, axe):
    live, said = reported, texts("en")
    person = Person(open_chromium(), live.url)
    person.browser.get(live.page())
    person.click("header a[href$='/pairs']")
    person.sees("HN-26-118", "#h-queue ~ ul")
    for words in (said["goods_same"], said["quantity_near"], said["day_same"]):
        person.sees(words, "#h-queue ~ ul li")
    person.sees(HOSTILE, "#h-queue ~ ul")
    is_usable(person.browser, axe)
    person.click("#h-queue ~ ul li:first-child .button")
    person.sees(said["differs"], "table")
    person.sees("12.2", "table")
    is_usable(person.browser, axe)
    person.find("#officer").send_keys("duty-vn")
    decide(person, "same", "call +84 24 3825 1234")
    person.sees(said["sure"], ".decide")
    assert live.database.query("SELECT count() FROM decisions").rows == [(0,)]
    decide(person, "same", f"the post confirms it {HOSTILE}")
    person.sees(said["recorded"])
    person.sees(HOSTILE, "#h-history ~ ul")
    person.sees(said["gives"], "#h-incident ~ ul")
    assert not person.browser.find_elements(By.CSS_SELECTOR, "main script, main b")
    assert person.browser.title != "x"
    is_usable(person.browser, axe)
    totals = "SELECT count(), sum(mass_kg) FROM network_seizures WHERE seized_day = '2026-05-02'"
    assert [tuple(map(float, row)) for row in live.database.query(totals).rows] == [(1.0, 12.4)]
    assert live.database.query("SELECT count() FROM seizures WHERE agency = 'VN-POLICE'").rows == [(1,)]
    assert live.database.query("SELECT agencies, cases, seizures FROM incidents").rows == [(["VN-CUSTOMS", POLICE], 2, 1)]
    person.browser.refresh()
    assert person.find("#officer").get_attribute("value") == "duty-vn", "the sign is typed once"
    decide(person, "undo", "two lorries")
    person.sees(said["incident_none"])
    assert [float(row[0]) for row in live.database.query(totals).rows] == [2.0]
    person.click("main p a")
    person.sees("HN-26-118", "#h-queue ~ ul")
    records = [decode(one.value, PairDecision) for one in live.deployment.read(DECISIONS.name)]
    assert [(one.verdict, one.officer) for one in records] == [("same", "duty-vn"), ("undo", "duty-vn")]
    assert records[1].seen == records[0].decision_id


def test_two_people_at_once_are_both_kept_and_the_page_says_so(reported, open_chromium):
    live, said = reported, texts("en")
    first, second = (Person(open_chromium(), live.url) for _ in range(2))
    for person, name in ((first, "an"), (second, "binh")):
        person.browser.get(live.page())
        person.click("header a[href$='/pairs']")
        person.click("#h-queue ~ ul li:first-child .button")
        person.find("#officer").send_keys(name)
    decide(first, "same", "one lorry")
    first.sees(said["recorded"])
    decide(second, "different", "two lorries")
    second.sees(said["contested_now"])
    second.sees("one lorry", "#h-history ~ ul")
    assert live.database.query("SELECT verdict, officer, decisions, contested FROM pair_decisions").rows == [("different", "binh", 2, 1)]
    second.browser.get(f"{live.url}/console/pairs")
    second.sees(said["contested"], "#h-decided ~ ul")


@pytest.mark.parametrize(("language", "width"), [(LANGUAGES[0], 1280), (LANGUAGES[1], 360), (LANGUAGES[2], 1280)])
def test_the_pages_of_pairs_can_be_used_by_everybody(live, open_chromium, axe, language, width):
    send(live, "PC04-77")
    person = Person(open_chromium(width, language, dark=width < 1000), live.url)
    person.browser.get(live.page())
    person.browser.get(f"{live.url}/console/pairs")
    person.sees(texts(language)["lead"])
    is_usable(person.browser, axe)
    person.click("#h-queue ~ ul li:first-child .button")
    person.sees(texts(language)["side"])
    is_usable(person.browser, axe)
    if (folder := os.environ.get("MEKONG_PICTURES")) and language == LANGUAGES[0]:
        person.browser.set_window_size(1280, 1500)
        assert person.browser.save_screenshot(str(Path(folder) / "pair.png"))


def test_the_form_is_accepted_from_the_page_itself_only_and_the_command_does_the_same(reported, monkeypatch):
    live = reported
    client = httpx.Client(trust_env=False, timeout=30, base_url=live.url, follow_redirects=True)
    assert client.post("/console/pairs/a/b").status_code == 403, "without the key"
    assert client.get("/console", params={"key": KEY}).status_code == 200
    ids = [str(row[0]) for row in live.database.query("SELECT event_id FROM seizures WHERE seized_day = '2026-05-02'").rows]
    path, form = f"/console/pairs/{ids[0]}/{ids[1]}", {"verdict": "same", "officer": "x", "reason": "y", "form": "nonce-1234567"}
    form["token"] = Key(KEY).form
    own = {"origin": live.url}
    for headers in ({}, {"origin": "https://evil.example"}, {"origin": "null"}, {**own, "sec-fetch-site": "cross-site"}):
        assert client.post(path, data=form, headers=headers).status_code == 403, headers
    assert client.post(path, data=form | {"token": "of another page"}, headers=own).status_code == 403
    for wrong in (
        {"verdict": "maybe"},
        {"officer": ""},
        {"officer": "x" * 41},
        {"reason": " "},
        {"reason": "y" * 501},
        {"verdict": "undo"},
    ):
        assert client.post(path, data=form | wrong, headers=own).status_code == 422, wrong
    assert client.post(path, data=form | {"reason": "y" * 40_000}, headers=own).status_code == 413
    assert client.get(f"/console/pairs/{ids[0]}/{ids[0]}").status_code == 404
    assert client.get("/console/pairs?since=2026-06-01&until=2026-05-01").status_code == 422
    assert client.get("/console/pairs?since=yesterday").status_code == 200
    for _ in range(2):
        assert client.post(path, data=form, headers=own).status_code == 200
    assert live.database.query("SELECT verdict, decisions FROM pair_decisions").rows == [("same", 1)], "the form sent twice counts once"

    for name, value in live.deployment.environment.items():
        monkeypatch.setenv(name, value)
    run = CliRunner()
    undone = run.invoke(pairs, ["undo", "VN-CUSTOMS/HN-26-118", ids[1] if ids[1] != _id(live, "HN-26-118") else ids[0], "--reason", "no"])
    assert undone.exit_code == 0, undone.output
    live.deployment.wait_until(lambda: not live.database.query("SELECT * FROM pair_decisions").rows, "the undo in ClickHouse")
    listed = run.invoke(pairs, ["list"])
    assert "HN-26-118" in listed.output
    assert texts("en")["quantity_near"] in listed.output
    for arguments in (["undo", *ids], ["confirm", ids[0], ids[0]], ["confirm", ids[0], "VN-CUSTOMS/none"], ["confirm", ids[0], "x"]):
        refused = run.invoke(pairs, [*arguments, "--reason", "no"])
        assert refused.exit_code, arguments
        assert str(refused.exception).endswith((".", "118.")), refused.exception


def _id(live, case_no):
    return str(live.database.query(f"SELECT event_id FROM seizures WHERE case_no = '{case_no}'").rows[0][0])
