"""The sender's page without a broker and without a browser: entering, tickets, languages, other sites, headers, and files of a form."""

from __future__ import annotations

import html
import io
import json
import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from string import Formatter

import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from mekong.deploy.profiles import profile_of
from mekong.deploy.web.serve import application
from mekong.producers.gateway.quota import MOST_WAITING, Limits, Quotas
from mekong.producers.page.layouts import layout_text
from mekong.producers.page.routes import routes
from mekong.producers.page.words import texts
from mekong.producers.sheets.layout import read_layout
from mekong.schemas.errors import Refused
from mekong.schemas.feed import feed_health
from mekong.schemas.feed_words import feed_lines
from mekong.schemas.languages import LANGUAGES, chosen
from mekong.schemas.receipts import Outcome, Receipt
from mekong.schemas.rejected import Reason
from mekong.schemas.said import said
from mekong.schemas.sheet_words import MARKED
from mekong.schemas.wire import encode
from tests.unit.filled import AT, filled, saved, workbook
from tests.unit.test_gateway import AGENCY, TEXT, Broker, Found, token

SITE = {"origin": "https://testserver"}


class Answering(Broker):
    """Answers each message with a receipt as intake answers a test."""

    async def read(self, topic, after, most, wait_s):
        found = [
            Receipt(
                source_topic=f"in.{AGENCY}.v1",
                source_offset=number,
                agency=AGENCY,
                case_no=json.loads(raw)["case_no"],
                outcome=Outcome.REJECTED,
                reason=Reason.TEST_MESSAGE,
                detail="a test",
                received_at="2026-11-29T08:00:00Z",
            )
            for number, raw in enumerate(self.stored)
        ]
        return Found([(after + one.source_offset, encode(one)) for one in found], after + len(found))


@pytest.fixture
def broker() -> Answering:
    return Answering()


@pytest.fixture
def client(broker) -> TestClient:
    return TestClient(application(routes(broker)), raise_server_exceptions=False, follow_redirects=False)


def test_a_person_enters_with_the_token_and_the_browser_gets_a_ticket_in_its_place(client):
    assert TEXT not in client.get("/send").text
    answer = client.post("/send/enter", data={"token": f" {TEXT}\n"}, headers=SITE)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-mekong-ticket=")
    assert [part.strip() for part in cookie.split(";")[1:]] == ["HttpOnly", "Max-Age=28800", "Path=/", "SameSite=strict", "Secure"]
    assert TEXT not in cookie
    assert TEXT.rpartition("-")[2] not in cookie


def test_over_tls_a_ticket_under_the_plain_name_counts_as_none_and_on_this_machine_the_other_way_round(broker):
    ticket = broker.book.ticket(TEXT)
    app = application(routes(broker))
    over_tls, behind_a_proxy = "https://exchange.example", "http://exchange.example"
    for address, name, is_known in (
        (over_tls, "__Host-mekong-ticket", True),
        (behind_a_proxy, "__Host-mekong-ticket", True),
        ("https://127.0.0.1", "__Host-mekong-ticket", True),
        (over_tls, "mekong-ticket", False),
        ("http://127.0.0.1", "mekong-ticket", True),
        ("http://localhost:8443", "mekong-ticket", True),
        ("http://127.0.0.1", "__Host-mekong-ticket", False),
    ):
        answer = TestClient(app, base_url=address).get("/send", headers={"cookie": f"{name}={ticket}"})
        assert (AGENCY in answer.text) == is_known, (address, name)


def test_without_tls_a_browser_on_this_machine_gets_a_ticket_that_it_takes(broker):
    client = TestClient(application(routes(broker)), base_url="http://127.0.0.1:8443", follow_redirects=False)
    origin = {"origin": "http://127.0.0.1:8443"}
    cookie = client.post("/send/enter", data={"token": TEXT}, headers=origin).headers["set-cookie"]
    assert cookie.startswith("mekong-ticket=")
    assert "Path=/send" in cookie
    assert "Secure" not in cookie
    assert AGENCY in client.get("/send").text
    client.post("/send/leave", headers=origin)
    assert AGENCY not in client.get("/send").text


