"""A complete sheet over HTTPS withdraws what the edition before it had and it no longer has, after it was asked, and nothing else."""

from __future__ import annotations

import asyncio
import io
import json

import openpyxl
import pytest
from starlette.testclient import TestClient

from mekong.producers.gateway.application import application
from mekong.producers.gateway.parcels import Carried, Letter
from mekong.producers.gateway.problem import Problem, away
from mekong.producers.gateway.quota import Limits, Quotas
from mekong.producers.gateway.sheets.form import choice_of
from mekong.producers.gateway.sheets.past import WITHDRAWALS
from mekong.producers.gateway.shelf import Found
from mekong.schemas.sendings import MOST_WITHDRAWN, Sending
from mekong.schemas.tokens import text_of
from mekong.schemas.wire import decode, encode
from tests.unit.test_gateway import AGENCY, TEXT, Broker, problem, token
from tests.unit.test_gateway_sheets_sent import sheet

HEAD = b"Case number,Date,Goods,Quantity,Unit\n"
MANY = 40


def rows(*numbers: int, month: int = 5, quantity: str = "1") -> bytes:
    return b"".join(f"2026-{number},2026-{month:02}-03,heroin,{quantity},kg\n".encode() for number in numbers)


def table(*parts: bytes) -> bytes:
    return HEAD + b"".join(parts)


class Exchange(Broker):
    """Stores a message of a request once, as the courier does, and answers each with a receipt."""

    def __init__(self) -> None:
        super().__init__()
        self.quotas = Quotas(Limits(6_000_000, 5_000_000_000), 0.0)
        self.places: dict[tuple[str, int], int] = {}
        self.refused: set[str] = set()
        self.orders: dict[str, str] = {}
        self.answers = self.delivers = 1_000_000
        self.children.run = self.run

    async def run(self, agency, work, *args):
        return work(*args)

    async def deliver(self, letters, headers, key, receipts):
        found = {}
        earlier = frozenset(number for text, number in self.places if text == key.text)
        for letter in letters:
            stored = {number: place for (text, number), place in self.places.items() if text == key.text}
            if letter.stored(stored) is None:
                if len(self.stored) >= self.delivers:
                    raise away()
                self.places[key.text, letter.number] = len(self.stored)
                self.stored.append(letter.value)
                self.letters.append(letter)
                stored = {letter.number: self.places[key.text, letter.number]}
            found[letter.number] = letter.stored(stored)
        self.headers = [*headers, *(letters[0].headers if letters else ())]
        return Carried(found, 17, earlier)

    async def read(self, topic, after, most, wait_s):
        receipts = [json.dumps(self.receipt(at)).encode() for at in range(min(len(self.letters), self.answers))]
        found = [(17 + at, raw) for at, raw in enumerate(receipts)][max(0, after - 17) :][:most]
        return Found(found, found[-1][0] + 1 if found else max(after, 17))

    def receipt(self, at):
        letter, message = self.letters[at], json.loads(self.stored[at])
        kinds = {"withdrawal": "withdrawn", "seizure": "accepted"}
        outcome = "rejected" if letter.case_no in self.refused else kinds[message["message_type"]]
        place = {"source_topic": f"in.{AGENCY}.v1", "source_offset": at, "correlation_id": letter.correlation}
        if letter.case_no in self.orders:
            place |= {"sender_order": self.orders[letter.case_no]}
        return {**place, "case_no": letter.case_no, "outcome": outcome}

    @property
    def withdrawn(self) -> list[str]:
        return [found["case_no"] for raw in self.stored if (found := json.loads(raw))["message_type"] == "withdrawal"]


@pytest.fixture
def exchange():
    return Exchange()


@pytest.fixture
def client(exchange):
    return TestClient(application(exchange), headers={"authorization": f"Bearer {TEXT}"}, raise_server_exceptions=False)


def send(client, data: bytes, **more: str):
    return client.post("/v1/messages", **sheet(data, series="north", **more))


