"""The page offers to withdraw what an earlier sheet had, in the person's language, after a second look, and never by itself."""

from __future__ import annotations

import html
import re

import pytest
from starlette.testclient import TestClient

from mekong.deploy.web.serve import application
from mekong.producers.gateway.sheets import complete, earlier
from mekong.producers.gateway.sheets.complete import Choice
from mekong.producers.gateway.sheets.earlier import Before, Member
from mekong.producers.gateway.sheets.numbers import Marks, number_of
from mekong.producers.page.routes import routes
from mekong.producers.page.words import texts
from mekong.producers.passed import Passed
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.said import said
from mekong.schemas.wire import encode
from tests.unit.test_gateway import AGENCY, TEXT, token
from tests.unit.test_gateway_sheets_complete import MANY, Exchange, rows, table
from tests.unit.test_gateway_sheets_sent import NOW, sending

SITE = {"origin": "https://testserver"}
MAY, JUNE = 2026 * 12 + 5, 2026 * 12 + 6
HOSTILE = '2026-0"><script>'


@pytest.fixture
def exchange():
    return Exchange()


@pytest.fixture
def client(exchange):
    return TestClient(application(routes(exchange)), raise_server_exceptions=False, follow_redirects=False)


def post(client, exchange, path: str, data: bytes, language: str = "en", **texts: str) -> str:
    show = {"cookie": f"__Host-mekong-ticket={exchange.book.ticket(TEXT)}; mekong-language={language}", "x-page-part": "1", **SITE}
    return client.post(f"/send/{path}", files={"sheet": ("x.csv", data)}, data=texts, headers=show).text


def field(page: str, name: str) -> str:
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])


def test_cases_that_are_not_in_the_sheet_are_named_and_stay_unless_a_person_says_otherwise(client, exchange):
    post(client, exchange, "sheet", table(rows(*range(MANY)), rows(*range(100, 100 + MANY), month=6)))
    june = table(rows(*range(101, 100 + MANY), month=6), rows(*range(2, MANY)))
    page = post(client, exchange, "check", june)
    assert "Cases that are not in this sheet any more: 3" in page
    assert all(f"<li>{case}" in page for case in ("2026-0", "2026-1", "2026-100"))
    assert re.findall(r'<input type="radio" name="complete" value="(\w*)"[^>]*?( checked)?>', page) == [("", " checked"), ("file", "")]
    assert "stored: 77" in post(client, exchange, "sheet", june, series=field(page, "series"), complete="")
    assert exchange.withdrawn == []


def test_a_sheet_of_a_month_can_withdraw_only_in_its_month(client, exchange):
    post(client, exchange, "sheet", table(rows(*range(30)), rows(*range(100, 130), month=6)))
    june = table(rows(*range(101, 129), month=6), b"2026-29,2026-06-03,heroin,1,kg\n")
    page = post(client, exchange, "check", june)
    assert 'id="left"' not in page, "less than half of the earlier sheet is in it: it is another sheet"
    june = table(rows(*range(101, 131), month=6), b"2026-29,2026-06-03,heroin,1,kg\n", b"2026-28,2026-06-03,heroin,1,kg\n")
    page = post(client, exchange, "check", june)
    assert "This sheet has all cases of 2026-06. Withdraw the cases of these months that are not in it: 1." in page
    assert "Withdraw all cases that are not in it: 29." in page
    asked = post(client, exchange, "sheet", june, series=field(page, "series"), complete="month")
    assert "<li>2026-100</li>" in asked
    assert 'id="withdraws"' not in asked
    assert " checked" not in asked
    form = {name: field(asked, name) for name in ("series", "complete", "accept")}
    sent = post(client, exchange, "sheet", june, **form)
    assert "Cases that are withdrawn: 1." in sent
    assert exchange.withdrawn == ["2026-100"]
    assert 'data-total="33"' in sent


def test_a_large_share_is_confirmed_with_its_number(client, exchange):
    post(client, exchange, "sheet", table(rows(*range(MANY))))
    fewer = table(rows(*range(5, MANY)))
    page = post(client, exchange, "check", fewer)
    form = {"series": field(page, "series"), "complete": "file"}
    asked = post(client, exchange, "sheet", fewer, **form)
    assert 'id="withdraws" name="withdraws"' in asked
    form["accept"] = field(asked, "accept")
    assert 'id="withdraws"' in post(client, exchange, "sheet", fewer, **form, withdraws="4")
    assert exchange.withdrawn == []
    assert "Cases that are withdrawn: 5." in post(client, exchange, "sheet", fewer, **form, withdraws="5")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_choice_and_its_questions_are_in_the_language_of_the_page(client, exchange, language):
    post(client, exchange, "sheet", table(rows(*range(MANY))))
    fewer = table(rows(*range(5, MANY)))
    page = post(client, exchange, "check", fewer, language)
    assert html.escape(texts(language)["left_title"].format(count=5)) in page
    asked = post(client, exchange, "sheet", fewer, language, series=field(page, "series"), complete="file")
    assert asked.count(f'<div class="said look" lang="{language}">') == 2