def test_over_tls_the_ticket_of_an_earlier_version_is_taken_from_the_browser(broker):
    client = TestClient(application(routes(broker)), base_url="https://exchange.example", follow_redirects=False)
    site = {"origin": "https://exchange.example"}
    for path, data in (("enter", {"token": TEXT}), ("leave", {})):
        answer = client.post(f"/send/{path}", data=data, headers={**site, "cookie": "mekong-ticket=0a1b2c3d-1-x"})
        old = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("mekong-ticket="))
        assert ("Max-Age=0" in old, "Path=/send" in old) == (True, True)
        assert len(client.post(f"/send/{path}", data=data, headers=site).headers.get_list("set-cookie")) == 1


def test_the_ticket_ends_with_the_token(client, broker):
    client.post("/send/enter", data={"token": TEXT}, headers={"origin": "http://localhost", "host": "localhost"})
    ticket = broker.book.ticket(TEXT)
    show = {"cookie": f"__Host-mekong-ticket={ticket}"}
    assert AGENCY in client.get("/send", headers=show).text
    broker.book.apply(token().key, None)
    assert AGENCY not in client.get("/send", headers=show).text
    assert client.post("/send/test", headers={**show, **SITE}).headers["location"] == "/send"
    assert client.get("/send/events", headers={**show, "accept": "text/event-stream"}).status_code == 401


def test_a_wrong_token_is_not_repeated_and_the_page_says_what_is_wrong(client):
    answer = client.post("/send/enter", data={"token": "mekong-<script>"}, headers=SITE)
    assert answer.status_code == 401
    assert "was not accepted" in answer.text
    assert "mekong-&lt;script" not in answer.text
    assert "mekong-<script" not in answer.text


@pytest.mark.parametrize("headers", [{"origin": "https://elsewhere.example"}, {"origin": "null"}, {}, {"sec-fetch-site": "cross-site"}])
@pytest.mark.parametrize("path", ["/send/enter", "/send/leave", "/send/test"])
def test_a_request_of_another_site_is_refused(client, path, headers):
    assert client.post(path, data={"token": TEXT}, headers=headers).status_code == 403