def confirmed(client, data: bytes, **more: str) -> dict:
    """Send it, and answer what is asked."""
    answer = send(client, data, **more)
    if answer.status_code == 409:
        asked = answer.json()
        more |= {"accept": asked["accept"]} | ({"withdraws": str(asked["withdraws"])} if "withdraws" in asked else {})
        answer = send(client, data, **more)
    assert answer.status_code == 202, answer.text
    return answer.json()


def test_what_would_be_withdrawn_is_named_and_asked_first_and_is_then_sent_last(client, exchange):
    send(client, table(rows(*range(MANY))))
    fewer = table(rows(*range(1, MANY)), rows(99))
    stored = len(exchange.stored)
    asked = problem(send(client, fewer, complete="file"), 409)
    (question,) = asked["questions"]
    assert question["question"].startswith("Cases of the sheet of ")
    assert question["question"].endswith("(1)")
    assert (question["examples"], "withdraws" in asked, len(exchange.stored)) == (["2026-0"], False, stored)
    sent = send(client, fewer, complete="file", accept=asked["accept"]).json()
    assert (sent["sent"], sent["withdrawals"]) == (MANY, [{"case_no": "2026-0", "id": f"in.{AGENCY}.v1@{len(exchange.stored) - 1}"}])
    assert json.loads(exchange.stored[-1])["message_type"] == "withdrawal"
    assert dict(exchange.headers)["mekong-edition"].decode() == sent["edition"]
    (newest, _) = client.get("/v1/sendings").json()["sendings"]
    assert (newest["withdrawn"], newest["sent"], newest["receipts"]["waiting"]) == (1, MANY, 0)
    assert newest["receipts"]["outcomes"] == {"accepted": MANY, "withdrawn": 1}


def test_the_same_form_again_stores_nothing_again_and_an_accept_of_another_sheet_does_not_hold(client, exchange):
    send(client, table(rows(*range(MANY))))
    fewer = table(rows(*range(1, MANY)))
    accept = send(client, fewer, complete="file").json()["accept"]
    first = send(client, fewer, complete="file", accept=accept).json()
    assert send(client, fewer, complete="file", accept=accept).json() == first
    assert exchange.withdrawn == ["2026-0"]
    other = table(rows(*range(2, MANY)))
    problem(send(client, other, complete="file", accept=accept), 409)
    assert exchange.withdrawn == ["2026-0"]


def test_a_check_says_how_many_cases_would_be_withdrawn_and_without_complete_that_they_stay(client, exchange):
    send(client, table(rows(*range(MANY))))
    fewer = sheet(table(rows(*range(1, MANY))), series="north", complete="file")
    found = client.post("/v1/check", **fewer).json()["withdrawals"]
    assert (found["count"], found["cases"], len(found["questions"]), "withdraws" in found) == (1, ["2026-0"], 1, False)
    notes = client.post("/v1/check", **sheet(table(rows(*range(1, MANY))), series="north")).json()["notes"]
    assert "They stay counted" in notes[-1]
    assert len(exchange.stored) == MANY


def test_a_large_share_needs_the_number_and_a_wrong_number_is_refused(client, exchange):
    send(client, table(rows(*range(MANY))))
    fewer = table(rows(*range(3, MANY)))
    asked = problem(send(client, fewer, complete="file"), 409)
    assert asked["withdraws"] == 3
    assert "more than 5 %" in asked["questions"][1]["question"]
    for number in ({}, {"withdraws": "2"}):
        assert problem(send(client, fewer, complete="file", accept=asked["accept"], **number), 409)["withdraws"] == 3
    assert exchange.withdrawn == []
    send(client, fewer, complete="file", accept=asked["accept"], withdraws="3")
    assert exchange.withdrawn == ["2026-0", "2026-1", "2026-2"]


def test_a_sheet_of_a_month_leaves_the_other_months_alone(client, exchange):
    send(client, table(rows(*range(MANY)), rows(*range(100, 100 + MANY), month=6)))
    june = table(rows(*range(101, 100 + MANY), month=6))
    confirmed(client, june, complete="month")
    assert exchange.withdrawn == ["2026-100"]


