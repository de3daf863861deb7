"""Sheets that are sent over HTTPS, without a broker: what is sent, what is asked, and the history."""

from __future__ import annotations

import asyncio
import io
import json
import random
import tracemalloc
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from starlette.testclient import TestClient

from mekong.producers.gateway.application import application
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.quota import MOST_WAITING
from mekong.producers.gateway.sheets import editions, history
from mekong.producers.gateway.sheets.history import History, Sendings
from mekong.producers.gateway.sheets.http import XLSX
from mekong.producers.gateway.sheets.reading import SheetEntry
from mekong.producers.gateway.shelf import Found
from mekong.schemas.sendings import MOST_COMPARED, MOST_OF_AN_AGENCY, Sending
from mekong.schemas.settings import Settings
from mekong.schemas.sheet_words import MARKED
from mekong.schemas.wire import encode
from tests.unit.exported import Exchange, exported
from tests.unit.filled import saved, workbook
from tests.unit.planted import found_in, name_of_file
from tests.unit.planted import workbook as planted
from tests.unit.test_edited_exports import SEIZURE
from tests.unit.test_gateway import AGENCY, OTHER, TEXT, Broker, problem
from tests.unit.test_shipped_layouts import EXAMPLES

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
CSV = b"Case number,Date,Goods,Quantity,Unit\n2026-1,2026-05-03,heroin,1.5,kg\n2026-2,soon,heroin,2,kg\n"


@pytest.fixture
def broker():
    found = Broker()
    yield found
    found.children.close()


@pytest.fixture
def client(broker):
    return TestClient(application(broker), headers={"authorization": f"Bearer {TEXT}"}, raise_server_exceptions=False)


def sheet(data: bytes, name: str = "sheet.xlsx", **more: str) -> dict:
    return {"files": {"file": (name, data)}, "data": more}


def answering(broker, *outcomes: str):
    """The exchange answers each message that is stored, in this order."""

    async def read(topic, after, most, wait_s):
        receipts = [
            {
                "source_topic": f"in.{AGENCY}.v1",
                "source_offset": at,
                "correlation_id": letter.correlation,
                "outcome": outcome,
                **({"reason": "bad_unit", "field": "lines.0.unit", "detail": "is wrong"} if outcome == "rejected" else {}),
            }
            for at, (letter, outcome) in enumerate(zip(broker.letters, outcomes, strict=False))
        ]
        return Found([(17 + at, json.dumps(one).encode()) for at, one in enumerate(receipts)][max(0, after - 17) :], 17 + len(receipts))

    broker.read = read


def test_the_good_rows_of_a_sheet_are_sent_and_the_others_say_why(client, broker):
    answer = client.post("/v1/messages", **sheet(CSV, "sheet.csv"))
    found = answer.json()
    assert (answer.status_code, found["sent"], found["refused"], found["layout"]) == (202, 1, 1, "simple")
    good, bad = found["messages"]
    assert (good["row"], good["rows"], good["case_no"], good["id"]) == (2, [2], "2026-1", f"in.{AGENCY}.v1@0")
    assert (bad["row"], bad["reason"], bad["detail"][:2]) == (3, "bad_date", "B3")
    assert dict(broker.headers)["mekong-edition"].decode() == found["edition"]
    assert [letter.correlation for letter in broker.letters] == [f"sheet-{found['id']}-2"]


def test_a_case_with_a_bad_row_is_not_sent_in_part(client, broker):
    rows = b"Case number,Date,Goods,Quantity,Unit\n1,2026-05-03,heroin,1,kg\n1,2026-05-03,opium,x,kg\n2,2026-05-04,opium,1,kg\n"
    found = client.post("/v1/messages", **sheet(rows)).json()
    assert [(one["rows"], "id" in one) for one in found["messages"]] == [([2, 3], False), ([4], True)]


