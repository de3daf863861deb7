"""The pages about pairs, without a server: hostile texts stay text, in each language, with and without decisions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from starlette.requests import Request

from mekong.schemas.decisions import Verdict
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.settings import Settings
from mekong.schemas.wire import dump, load
from mekong.sinks.console.case import side_by_side, version_of
from mekong.sinks.console.door import Door
from mekong.sinks.console.key import Key
from mekong.sinks.console.pages import Pages
from mekong.sinks.console.pairs import Pairs
from mekong.sinks.console.pairs_read import Named, Pair, Queue
from mekong.sinks.pairs.case import compared
from mekong.sinks.pairs.reading import Case, Current, Days, Decided, InIncident, Name
from mekong.sinks.pairs.score import Model
from mekong.sinks.pairs.words import texts
from tests.unit.console_values import HOSTILE

AT = datetime(2026, 5, 3, 8, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)
PAGES = Pages("/send/style.css")
DESK = Pairs(Settings(), PAGES, Door(Key("k" * 32), PAGES))


def entry(event_id, agency, case_no):
    line = {"commodity_group": "drug", "substance_or_taxon": HOSTILE, "quantity": "2", "unit": "kg"}
    content = {"seized_at": "2026-05-02", "country": "VN", "admin1": HOSTILE, "method_note": HOSTILE, "lines": [line]}
    added = {"agency_kind": "customs", "agency_country": "VN", "country": "VN", "lines": [{"name": HOSTILE}]}
    named = {"event_id": str(event_id), "agency": agency, "case_no": case_no, "version": 1, "status": "current", "message_type": "seizure"}
    return dump({**named, "received_at": AT.isoformat(), "content": content, "enriched": added})


def pair(*verdicts, is_withdrawn=False):
    raw = entry(ONE, "VN-CUSTOMS", HOSTILE), entry(OTHER, "VN-POLICE", f"{HOSTILE}2")
    cases = [compared(load(one)) for one in raw]
    history = [Decided(UUID(int=9 + n), verdict, HOSTILE, HOSTILE, AT, n == 1) for n, verdict in enumerate(verdicts)]
    incident = [InIncident(ONE, "VN-CUSTOMS", HOSTILE, ONE, True)] if verdicts else []
    return Pair(
        Case(ONE, "VN-CUSTOMS", HOSTILE, is_withdrawn, raw[0]),
        Case(OTHER, "VN-POLICE", f"{HOSTILE}2", False, raw[1]),
        side_by_side([version_of(one) for one in raw]),
        None if is_withdrawn else Model(cases).of(*cases),
        history,
        incident,
    )


def request(query="", **headers):
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in {"host": "127.0.0.1:8443", **headers}.items()]
    return Request({"type": "http", "method": "POST", "path": "/console/pairs", "query_string": query.encode(), "headers": named})


def is_safe(html):
    assert "<script>" not in html
    assert "<b>1" not in html
    assert "\u202e" not in html
    assert "{{ 7" in html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdicts", [(), ("same",), ("same", "different"), ("linked", "undo")])
def test_the_page_of_a_pair_keeps_hostile_text_and_offers_what_can_be_decided(language, verdicts):
    given = {"officer": HOSTILE, "reason": HOSTILE}
    html = DESK._pair_page(request(f"lang={language}"), pair(*verdicts), given=given, kinds=["phone number"], wrong=HOSTILE).body.decode()
    is_safe(html.replace("127.0.0.1", ""))
    assert texts(language)["side"] in html
    offered = {verdict for verdict in Verdict if f'value="{verdict}"' in html}
    assert offered == {"same", "linked", "different"} | ({"undo"} if verdicts and verdicts[-1] != "undo" else set())
    assert (texts(language)["contested_now"] in html) == (len(verdicts) == 2)


@pytest.mark.parametrize(("is_stored", "is_loaded_again"), [(None, False), (True, False), (False, True)])
def test_the_page_loads_again_by_itself_until_clickhouse_has_the_decision(is_stored, is_loaded_again):
    html = DESK._pair_page(request(), pair("same"), is_stored=is_stored).body.decode()
    assert ('http-equiv="refresh"' in html) == is_loaded_again
    assert (texts("en")["recorded"] in html) == (is_stored is True)


def test_a_pair_with_a_withdrawn_case_can_only_be_undone():
    html = DESK._pair_page(request(), pair("same", is_withdrawn=True)).body.decode()
    assert [verdict for verdict in Verdict if f'value="{verdict}"' in html] == ["undo"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_queue_keeps_hostile_text(language):
    found = pair("same")
    result = Model([compared(load(one.entry)) for one in (found.first, found.second)]).suspected(0.0)
    current = Current(ONE, OTHER, "same", HOSTILE, HOSTILE, AT, True)
    queue = Queue(
        Days(date(2026, 4, 1), date(2026, 5, 3)),
        result._replace(passed_over=3),
        [Named(current, Name(HOSTILE, HOSTILE), None), Named(current, Name(HOSTILE, HOSTILE), Name(HOSTILE, HOSTILE))],
        30,
    )
    answer = DESK._page(request(f"lang={language}"), "pairs", queue=queue, wrong=HOSTILE, since=None, until=None)
    html = answer.body.decode()
    is_safe(html)
    assert texts(language)["queue"] in html
    assert "form-action 'self'" in answer.headers["content-security-policy"]


def test_all_languages_have_the_same_texts():
    assert {frozenset(texts(language)) for language in LANGUAGES} == {frozenset(texts("en"))}