def test_a_row_with_a_fault_is_in_the_sheet_and_its_case_is_still_known_in_the_next_edition(client, exchange):
    send(client, table(rows(*range(MANY))))
    spoilt = table(b"2026-0,soon,heroin,1,kg\n", rows(*range(1, MANY)))
    confirmed(client, spoilt, complete="file")
    assert exchange.withdrawn == []
    confirmed(client, table(rows(*range(1, MANY), quantity="2")), complete="file")
    assert exchange.withdrawn == ["2026-0"]


def test_a_case_that_the_exchange_refused_is_not_withdrawn(client, exchange):
    exchange.refused = {"2026-0"}
    send(client, table(rows(*range(MANY))))
    confirmed(client, table(rows(*range(1, MANY))), complete="file")
    assert exchange.withdrawn == []


def test_a_row_without_a_number_and_an_edition_without_its_receipts_need_the_number(client, exchange):
    send(client, table(rows(*range(MANY))))
    asked = problem(send(client, table(b",2026-05-03,heroin,1,kg\n", rows(*range(1, MANY))), complete="file"), 409)
    assert "no case number that can be read" in asked["questions"][1]["question"]
    exchange.answers = MANY + 1
    send(client, table(rows(*range(MANY), quantity="2")))
    asked = problem(send(client, table(rows(*range(1, MANY), quantity="3")), complete="file"), 409)
    assert asked["questions"][1]["question"].startswith("An earlier sheet of this series was not sent to its end")
    assert asked["withdraws"] == 1


def test_a_series_of_which_nothing_was_sent_withdraws_nothing_and_asks(client, exchange):
    asked = problem(send(client, table(rows(1)), complete="file"), 409)
    assert (asked["withdraws"], asked["questions"][0]["question"][:23]) == (0, "No earlier sheet of thi")
    assert send(client, table(rows(1)), complete="file", accept=asked["accept"], withdraws="0").status_code == 202
    assert exchange.withdrawn == []


def test_another_series_is_left_alone_and_a_case_that_moved_to_it_needs_the_number(client, exchange):
    send(client, table(rows(*range(MANY))))
    south = client.post("/v1/messages", **sheet(table(rows(0, 500)), series="south"))
    assert south.status_code == 202
    asked = problem(send(client, table(rows(*range(1, MANY))), complete="file"), 409)
    assert asked["questions"][0]["examples"] == ["2026-0"]
    assert asked["questions"][1]["question"].startswith("Another sheet of your agency")
    assert exchange.withdrawn == []


def test_an_older_edition_withdraws_nothing(client, exchange):
    old = table(rows(*range(1, MANY)))
    send(client, table(rows(*range(MANY))))
    send(client, old)
    send(client, table(rows(*range(MANY), quantity="2")))
    assert "It withdraws nothing" in problem(send(client, old, complete="file"), 422, "invalid_value")["detail"]


def test_a_sheet_without_a_series_is_the_first_of_its_own(client, exchange):
    first = client.post("/v1/messages", **sheet(table(rows(*range(MANY))))).json()
    assert first["series"] == first["id"]
    fewer = table(rows(*range(1, MANY)))
    asked = problem(client.post("/v1/messages", **sheet(fewer, series=first["id"], complete="file")), 409)
    second = client.post("/v1/messages", **sheet(fewer, series=first["id"], complete="file", accept=asked["accept"])).json()
    assert (second["series"], exchange.withdrawn) == (first["id"], ["2026-0"])