def test_a_sheet_of_which_nothing_is_good_is_422_and_not_in_the_history(client, broker):
    found = problem(client.post("/v1/messages", **sheet(CSV.replace(b"2026-05-03", b"soon"))), 422)
    assert [one["reason"] for one in found["messages"]] == ["bad_date", "bad_date"]
    assert client.get("/v1/sendings").json() == {"sendings": []}


def test_a_layout_is_given_by_its_name_or_as_a_text(client, broker):
    (ids,) = EXAMPLES.glob("ids.*")
    assert client.post("/v1/check", **sheet(ids.read_bytes(), layout="ids")).json()["layout"] == "ids"
    own = 'title = "Mine."\n[[columns]]\nfield = "case_no"\nheadings = ["Nr"]\n[[columns]]\nfield = "seized_at"\nheadings = ["When"]\n'
    own += '[[columns]]\nfield = "substance_or_taxon"\nheadings = ["What"]\n'
    files = {"file": ("a.csv", b"Nr,When,What\n7,2026-05-03,heroin\n"), "layout": ("l.toml", own)}
    found = client.post("/v1/messages", files=files).json()
    assert (found["sent"], found["layout"][:4]) == (1, "own-")
    problem(client.post("/v1/check", **sheet(CSV, layout="nothing")), 422, "invalid_value")
    problem(client.post("/v1/check", **sheet(CSV, layout="title = 1\n")), 422, "invalid_value")


def test_a_check_answers_findings_or_the_marked_sheet_and_sends_nothing(client, broker):
    data = saved(workbook("vi", 3))
    found = client.post("/v1/check", **sheet(data)).json()
    assert (found["layout"], found["language"], found["good"], found["rejected"]) == ("simple", "vi", 3, 0)
    found = client.post("/v1/check", **sheet(CSV)).json()
    assert [(one["row"], one["cell"], one["level"], one["code"]) for one in found["findings"]] == [(3, "B3", "rejected", "bad_date")]
    answer = client.post("/v1/check", **sheet(planted()), headers={"accept": XLSX})
    assert answer.headers["content-type"] == XLSX
    marked = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert marked.worksheets[0]["F4"].comment is not None
    assert broker.stored == []


def test_the_marks_are_in_the_language_that_a_request_names(client, broker):
    for lang, expected in (({}, "en"), ({"lang": "vi"}, "vi"), ({"lang": "zh"}, "zh")):
        answer = client.post("/v1/check", params=lang, **sheet(CSV), headers={"accept": XLSX})
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        assert book.sheetnames[-1] == MARKED["summary"][expected]
        comment = next(cell.comment.text for row in book.worksheets[0].iter_rows() for cell in row if cell.comment)
        assert ("is not a d" in comment) == (expected == "en"), comment
    sent = client.post("/v1/messages", **sheet(CSV)).json()
    answer = client.post(f"/v1/sendings/{sent['id']}/marked", params={"lang": "zh"}, **sheet(CSV))
    assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames[-1] == MARKED["summary"]["zh"]
    assert problem(client.post("/v1/check", params={"lang": "xx"}, **sheet(CSV)), 400)["field"] == "lang"


def test_the_summary_in_a_marked_sheet_names_the_sheet_in_its_language(client):
    for lang, named in (("en", "the sheet: 2 cases"), ("vi", "Bảng tính: 2 vụ"), ("zh", "此表格：2 个案件")):
        answer = client.post("/v1/check", params={"lang": lang}, **sheet(CSV), headers={"accept": XLSX})
        summary = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[-1]
        assert summary["A2"].value.startswith(named)
    assert client.post("/v1/check", **sheet(CSV)).json()["summary"][0].startswith("the sheet: 2 cases")