def test_nothing_is_offered_for_another_sheet_or_an_older_one_or_to_a_token_that_may_not_read(client, exchange):
    first = table(rows(*range(MANY)))
    post(client, exchange, "sheet", first)
    assert 'id="left"' not in post(client, exchange, "check", table(rows(*range(300, 340))))
    fewer = table(rows(*range(1, MANY)))
    page = post(client, exchange, "check", fewer)
    assert 'id="left"' in page
    post(client, exchange, "sheet", fewer, series=field(page, "series"))
    assert 'id="left"' not in post(client, exchange, "check", first)
    exchange.book.apply(token().key, encode(token(scopes=("send",))))
    page = post(client, exchange, "check", table(rows(*range(2, MANY))))
    assert "Send the cases" in page
    assert "2026-0" not in page


def test_a_sheet_joins_the_proposed_series_only_when_a_person_says_that_it_is_complete(client, exchange):
    post(client, exchange, "sheet", table(rows(*range(MANY))))
    other = table(rows(*range(MANY // 2, MANY)), rows(90))
    proposed = field(post(client, exchange, "check", other), "series")
    post(client, exchange, "sheet", other, series=proposed, complete="")
    assert len({one.of_series for one in exchange.history.book.of(AGENCY)}) == 2


def test_after_the_withdrawal_the_same_sheet_offers_nothing_any_more(client, exchange):
    post(client, exchange, "sheet", table(rows(*range(MANY))))
    fewer = table(rows(*range(1, MANY)))
    form = {"series": field(post(client, exchange, "check", fewer), "series"), "complete": "file"}
    asked = post(client, exchange, "sheet", fewer, **form)
    post(client, exchange, "sheet", fewer, **form, accept=field(asked, "accept"))
    assert exchange.withdrawn == ["2026-0"]
    assert 'id="left"' not in post(client, exchange, "check", fewer)


def test_a_hostile_case_number_is_text_on_the_page(client, exchange):
    case = f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",2026-05-03,heroin,1,kg\n'.encode()
    post(client, exchange, "sheet", table(rows(*range(1, MANY)), case))
    page = post(client, exchange, "check", table(rows(*range(1, MANY))))
    assert html.escape(HOSTILE) in page.replace("&#34;", "&quot;")
    assert "<script>" not in page


def _every_question():
    previous = sending(1, series="a" * 16)
    members = tuple(Member(number_of(f"{number}"), f"{number}", MAY) for number in range(MANY))
    choice = Choice("x", "file", None)
    marks = Marks(frozenset(one.number for one in members[5:]), frozenset({MAY}), 2, tuple(Passed(rows=(3,), sheets=1).doubts()))
    members = (members[0], members[1]._replace(is_numbered=True), *members[2:])
    before = Before(previous, members, is_unfinished=True, elsewhere=frozenset({members[0].number}), unknown=1)
    before = before._replace(otherwise=before.elsewhere, is_read=False)
    yield from complete.leaving([], before, marks, choice, NOW, "a" * 16).questions
    yield from complete.leaving([], Before(), Marks(), choice, NOW, "a" * 16).questions


@pytest.mark.parametrize("language", ["vi", "zh"])
def test_every_question_about_a_withdrawal_is_in_the_language(language):
    asked = [sentence for sentence, _ in _every_question()]
    assert len(asked) == 12
    for sentence in asked:
        found = said(sentence, language)
        assert found.language == language, sentence
        assert re.findall(r"\([\d,]+\)$", sentence) == re.findall(r"\([\d,]+\)$", found.text)


def test_the_proposed_sheet_is_the_newest_that_shares_half_of_its_cases():
    numbers = [number_of(str(number)) for number in range(10)]
    packed = [b"".join(number + b"0000" for number in some) for some in (numbers, numbers[:4], numbers[6:])]
    old, newer, other = (sending(at, contents=one) for at, one in enumerate(packed))
    marks = Marks(frozenset(numbers[:5]), frozenset({JUNE}), 0)
    assert earlier.proposed([old, newer, other], "f" * 64, marks) == newer
    assert earlier.proposed([old, other], "f" * 64, marks) == old
    assert earlier.proposed([other], "f" * 64, marks) is None
    assert earlier.proposed([old, newer], newer.digest, marks) == old