def test_a_record_of_an_earlier_version_is_a_series_whose_months_are_not_known(client, exchange):
    first = client.post("/v1/messages", **sheet(table(rows(*range(MANY))))).json()
    (known,) = exchange.history.book.of(AGENCY)
    old = known.model_dump(mode="json", exclude={"series", "months", "spoilt", "withdraws"})
    exchange.history.book.apply(known.key, json.dumps(old).encode())
    assert decode(encode(known), Sending) == known
    fewer = table(rows(*range(1, MANY)))
    found = problem(client.post("/v1/messages", **sheet(fewer, series=first["id"], complete="month")), 422, "invalid_value")
    assert found["field"] == "complete"
    assert problem(client.post("/v1/messages", **sheet(fewer, series=first["id"], complete="file")), 409)["questions"]


def test_a_withdrawn_case_that_returns_is_asked_about(client, exchange):
    send(client, table(rows(*range(MANY))))
    confirmed(client, table(rows(*range(1, MANY))), complete="file")
    asked = problem(send(client, table(rows(*range(MANY)), rows(99))), 409)
    assert [one["examples"] for one in asked["questions"]] == [["row 2: case 2026-0"]]


@pytest.mark.parametrize("delivered", [0, 1, MANY - 1, MANY, MANY + 1])
def test_an_interrupted_sending_is_completed_by_the_same_form_with_the_same_withdrawals(client, exchange, delivered):
    send(client, table(rows(*range(MANY))))
    fewer = table(rows(*range(3, MANY)), rows(97, 98, 99))
    asked = send(client, fewer, complete="file").json()
    form = {"complete": "file", "accept": asked["accept"], "withdraws": "3"}
    exchange.delivers = MANY + delivered
    problem(send(client, fewer, **form), 503)
    exchange.delivers = 1_000_000
    sent = send(client, fewer, **form).json()
    assert (sent["sent"], len(sent["withdrawals"])) == (MANY, 3)
    assert exchange.withdrawn == ["2026-0", "2026-1", "2026-2"]
    assert len(exchange.stored) == 2 * MANY + 3
    assert {one["state"] for one in client.get("/v1/sendings").json()["sendings"]} == {"sent"}


def test_a_person_who_changes_the_mind_after_an_interruption_withdraws_nothing_more(client, exchange):
    send(client, table(rows(*range(MANY))))
    fewer = table(rows(*range(1, MANY)))
    accept = send(client, fewer, complete="file").json()["accept"]
    exchange.delivers = MANY + 5
    problem(send(client, fewer, complete="file", accept=accept), 503)
    exchange.delivers = 1_000_000
    assert send(client, fewer).json()["withdrawals"] == []
    assert exchange.withdrawn == []


def interrupted(client, exchange, data: bytes, stored: int, **more: str) -> dict:
    """A request that is confirmed, and of which only so many messages are stored."""
    asked = problem(send(client, data, **more), 409)
    exchange.delivers = len(exchange.stored) + stored
    number = {"withdraws": str(asked["withdraws"])} if "withdraws" in asked else {}
    problem(send(client, data, accept=asked["accept"], **number, **more), 503)
    exchange.delivers = 1_000_000
    return asked


def test_what_an_interrupted_request_wanted_to_withdraw_is_not_withdrawn_by_another_confirmation(client, exchange):
    send(client, table(rows(*range(MANY)), rows(*range(100, 100 + MANY), month=6)))
    june = table(rows(*range(101, 100 + MANY), month=6))
    assert interrupted(client, exchange, june, 5, complete="file")["withdraws"] == MANY + 1
    assert problem(send(client, june, complete="month"), 409)["questions"][0]["examples"] == ["2026-100"]
    sent = confirmed(client, june, complete="month")
    assert [one["case_no"] for one in sent["withdrawals"]] == exchange.withdrawn == ["2026-100"]
    newest = client.get("/v1/sendings").json()["sendings"][0]
    assert (newest["withdrawn"], newest["receipts"]["waiting"]) == (1, 0)