def test_planted_names_are_in_no_message_history_or_answer(client, broker, caplog, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with caplog.at_level("DEBUG", logger="mekong"):
        answer = client.post("/v1/messages", **sheet(planted(), name_of_file()))
    assert (answer.status_code, answer.json()["sent"], answer.json()["refused"]) == (202, 2, 7)
    notes = answer.json()["notes"]
    assert any("Họ và tên: not sent" in note for note in notes)
    for text in (answer.text, b"".join(broker.stored).decode(), repr(broker.headers), repr(broker.history.book.of(AGENCY)), caplog.text):
        assert found_in(text) == []
    assert list(tmp_path.iterdir()) == []


def test_the_same_sheet_again_has_the_same_edition_and_the_same_id(client, broker):
    first, second = (client.post("/v1/messages", **sheet(CSV)).json() for _ in range(2))
    assert (first["id"], first["edition"]) == (second["id"], second["edition"])
    assert len(client.get("/v1/sendings").json()["sendings"]) == 1


def test_an_older_sheet_is_asked_about_and_keeps_its_time(client, broker):
    old = client.post("/v1/messages", **sheet(CSV)).json()
    new = client.post("/v1/messages", **sheet(CSV.replace(b"1.5", b"2.5"))).json()
    assert new["edition"] > old["edition"]
    stored = len(broker.stored)
    asked = problem(client.post("/v1/messages", **sheet(CSV)), 409)
    assert "1 newer sheets" in asked["questions"][0]["question"]
    assert len(broker.stored) == stored
    problem(client.post("/v1/messages", **sheet(CSV, accept="yes")), 409)
    again = client.post("/v1/messages", **sheet(CSV, accept=asked["accept"])).json()
    assert (again["sent"], again["edition"]) == (1, old["edition"])


def test_a_row_that_returns_to_an_earlier_content_is_asked_about(client, broker):
    for data in (CSV, CSV.replace(b"1.5", b"2.5")):
        assert client.post("/v1/messages", **sheet(data)).status_code == 202
    back = CSV + b"2026-3,2026-05-03,heroin,1,kg\n"
    asked = problem(client.post("/v1/messages", **sheet(back)), 409)
    assert [one["examples"] for one in asked["questions"]] == [["row 2: case 2026-1"]]
    assert len(broker.stored) == 2
    assert client.post("/v1/messages", **sheet(back, accept=asked["accept"])).json()["sent"] == 2
    assert "contents" not in client.get("/v1/sendings").text


def test_a_sheet_is_compared_with_the_earlier_ones_in_a_thread(client, monkeypatch):
    loops = []

    def returning(earlier, entries):
        loops.append(asyncio._get_running_loop())
        yield from ()

    monkeypatch.setattr(editions, "_returning", returning)
    for data in (CSV, CSV.replace(b"1.5", b"2.5")):
        assert client.post("/v1/messages", **sheet(data)).status_code == 202
    assert loops == [None, None], "the event loop serves all agencies"


def test_a_sheet_is_compared_with_many_earlier_ones_in_little_memory():
    earlier = [sending(number, contents=random.Random(number).randbytes(10 * MOST_COMPARED)) for number in range(20)]
    entries = [SheetEntry((2,), "2026-1", b"{}")]
    tracemalloc.start()
    try:
        assert editions.asked(earlier, "f" * 64, entries, has_cases=True) == []
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_damage_is_asked_about_before_anything_is_sent(client, broker):
    rows = "".join(f"{number},2026-05-{number:02},heroin,{number},kg\n" for number in range(1, 13)) + "99,2026-05-20,heroin,78,kg\n"
    data = b"Case number,Date,Goods,Quantity,Unit\n" + rows.encode()
    asked = problem(client.post("/v1/messages", **sheet(data)), 409)
    assert "total" in asked["questions"][0]["question"]
    assert broker.stored == []
    assert client.post("/v1/messages", **sheet(data, accept=asked["accept"])).status_code == 202


def test_the_first_sheet_of_an_agency_that_has_cases_is_asked_about(client, broker):
    async def read(topic, after, most, wait_s):
        return Found([(0, b'{"outcome": "accepted"}')], 1)

    broker.read = read
    assert "first sheet" in problem(client.post("/v1/messages", **sheet(CSV)), 409)["questions"][0]["question"]


def test_a_gateway_that_ended_before_the_history_was_written_is_repaired_by_the_same_request(client, broker):
    broker.history.failing = 2  # the record before the messages is written, the one after them is not
    problem(client.post("/v1/messages", **sheet(CSV)), 503)
    (begun,) = client.get("/v1/sendings").json()["sendings"]
    assert (begun["state"], begun["sent"]) == ("begun", 0)
    found = client.post("/v1/messages", **sheet(CSV)).json()
    (sent,) = client.get("/v1/sendings").json()["sendings"]
    assert (sent["state"], sent["sent"], sent["refused"], sent["bad"]) == ("sent", 1, {"bad_date": 1}, [{"row": 3, "reason": "bad_date"}])
    assert (sent["id"], sent["edition"], sent["token"]) == (begun["id"], found["edition"], "0123abcd")


def test_the_history_has_what_the_receipts_say(client, broker):
    rows = b"Case number,Date,Goods,Quantity,Unit\n1,2026-05-03,heroin,1,kg\n2,2026-05-03,heroin,1,kg\n3,2026-05-03,heroin,1,kg\n"
    first = client.post("/v1/messages", **sheet(rows)).json()
    answering(broker, "accepted", "rejected")
    (found,) = client.get("/v1/sendings").json()["sendings"]
    assert found["receipts"] == {"outcomes": {"accepted": 1, "rejected": 1}, "rejected": {"bad_unit": 1}, "waiting": 1}
    client.post("/v1/messages", **sheet(CSV))
    assert [one["sent"] for one in client.get("/v1/sendings").json()["sendings"]] == [1, 3]
    newest = client.get("/v1/sendings?limit=1").json()["sendings"][0]["id"]
    assert [one["id"] for one in client.get(f"/v1/sendings?before={newest}").json()["sendings"]] == [first["id"]]
    for query in ("limit=0", "limit=x", "before=x"):
        assert problem(client.get(f"/v1/sendings?{query}"), 400)["field"] == query.partition("=")[0]


def test_the_history_is_read_for_a_few_requests_of_an_agency_at_a_time(client, broker):
    data = sheet(CSV, "sheet.csv")
    id_ = client.post("/v1/messages", **data).json()["id"]
    with ExitStack() as waiting:
        for _ in range(MOST_WAITING):
            waiting.enter_context(broker.quotas.waiting(AGENCY))
        problem(client.get("/v1/sendings"), 429)
        problem(client.post(f"/v1/sendings/{id_}/marked", **data), 429)
    assert client.get("/v1/sendings").status_code == 200


def test_a_history_that_waits_for_the_broker_is_503_to_the_others(monkeypatch):
    monkeypatch.setattr(history, "_TURN_WITHIN_S", 0.0)
    one = History(Settings())
    with one._lock, pytest.raises(Problem, match="503"):
        one.sendings()


def test_the_same_file_is_marked_again_with_its_receipts(client, broker):
    data = saved(workbook("vi", 2))
    id_ = client.post("/v1/messages", **sheet(data)).json()["id"]
    answering(broker, "accepted", "rejected")
    answer = client.post(f"/v1/sendings/{id_}/marked", **sheet(data))
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
    marked = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    said = [[cell.value for cell in row][-2] for row in marked.iter_rows(min_row=3, max_row=4)]
    assert said[0] != said[1]
    assert None not in said
    assert problem(client.post(f"/v1/sendings/{id_}/marked", **sheet(CSV)), 409)["field"] == "file"
    assert problem(client.post(f"/v1/sendings/{id_}/marked", **sheet(data, layout="simple")), 409)["field"] == "layout"
    problem(client.post("/v1/sendings/0123456789abcdef/marked", **sheet(data)), 404)
    problem(client.post("/v1/sendings/x/marked", **sheet(data)), 404)
    problem(client.post(f"/v1/sendings/{id_}/marked", content=b"{}"), 415)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"--x\r\n",
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc',
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
    ],
)
def test_what_is_not_a_form_with_a_file_is_400(client, raw):
    problem(client.post("/v1/check", content=raw, headers={"content-type": "multipart/form-data; boundary=x"}), 400, "bad_file")
    problem(client.post("/v1/check", content=raw, headers={"content-type": "multipart/form-data"}), 400, "bad_file")