def test_every_answer_forbids_scripts_from_elsewhere_and_storing(client):
    for path in ("/send", "/send/style.css", "/send/page.js"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert answer.status_code == 200
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_language_is_the_chosen_one_or_the_one_of_the_browser(client):
    assert '<html lang="vi">' in client.get("/send", headers={"accept-language": "vi-VN,vi;q=0.9"}).text
    assert '<html lang="en">' in client.get("/send", headers={"accept-language": "th"}).text
    answer = client.get("/send?lang=zh")
    assert answer.status_code == 303
    assert '<html lang="zh">' in client.get("/send", headers={"cookie": "mekong-language=zh"}).text
    assert chosen("xx", "") == "en"


def test_every_language_has_the_same_texts_with_the_same_places():
    english = texts("en")
    for language in LANGUAGES:
        assert texts(language).keys() == english.keys()
        for key, text in texts(language).items():
            assert _places(text) == _places(english[key]), (language, key)
            assert text.strip(), (language, key)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _show(broker) -> dict[str, str]:
    return {"cookie": f"__Host-mekong-ticket={broker.book.ticket(TEXT)}", **SITE}


def test_a_test_of_the_connection_shows_its_receipt_and_a_wrong_clock(client, broker):
    answer = client.post("/send/test", data={"now": "1"}, headers=_show(broker))
    assert answer.status_code == 200, answer.text
    assert "The connection works" in answer.text
    assert "min behind" in answer.text
    assert json.loads(broker.stored[0])["message_type"] == "test"


def test_a_part_of_the_page_has_no_frame(client, broker):
    answer = client.post("/send/test", data={"now": ""}, headers={**_show(broker), "x-page-part": "1"})
    assert "<html" not in answer.text
    assert "The connection works" in answer.text


def test_a_page_without_parts_is_given_whole_to_the_script_too(client, broker):
    for path in ("", "/history", "/receipts?after=in.VN-CUSTOMS.v1@17", "/health"):
        answer = client.get(f"/send{path}", headers={**_show(broker), "x-page-part": "1"})
        assert (answer.status_code, "x-page-part" in answer.headers) == (200, False), path
        assert "<html" in answer.text


def test_readers_of_the_page_count_like_those_of_the_interface(client, broker):
    sheet = filled("vi", 2)
    id_ = re.search(r'name="id" value="([^"]+)"', _post(client, broker, "sheet", sheet).text)[1]
    asked = [
        lambda: client.get("/send/history", headers=_show(broker)),
        lambda: client.get(f"/send/receipts?after=in.{AGENCY}.v1@17", headers=_show(broker)),
        lambda: client.get("/send/health", headers=_show(broker)),
        lambda: client.get("/send/events", headers={**_show(broker), "accept": "text/event-stream"}),
        lambda: client.post("/send/test", headers=_show(broker)),
        lambda: _post(client, broker, "marked", sheet, id=id_),
    ]
    with ExitStack() as waiting:
        for _ in range(MOST_WAITING):
            waiting.enter_context(broker.quotas.waiting(AGENCY))
        assert [one().status_code for one in asked] == [429] * len(asked)
    assert asked[0]().status_code == asked[-1]().status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_template_is_in_the_language_of_the_page(client, broker, language):
    show = _show(broker)
    show["cookie"] += f"; mekong-language={language}"
    answer = client.get("/send/template", headers=show)
    assert answer.headers["content-disposition"].endswith(f'{AGENCY}-{language}.xlsx"')
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.get_sheet_by_name("mekong").to_python()[0][2] == language
    assert "mekong check" not in str(book.get_sheet_by_index(1).to_python())


UNKNOWN = (
    "Dossier,Day of it,What,How much (kg),Họ và tên\nA-1,2026-05-03,Heroin,2.5,Nguyen Van A\nA-2,2026-05-04,Heroin,1.5,Tran Thi B\n"
).encode()


def _sheet(data: bytes, **texts):
    return {"files": {"sheet": ("Nguyen Van A.csv", data)}, "data": texts}


def _post(client, broker, path, data=UNKNOWN, **texts):
    return client.post(f"/send/{path}", **_sheet(data, **texts), headers={**_show(broker), "x-page-part": "1"})


COLUMNS = {
    f"{kind}.{column}": value
    for column, heading, field in (
        ("A", "Dossier", "case_no"),
        ("B", "Day of it", "seized_at"),
        ("C", "What", "substance_or_taxon"),
        ("D", "How much (kg)", "quantity"),
        ("E", 'Họ "và" tên', "-"),
    )
    for kind, value in (("field", field), ("heading", heading))
}


def test_a_check_that_reads_its_sheet_twice_is_not_stopped_by_its_own_debt(client, broker):
    broker.quotas = Quotas(Limits(6_000, 6), 0.0)
    checked = _post(client, broker, "check", **COLUMNS, **{"all.commodity_group": "drug", "unit.D": "kg"})
    assert "Send the cases (2)" in checked.text, checked.text


def test_a_sheet_that_no_layout_knows_gets_its_columns_on_the_page_and_is_sent(client, broker):
    asked = _post(client, broker, "check")
    assert asked.status_code == 200, asked.text
    assert "not sent: personal data" in asked.text
    assert 'name="field.A"' in asked.text
    assert 'name="field.E"' not in asked.text
    checked = _post(client, broker, "check", **COLUMNS, **{"all.commodity_group": "drug", "unit.D": "kg"})
    assert "Send the cases (2)" in checked.text, checked.text
    assert "The first cases" in checked.text
    assert "Nguyen" not in checked.text
    text = html.unescape(re.search(r'name="layout_text" value="([^"]+)"', checked.text)[1])
    saved = client.post("/send/layout/save", data={"layout_text": text}, headers=_show(broker))
    sent = client.post(
        "/send/sheet",
        files={"sheet": ("x", UNKNOWN), "layout": ("layout.toml", saved.content)},
        headers={**_show(broker), "x-page-part": "1"},
    )
    assert "Cases that the exchange has stored: 2" in sent.text, sent.text
    assert [json.loads(raw)["case_no"] for raw in broker.stored] == ["A-1", "A-2"]
    assert dict(broker.headers)["mekong-edition"]


def test_a_layout_of_the_page_is_a_layout():
    found = read_layout(layout_text({**COLUMNS, "field.A": "-", "order": "dmy", "calendar": "buddhist", "decimal": ","}, None), "x")
    assert (found.case.identity, found.dates.calendar, found.numbers.decimal) == ("content", "buddhist", ",")
    assert [column.field for column in found.columns] == ["seized_at", "substance_or_taxon", "quantity"]
    assert layout_text({"field.A": "no_field", "field.b": "quantity", "all.unit": '"'}, None) == ""


@pytest.mark.parametrize("heading", ['"]\nagency = "LA-CUSTOMS"', "\\", "\x7f", "\ud800", "a\nb"])
def test_a_hostile_heading_adds_nothing_to_a_layout(heading):
    text = layout_text({"field.A": "case_no", "heading.A": heading}, None)
    try:
        found = read_layout(text, "x")
    except (Refused, UnicodeEncodeError):
        return
    assert found.agency is None
    assert found.columns[0].headings == (heading,)


@pytest.mark.parametrize(("data", "status"), [(b"", 400), (b"PK\x03\x04broken", 422), (b"\x00\x01\x02", 422)])
def test_a_file_that_is_not_a_sheet_gets_a_sentence(client, broker, data, status):
    answer = _post(client, broker, "check", data)
    assert answer.status_code == status, answer.text
    assert "This did not work" in answer.text


def test_a_sheet_comes_back_with_its_marks_and_an_unknown_sending_is_refused(client, broker):
    sheet = filled("vi", 2)
    answer = _post(client, broker, "marked", sheet)
    assert answer.headers["content-disposition"] == 'attachment; filename="marked.xlsx"'
    assert answer.content.startswith(b"PK")
    assert _post(client, broker, "marked", sheet, id="0" * 16).status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_marks_and_the_notes_are_in_the_language_of_the_page(client, broker, language):
    sheet = "Agency,Case number,Date,Group,Goods,Quantity,Unit,Họ và tên\nVN-CUSTOMS,A-1,31/31/2026,drug,heroin,1,kg,x\n".encode()
    show = _show(broker)
    show["cookie"] += f"; mekong-language={language}"

    def post(path: str):
        return client.post(f"/send/{path}", files={"sheet": ("a.csv", sheet)}, headers=show)

    made = openpyxl.load_workbook(io.BytesIO(post("marked").content))
    assert made.sheetnames[-1] == MARKED["summary"][language]
    comment = next(cell.comment.text for row in made.worksheets[0].iter_rows() for cell in row if cell.comment)
    note = said("column H, Họ và tên: not sent, personal data", language).text
    checked = html.unescape(post("check").text)
    assert f'<li lang="{language}">{note}</li>' in checked
    assert comment in checked


def test_what_was_sent_is_listed_and_the_same_file_is_marked_again(client, broker):
    sheet = filled("vi", 2)
    sent = _post(client, broker, "sheet", sheet)
    id_ = re.search(r'name="id" value="([^"]+)"', sent.text)[1]
    listed = client.get("/send/history", headers=_show(broker))
    assert id_ in listed.text
    assert "Cases: 2, sent: 2." in listed.text
    assert _post(client, broker, "marked", sheet, id=id_).content.startswith(b"PK")
    assert _post(client, broker, "marked", filled("vi", 3), id=id_).status_code == 409


def test_what_looks_damaged_is_asked_before_anything_is_sent(client, broker):
    book = workbook("en", 8)
    for row in range(3, 11):
        book.worksheets[0].cell(row, AT["quantity"]).value = 14 if row == 10 else 2
    data = saved(book)
    asked = _post(client, broker, "sheet", data)
    assert 'name="accept"' in asked.text, asked.text
    assert broker.stored == []
    accept = re.search(r'name="accept" value="([^"]+)"', asked.text)[1]
    assert "stored: 8" in _post(client, broker, "sheet", data, accept=accept).text


@pytest.mark.parametrize(
    ("language", "asked", "wrong"), [("vi", "Có dòng giống dòng tổng", "có chữ sau số"), ("zh", "有些行像是表格的合计行", "数字后有文字")]
)
def test_questions_and_problems_are_in_the_language_of_the_page(client, broker, language, asked, wrong):
    show = _show(broker)
    show["cookie"] += f"; mekong-language={language}"
    book = workbook("en", 8)
    for row in range(3, 11):
        book.worksheets[0].cell(row, AT["quantity"]).value = 14 if row == 10 else 2
    answer = client.post("/send/sheet", **_sheet(saved(book)), headers=show)
    assert f'lang="{language}">{asked}' in answer.text, answer.text
    accept = re.search(r'name="accept" value="([^"]+)"', answer.text)[1]
    assert "progress" in client.post("/send/sheet", **_sheet(saved(book), accept=accept), headers=show).text
    book.worksheets[0].cell(3, AT["quantity"]).value = "12 kg abc"
    answer = client.post("/send/check", **_sheet(saved(book)), headers=show)
    assert f'<td><span lang="{language}">{wrong}' in answer.text, answer.text


def test_the_health_is_the_one_of_the_whole_feed_and_not_of_what_this_gateway_has_seen(client, broker):
    received = datetime.now(UTC) - timedelta(days=1)
    old = Receipt(
        source_topic=f"in.{AGENCY}.v1", source_offset=0, agency=AGENCY, case_no="1", outcome=Outcome.ACCEPTED, received_at=received
    )
    known = feed_health([old] * 3, datetime.now(UTC))

    async def health(agency):
        assert agency == AGENCY
        return {**known.model_dump(mode="json"), "is_well": True, "is_partial": True}

    broker.health = health
    answer = client.get("/send/health", headers=_show(broker))
    assert all(html.escape(line.text) in answer.text for line in feed_lines(known))
    assert "100,000" in answer.text


def test_a_corrected_sheet_is_read_with_the_layout_before_it_and_another_sheet_gets_its_columns(client, broker):
    checked = _post(client, broker, "check", **COLUMNS, **{"all.commodity_group": "drug", "unit.D": "kg"})
    text = html.unescape(re.search(r'name="layout_text" value="([^"]+)"', checked.text)[1])
    again = _post(client, broker, "check", UNKNOWN.replace(b"2.5", b"3.5"), layout_text=text, carried="1")
    assert "The first cases" in again.text, again.text
    assert "3.5" in again.text
    other = _post(client, broker, "check", b"Nr,Stoff\n1,Heroin\n", layout_text=text, carried="1")
    assert 'name="field.A"' in other.text, other.text
    assert "Send the cases (2)" in _post(client, broker, "check", filled("vi", 2), layout_text=text, carried="1").text
    assert _post(client, broker, "check", b"Nr,Stoff\n1,Heroin\n", layout_text=text).status_code == 422


def test_a_form_with_a_file_that_nobody_reads_is_charged(client, broker):
    for path, more in (("test", {}), ("layout/save", {}), ("marked", {"id": "0" * 16})):
        broker.quotas = Quotas(Limits(1, 600), 0.0)
        assert _post(client, broker, path, **more).status_code != 429
        assert _post(client, broker, path, **more).status_code == 429, path


@pytest.mark.parametrize(("extra", "code"), [({}, 200), ({"": "x"}, 400), ({"note": "é" * 200_001}, 400), ({"note": "é" * 200_000}, 200)])
@pytest.mark.parametrize("is_sheet", [True, False])
def test_a_text_without_a_name_and_a_text_that_is_too_long_are_refused(client, broker, extra, code, is_sheet):
    files = {"files": {"sheet": ("a.csv", UNKNOWN)}} if is_sheet else {}
    assert client.post("/send/test", data=extra, **files, headers=_show(broker)).status_code == code


def test_a_form_with_a_sheet_has_a_bounded_number_of_parts(client, broker):
    for count, code in ((499, 200), (500, 400)):
        data = {f"field.{number}": "x" for number in range(count)}
        assert client.post("/send/test", data=data, files={"sheet": ("a.csv", UNKNOWN)}, headers=_show(broker)).status_code == code


def test_a_layout_has_the_same_hash_whatever_line_ends_the_browser_sends():
    text = layout_text(COLUMNS, None)
    dos = text.replace("\n", "\r\n")
    assert layout_text({"layout_text": dos}, None) == layout_text({}, dos.encode()) == text


def test_the_ticket_of_an_agency_that_was_disabled_can_be_given_back(client, broker):
    show = _show(broker)
    profile = profile_of(AGENCY).model_copy(update={"status": "disabled"})
    broker.book.apply(f"agency:{AGENCY}", encode(profile))
    assert 'name="token"' in client.get("/send", headers=show).text
    assert client.get("/send?lang=vi", headers=show).status_code == 303
    left = client.post("/send/leave", headers=show)
    assert (left.status_code, "Max-Age=0" in left.headers["set-cookie"]) == (303, True)
    assert client.get("/send/history", headers=show).status_code == 403


def test_a_page_of_another_agency_does_nothing(client, broker):
    answer = _post(client, broker, "sheet", filled("vi", 2), agency="LA-CUSTOMS")
    assert (answer.status_code, broker.stored) == (409, [])
    assert f'name="agency" value="{AGENCY}"' in client.get("/send", headers=_show(broker)).text


def test_a_page_without_tls_is_another_site_but_on_this_machine(client, broker):
    show = _show(broker)
    assert client.post("/send/leave", headers={**show, "origin": "http://testserver"}).status_code == 403
    assert client.post("/send/leave", headers={**show, "origin": "http://127.0.0.1", "host": "127.0.0.1"}).status_code == 303


def test_every_answer_over_tls_asks_for_tls_from_then_on(broker):
    app = application(routes(broker))
    for path in ("/send", "/send/page.js", "/nothing"):
        assert TestClient(app, base_url="https://testserver").get(path).headers["strict-transport-security"] == "max-age=31536000"
        assert "strict-transport-security" not in TestClient(app, base_url="https://localhost").get(path).headers
        assert "strict-transport-security" not in TestClient(app).get(path).headers


@pytest.mark.parametrize("path", ["/", "/send/", "/send/sheet", "/send/check", "/send/enter"])
def test_an_address_that_is_not_a_page_leads_to_the_page(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/send")


def test_without_a_script_the_receipts_go_on(client, broker):
    broker.stored = [json.dumps({"case_no": f"case {number}"}).encode() for number in range(200)]
    answer = client.get(f"/send/receipts?after=in.{AGENCY}.v1@3", headers=_show(broker))
    assert f"/send/receipts?after=in.{AGENCY}.v1%40203" in answer.text
    broker.stored.pop()
    assert "%40202" not in client.get(f"/send/receipts?after=in.{AGENCY}.v1@3", headers=_show(broker)).text


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "a test"), ("vi", "Thông điệp thử kết nối đã đến."), ("zh", "连接测试消息已送达。")],
)
def test_receipts_are_in_the_language_of_the_page_as_a_page_and_as_events(client, broker, monkeypatch, language, said):
    broker.stored = [json.dumps({"case_no": "A-1"}).encode()]
    show = {**_show(broker), "accept": "text/event-stream"}
    show["cookie"] += f"; mekong-language={language}"
    after = f"?after=in.{AGENCY}.v1@0"
    assert f'<td><span lang="{language}">{said}' in client.get(f"/send/receipts{after}", headers=show).text
    closed = iter([False, True])
    monkeypatch.setattr(Answering, "is_closed", property(lambda _: next(closed), lambda *_: None), raising=False)
    del broker.__dict__["is_closed"]
    (line,) = [line for line in client.get(f"/send/events{after}", headers=show).text.splitlines() if line.startswith("data: ")]
    event = json.loads(line.removeprefix("data: "))
    assert event["said"][0] == [said, language]
    assert set(event) == {"source_offset", "case_no", "outcome", "said"}