def test_an_interrupted_request_under_a_wrong_series_withdraws_nothing_under_the_right_one(client, exchange):
    send(client, table(rows(*range(MANY))))
    client.post("/v1/messages", **sheet(table(rows(*range(200, 200 + MANY))), series="south"))
    fewer = table(rows(*range(201, 200 + MANY)))
    interrupted(client, exchange, fewer, 1, complete="file")
    asked = problem(client.post("/v1/messages", **sheet(fewer, series="south", complete="file")), 409)
    answered = sheet(fewer, series="south", complete="file", accept=asked["accept"])
    assert client.post("/v1/messages", **answered).status_code == 202
    assert exchange.withdrawn == ["2026-200"]


def test_a_withdrawal_that_was_stored_stays_in_the_record_and_its_place_is_not_given_to_another_case(client, exchange):
    send(client, table(rows(*range(MANY)), rows(*range(100, 100 + MANY), month=6)))
    june = table(rows(*range(101, 100 + MANY), month=6))
    interrupted(client, exchange, june, MANY, complete="file")
    assert exchange.withdrawn == ["2026-0"]
    assert send(client, june).json()["withdrawals"] == []
    assert client.get("/v1/sendings").json()["sendings"][0]["withdrawn"] == 1
    sent = confirmed(client, june, complete="month")
    assert exchange.withdrawn == ["2026-0", "2026-100"]
    assert sent["withdrawals"] == [{"case_no": "2026-100", "id": f"in.{AGENCY}.v1@{len(exchange.stored) - 1}"}]
    newest = client.get("/v1/sendings").json()["sendings"][0]
    assert (newest["withdrawn"], newest["receipts"]["waiting"]) == (2, 0)


def test_a_sheet_that_has_withdrawn_keeps_that_in_its_record_when_it_is_sent_again_without_it(client, exchange):
    send(client, table(rows(*range(MANY))))
    fewer = table(rows(*range(1, MANY)))
    confirmed(client, fewer, complete="file")
    assert send(client, fewer).json()["withdrawals"] == []
    (newest, _) = client.get("/v1/sendings").json()["sendings"]
    assert (newest["withdrawn"], newest["receipts"]["waiting"], exchange.withdrawn) == (1, 0, ["2026-0"])


def test_one_sheet_withdraws_a_bounded_number_of_cases(client, exchange, monkeypatch):
    monkeypatch.setattr("mekong.producers.gateway.sheets.complete.MOST_WITHDRAWN", 2)
    assert MOST_WITHDRAWN == 1_000
    send(client, table(rows(*range(MANY))))
    problem(send(client, table(rows(*range(3, MANY))), complete="file"), 422, "too_large")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"complete": "year", "series": "x"}, "complete"),
        ({"complete": "file"}, "series"),
        ({"withdraws": "3"}, "withdraws"),
        ({"complete": "file", "series": "x", "withdraws": "-1"}, "withdraws"),
        ({"complete": "file", "series": "x", "withdraws": "\u0663"}, "withdraws"),
    ],
)
def test_a_choice_that_cannot_be_used_names_its_field(client, given, field):
    assert problem(client.post("/v1/messages", **sheet(table(rows(1)), **given)), 422, "invalid_value")["field"] == field


def test_a_token_that_may_not_read_sees_no_case_numbers_of_earlier_sheets(client, exchange):
    send(client, table(rows(*range(MANY))))
    text = text_of("4567cdef", "6" * 64)
    sender = token(text=text, scopes=("send",))
    exchange.book.apply(sender.key, encode(sender))
    only = {"authorization": f"Bearer {text}"}
    for path in ("/v1/messages", "/v1/check"):
        data = sheet(table(rows(*range(1, MANY))), series="north", complete="file")
        assert client.post(path, **data, headers=only).status_code == 403
    series = sheet(table(rows(*range(1, MANY))), series="north")
    assert client.post("/v1/check", **series, headers=only).json()["notes"] == []
    assert client.post("/v1/messages", **series, headers=only).status_code == 202