def test_a_form_with_too_much_is_refused(client):
    problem(client.post("/v1/check", **sheet(CSV, layout="#\n" * 40_000)), 413, "too_large")
    problem(client.post("/v1/check", **sheet(CSV, encoding="x" * 101)), 422, "too_long")
    problem(client.post("/v1/check", **sheet(bytes(10_000_001))), 413, "too_large")
    many = [("file", ("a", CSV))] * 2
    problem(client.post("/v1/check", files=many), 400, "bad_file")


def sending(number: int, **more) -> Sending:
    base = {"agency": AGENCY, "id": f"{number:016x}", "state": "sent", "token": "0123abcd", "digest": f"{number:064x}"}
    at = NOW + timedelta(seconds=number)
    return Sending(**{**base, "at": at, "edition": at, "layout": "simple", "cases": 1, "sent": 1, "receipts_from": 0, **more})


def test_a_sheet_that_is_delivered_for_20_s_pauses_no_more(client, broker, monkeypatch):
    now, pauses, deliver = [100.0], [], broker.deliver
    monkeypatch.setattr("mekong.producers.gateway.turns.time.monotonic", lambda: now[0])

    async def slow(*args):
        for _ in range(2):
            with broker.judging.turns.request(OTHER, is_small=True):
                pauses.append(broker.judging.turns.pause_s(AGENCY, 1.0))
            now[0] += 20.1
        return await deliver(*args)

    broker.deliver = slow
    assert client.post("/v1/messages", **sheet(CSV)).status_code == 202
    assert pauses == [0.02, 0.0]


