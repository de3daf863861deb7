"""What one sheet, or one sender, may cost the gateway: charges, bounds of answers and records, and the order of editions."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from mekong.producers.gateway.quota import Limits, Quotas
from mekong.producers.gateway.sheets import history
from mekong.producers.gateway.sheets.history import Sendings
from mekong.producers.gateway.sheets.upload import Upload
from mekong.producers.gateway.shelf import Found
from mekong.schemas.sendings import MOST_BAD
from mekong.schemas.times import to_text
from mekong.schemas.wire import encode
from tests.unit.test_gateway import AGENCY, Past, problem
from tests.unit.test_gateway_sheets_sent import CSV, NOW, broker, client, sending, sheet

__all__ = ["broker", "client"]
HEAD = b"Case number,Date,Goods,Quantity,Unit\n"
ROWS = HEAD + b"".join(f"{number},2026-05-03,heroin,{number * number},kg\n".encode() for number in range(1, 60))
OWN = """title = "Mine."
[[columns]]
field = "case_no"
headings = ["Nr"]
[[columns]]
field = "seized_at"
headings = ["HEADING"]
[[columns]]
field = "substance_or_taxon"
headings = ["What"]
"""


def test_a_sheet_that_brings_its_agency_into_debt_is_still_sent(client, broker):
    """The debt delays the next sheet. The sheet that made it was read already: refused now, it is refused at each try."""
    broker.quotas = Quotas(Limits(6_000, 60), 0.0)
    answer = client.post("/v1/messages", **sheet(ROWS))
    assert (answer.status_code, len(broker.stored)) == (202, 59), answer.text
    problem(client.post("/v1/messages", **sheet(CSV)), 429)


def test_the_messages_of_a_sheet_are_charged_too(client, broker):
    size = len(ROWS) + 1_000  # the bucket is larger than the sheet, and smaller than the sheet with its messages
    broker.quotas = Quotas(Limits(6_000, size * 6), 0.0)
    assert client.post("/v1/messages", **sheet(ROWS)).status_code == 202
    assert broker.quotas._quotas[AGENCY]._left[1] < 0


def test_a_form_that_cannot_be_read_is_charged(client, broker):
    broker.quotas = Quotas(Limits(6_000, 60), 0.0)
    given = {"content": b"x" * 1_000, "headers": {"content-type": "multipart/form-data; boundary=x"}}
    problem(client.post("/v1/check", **given), 400, "bad_file")
    problem(client.post("/v1/check", **given), 429)


@pytest.mark.parametrize("query", ["edition=2026-11-01T08:00:00Z", "batch=may"])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/check"])
def test_a_sheet_with_an_edition_or_a_batch_is_refused(client, broker, path, query):
    found = problem(client.post(f"{path}?{query}", **sheet(CSV)), 400, "invalid_value")
    assert found["field"] == query.partition("=")[0]
    assert broker.stored == []


def test_the_history_has_a_few_of_the_bad_rows_and_the_number_of_the_others(client, broker):
    rows = ROWS + b"".join(f"B{number},soon,heroin,1,kg\n".encode() for number in range(150))
    answer = client.post("/v1/messages", **sheet(rows))
    assert answer.status_code == 202, answer.text
    (found,) = broker.history.book.of(AGENCY)
    assert (len(found.bad), found.more_bad, MOST_BAD) == (100, 50, 100)


class Later(Past):
    """Another request writes its record after the first look."""

    def __init__(self, record) -> None:
        super().__init__()
        self._record = record

    def sendings(self):
        found = self.book.copy()
        self.write(self._record)
        return found


def test_a_record_that_another_request_wrote_meanwhile_decides_the_edition(client, broker):
    upload = Upload(CSV)
    broker.history = Later(sending(0, id=upload.id, digest=upload.digest, edition=NOW, state="begun"))
    answer = client.post("/v1/messages", **sheet(CSV)).json()
    assert (answer["edition"], dict(broker.headers)["mekong-edition"].decode()) == (to_text(NOW), to_text(NOW))


def test_an_edition_of_a_wrong_clock_does_not_lock_the_agency_out(client, broker):
    ahead = datetime(2_200, 1, 1, tzinfo=UTC)
    broker.history.write(sending(1, at=NOW, edition=ahead))
    answer = client.post("/v1/messages", **sheet(CSV)).json()
    assert answer["edition"] < to_text(ahead)


def test_a_record_is_never_absent_while_it_is_replaced(monkeypatch):
    book, record, seen = Sendings(), sending(1), []
    book.apply(record.key, encode(record))
    earlier, decode = book.copy(), history.decode

    def decoding(value, kind):
        seen.append(book.one(AGENCY, record.id))
        return decode(value, kind)

    monkeypatch.setattr(history, "decode", decoding)
    book.apply(record.key, encode(sending(1, state="begun")))
    assert seen == [record]
    book.apply(record.key, None)
    assert (book.of(AGENCY), earlier.of(AGENCY)) == ([], [record])


def test_a_long_heading_is_cut_in_an_answer(client, broker):
    heading = "When " * 2_000
    own = OWN.replace("HEADING", heading.strip())
    rows = f"Nr,{heading},What\n".encode() + b"".join(f"{number},soon,heroin\n".encode() for number in range(9))
    files = {"file": ("a.csv", rows), "layout": ("l.toml", own)}
    findings = client.post("/v1/check", files=files).json()["findings"]
    assert (len(findings), {len(one["heading"]) for one in findings}) == (9, {200})
    refused = problem(client.post("/v1/messages", files=files), 422)["messages"]
    assert {len(one["field"]) for one in refused} == {200}


def test_a_receipt_whose_correlation_only_looks_like_ours_is_read_over(client, broker):
    record = sending(1)
    broker.history.write(record)
    ends = ("x", "", "²", "1" * 5_000, "2")

    async def read(topic, after, most, wait_s):
        base = {"source_topic": f"in.{AGENCY}.v1", "source_offset": 0, "outcome": "accepted"}
        found = [{**base, "correlation_id": f"sheet-{record.id}-{end}"} for end in ends]
        return Found([(17 + at, json.dumps(one).encode()) for at, one in enumerate(found)] if after < 17 else [], 17 + len(ends))

    broker.read = read
    (found,) = client.get("/v1/sendings").json()["sendings"]
    assert found["receipts"] == {"outcomes": {"accepted": 1}, "rejected": {}, "waiting": 0}


def test_a_layout_is_the_same_with_the_line_ends_of_a_browser():
    one, other = Upload(CSV, layout_text=OWN), Upload(CSV, layout_text=OWN.replace("\n", "\r\n"))
    assert (one.reading, one.layout_known_as) == (other.reading, other.layout_known_as)