LAYOUT = 'title = "x"\n[[only]]\nheadings = ["Status"]\nvalues = ["final"]\n[skip]\nend = ["End of"]\n' + "".join(
    f'[[columns]]\nfield = "{name}"\nheadings = ["{heading}"]\n'
    for name, heading in (
        *(("case_no", "Case number"), ("seized_at", "Date"), ("substance_or_taxon", "Goods")),
        *(("quantity", "Quantity"), ("unit", "Unit")),
    )
)
REMARKS = b"Remark,Case number,Date,Goods,Quantity,Unit,Status\n"


def remarked(*numbers: int, remark: str = "", status: str = "final", day: str = "2026-05-03") -> bytes:
    return b"".join(f"{remark},2026-{number},{day},heroin,1,kg,{status}\n".encode() for number in numbers)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (remarked(0, remark="Total"), b""),
        (remarked(0, remark="Verified by HQ", day=""), b""),
        (remarked(0, status="under review"), b""),
        (b"", b"End of May,,,,,,\n" + remarked(0)),
    ],
)
def test_a_case_whose_row_is_passed_over_is_not_withdrawn(client, exchange, first, last):
    sent = send(client, REMARKS + remarked(*range(MANY)), layout=LAYOUT)
    assert sent.json()["sent"] == MANY
    now = REMARKS + first + remarked(*range(2, MANY)) + last
    asked = problem(send(client, now, layout=LAYOUT, complete="file"), 409)
    assert asked["questions"][0]["examples"] == ["2026-1"]
    assert confirmed(client, now, layout=LAYOUT, complete="file")["sent"] == MANY - 2
    assert exchange.withdrawn == ["2026-1"]


def test_a_row_that_is_passed_over_and_has_no_case_number_needs_the_number(client, exchange):
    send(client, REMARKS + remarked(*range(MANY)), layout=LAYOUT)
    now = REMARKS + remarked(*range(1, MANY)) + b"Total,,,,40,kg,\n"
    asked = problem(send(client, now, layout=LAYOUT, complete="file"), 409)
    assert asked["withdraws"] == 1
    assert (asked["questions"][1]["question"][:21], asked["questions"][1]["examples"]) == ("Rows were passed over", [f"row {MANY + 1}"])
    found = client.post("/v1/check", **sheet(now, layout=LAYOUT, series="north", complete="file")).json()["withdrawals"]
    assert found["withdraws"] == 1
    assert exchange.withdrawn == []