def test_an_edition_is_never_before_an_earlier_one():
    ahead = sending(3_600)
    assert editions.edition_of([], "a" * 64, NOW) == NOW
    assert editions.edition_of([ahead], "a" * 64, NOW) > ahead.edition
    assert editions.edition_of([ahead, sending(4_000, digest=ahead.digest)], ahead.digest, NOW) == ahead.edition


def test_of_two_readings_of_the_same_file_the_one_that_was_sent_last_is_the_newer():
    wrong, right = ([SheetEntry((2,), "7", value)] for value in (b"wrong", b"right"))
    first = sending(1, contents=editions.contents_of(wrong))
    second = sending(2, edition=first.edition, contents=editions.contents_of(right))
    for earlier in ([first, second], [second, first]):
        assert editions.asked(earlier, "f" * 64, right, has_cases=True) == []
        assert [examples for _, examples in editions.asked(earlier, "f" * 64, wrong, has_cases=True)] == [("row 2: case 7",)]


def test_only_the_newest_sendings_of_an_agency_are_kept():
    book = Sendings()
    for number in range(MOST_OF_AN_AGENCY + 2):
        book.apply(sending(number).key, encode(sending(number)))
    book.apply(f"{AGENCY}/bad", b"{}")
    assert list(book.too_many(AGENCY)) == [sending(1).key, sending(0).key]
    book.apply(sending(0).key, None)
    assert len(book.of(AGENCY)) == MOST_OF_AN_AGENCY + 1


def test_the_edition_of_an_export_that_comes_back_orders_no_case_of_it(client, broker, tmp_path):
    exchange, path = Exchange(), tmp_path / "back.xlsx"
    exchange.send(json.dumps(SEIZURE).encode())
    exported("aitr", exchange.cases.values(), path)
    found = client.post("/v1/messages", **sheet(path.read_bytes())).json()
    assert (found["sent"], found["refused"]) == (1, 0), found
    assert [name for letter in broker.letters for name, _ in letter.headers] == ["correlation_id"]
    assert "mekong-edition" not in dict(broker.headers)