def book(*sheets: tuple[str, str, range]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, state, numbers in sheets:
        page = made.create_sheet(name)
        page.sheet_state = state
        page.append(["Case number", "Date", "Goods", "Quantity", "Unit"])
        for number in numbers:
            page.append([f"2026-{number}", "2026-05-03", "heroin", 1, "kg"])
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


@pytest.mark.parametrize("state", ["visible", "hidden", "veryHidden"])
def test_a_further_worksheet_needs_the_number(client, exchange, state):
    send(client, book(("All", "visible", range(MANY))))
    asked = problem(send(client, book(("May", "visible", range(1, MANY)), ("Late", state, range(1))), complete="file"), 409)
    assert asked["withdraws"] == 1
    assert asked["questions"][1]["question"].startswith("Further sheets of the workbook")
    assert exchange.withdrawn == []


def test_a_case_that_its_sender_orders_by_revisions_stays_and_is_named(client, exchange):
    exchange.orders = {
        "2026-0": "revision 3",
        "2026-1": "reported_at 2026-05-03T06:20:00.000000Z",
        "2026-2": "edition 2026-05-03T06:20:00Z",
    }
    send(client, table(rows(*range(MANY))))
    fewer = table(rows(*range(3, MANY)))
    asked = problem(send(client, fewer, complete="file"), 409)
    assert [one["examples"] for one in asked["questions"]] == [["2026-2"], ["2026-0", "2026-1"]]
    assert "They stay" in asked["questions"][1]["question"]
    confirmed(client, fewer, complete="file")
    assert exchange.withdrawn == ["2026-2"]


def test_an_edition_is_older_also_when_the_newer_one_was_not_sent_to_its_end(client, exchange):
    old = table(rows(*range(1, MANY)))
    send(client, table(rows(*range(MANY))))
    accept = problem(send(client, old, complete="file"), 409)["accept"]
    send(client, old)
    exchange.history.failing = 2
    problem(send(client, table(rows(*range(MANY), quantity="2"))), 503)
    problem(send(client, old, complete="file", accept=accept), 422, "invalid_value")
    assert exchange.withdrawn == []


def test_a_sheet_that_was_sent_stays_in_its_series(client, exchange):
    first = send(client, table(rows(1))).json()
    found = problem(client.post("/v1/messages", **sheet(table(rows(1)), series="nroth")), 422, "invalid_value")
    assert (found["field"], first["series"] in found["detail"]) == ("series", True)
    for series in ({}, {"series": first["series"]}, {"series": first["id"]}, {"series": "north"}):
        assert client.post("/v1/messages", **sheet(table(rows(1)), **series)).json()["series"] == first["series"]


def test_a_sheet_that_was_sent_without_a_series_may_join_one_until_another_edition_is_of_its_own(client, exchange):
    def post(number: int, **more: str):
        return client.post("/v1/messages", **sheet(table(rows(number)), **more))

    assert post(1).status_code == post(1, series="north").status_code == 202
    first = post(2).json()["id"]
    assert post(3, series=first).status_code == 202
    problem(post(2, series="north"), 422, "invalid_value")


@pytest.mark.parametrize("is_newer", [True, False])
@pytest.mark.parametrize("south", [rows(0, 500), b"2026-0,soon,heroin,1,kg\n" + rows(500), rows(*range(500, 504))])
def test_a_case_that_another_series_has_or_may_have_needs_the_number(client, exchange, monkeypatch, south, is_newer):
    monkeypatch.setattr("mekong.producers.gateway.sheets.editions.MOST_COMPARED", 3)
    if not is_newer:
        client.post("/v1/messages", **sheet(table(south), series="south"))
    monkeypatch.setattr("mekong.producers.gateway.sheets.editions.MOST_COMPARED", 2_000)
    assert send(client, table(rows(*range(MANY)))).status_code == 202
    if is_newer:
        monkeypatch.setattr("mekong.producers.gateway.sheets.editions.MOST_COMPARED", 3)
        client.post("/v1/messages", **sheet(table(south), series="south"))
    asked = problem(send(client, table(rows(*range(1, MANY))), complete="file"), 409)
    assert (asked["questions"][0]["examples"], asked["withdraws"]) == (["2026-0"], 1)


def test_a_case_that_was_sent_in_another_way_since_needs_the_number_and_stays_when_it_has_a_revision(client, exchange):
    send(client, table(rows(*range(MANY))))
    for case_no in ("2026-0", "2026-1"):
        exchange.letters.append(Letter(1, case_no, b"", ""))
        exchange.stored.append(json.dumps({"message_type": "seizure", "case_no": case_no}).encode())
    asked = problem(send(client, table(rows(*range(1, MANY))), complete="file"), 409)
    assert asked["questions"][1]["question"].startswith("Cases that would be withdrawn were sent in another way")
    assert asked["withdraws"] == 1
    exchange.orders = {"2026-0": "revision 1"}
    asked = problem(send(client, table(rows(*range(1, MANY))), complete="file"), 409)
    assert "have a revision" in asked["questions"][0]["question"]


def test_two_gateways_that_send_the_same_sheet_at_once_keep_what_one_of_them_has_withdrawn(client, exchange):
    other = TestClient(application(exchange), headers={"authorization": f"Bearer {TEXT}"}, raise_server_exceptions=False)
    send(client, table(rows(*range(MANY))))
    fewer = table(rows(*range(1, MANY)))
    accept = problem(send(client, fewer, complete="file"), 409)["accept"]
    deliver, answers = exchange.deliver, []

    async def while_the_other_sends(*args):
        if not answers:
            answers.append(None)
            answers[0] = await asyncio.to_thread(send, other, fewer, complete="file", accept=accept)
        return await deliver(*args)

    exchange.deliver = while_the_other_sends
    assert send(client, fewer).status_code == answers[0].status_code == 202
    newest = client.get("/v1/sendings").json()["sendings"][0]
    assert (exchange.withdrawn, newest["withdrawn"], newest["receipts"]["waiting"]) == (["2026-0"], 1, 0)


def test_two_gateways_that_begin_different_withdrawals_at_once_withdraw_each_case_once_and_both_know_it(client, exchange):
    other = TestClient(application(exchange), headers={"authorization": f"Bearer {TEXT}"}, raise_server_exceptions=False)
    send(client, table(rows(0, month=4), rows(*range(100, 100 + MANY))))
    fewer = table(rows(*range(101, 100 + MANY)))
    wanted = []
    for scope in ("file", "month"):
        asked = problem(send(client, fewer, complete=scope), 409)
        more = {"withdraws": str(asked["withdraws"])} if "withdraws" in asked else {}
        wanted.append({"complete": scope, "accept": asked["accept"], **more})
    write, answers = exchange.history.write, []

    def after_the_other(sending):
        if not answers:
            answers.append(None)
            answers[0] = send(other, fewer, **wanted[1])
        write(sending)

    exchange.history.write = after_the_other
    found = send(client, fewer, **wanted[0])
    assert found.status_code == answers[0].status_code == 202, (found.text, answers[0].text)
    assert sorted(exchange.withdrawn) == ["2026-0", "2026-100"]
    for one in (found.json(), answers[0].json()):
        for told in one["withdrawals"]:
            assert json.loads(exchange.stored[int(told["id"].rpartition("@")[2])])["case_no"] == told["case_no"]
    newest = client.get("/v1/sendings").json()["sendings"][0]
    assert (newest["withdrawn"], newest["receipts"]["waiting"], newest["receipts"]["outcomes"]["withdrawn"]) == (2, 0, 2)


@pytest.mark.parametrize("is_begun", [True, False])
def test_a_withdrawal_that_an_older_version_stored_is_known_by_its_place(client, exchange, monkeypatch, is_begun):
    send(client, table(rows(*range(MANY))))
    fewer = table(rows(*range(1, MANY)))
    accept = problem(send(client, fewer, complete="file"), 409)["accept"]
    with monkeypatch.context() as older:
        older.setattr("mekong.producers.gateway.sheets.delivering._number", lambda case_no: WITHDRAWALS + ["2026-0"].index(case_no))
        exchange.history.failing = 2 if is_begun else 0
        assert send(client, fewer, complete="file", accept=accept).status_code == (503 if is_begun else 202)
    if is_begun:
        assert send(client, fewer).json()["withdrawals"] == []
        assert client.get("/v1/sendings").json()["sendings"][0]["withdrawn"] == 1
    again = send(client, fewer, complete="file", accept=accept).json()
    newest = client.get("/v1/sendings").json()["sendings"][0]
    assert [one["case_no"] for one in again["withdrawals"]] == exchange.withdrawn == ["2026-0"]
    assert (newest["withdrawn"], newest["receipts"]["waiting"]) == (1, 0)


def test_a_case_that_is_refused_does_not_open_its_month(client, exchange):
    send(client, table(rows(*range(MANY)), rows(*range(100, 100 + MANY), month=6)))
    may = table(rows(*range(MANY)), rows(100, month=6, quantity="99999999999999999"))
    assert client.post("/v1/check", **sheet(may, series="north", complete="month")).json()["withdrawals"]["count"] == 0
    assert confirmed(client, may, complete="month")["withdrawals"] == []


def test_the_name_of_a_series_is_the_same_however_its_letters_are_written_and_bounded(client):
    written = [client.post("/v1/messages", **sheet(table(rows(1)), series=name)) for name in ("Phòng", "Pho\u0300ng\u200b")]
    assert written[0].json()["series"] == written[1].json()["series"]
    with pytest.raises(Problem):
        choice_of({"series": "x" * 101})
