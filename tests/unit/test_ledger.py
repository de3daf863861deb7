"""Messages and receipts are matched by topic and offset, whichever comes first."""

from __future__ import annotations

from mekong.deploy.cli.account import say
from mekong.producers.answer import Answer, answer
from mekong.producers.ledger import MOST_NOTICES, Ledger, Ref, Rejection
from mekong.producers.report import as_json, as_lines, as_text
from mekong.schemas.receipts import Notice, Outcome, Receipt
from mekong.schemas.rejected import Reason, Rejected
from mekong.schemas.wire import encode

TOPIC = "in.VN-CUSTOMS.v1"


def ref(number: int) -> Ref:
    return Ref(number, f"line {number + 1}", "VN-CUSTOMS", f"c{number}")


def receipt(offset: int, outcome: Outcome = Outcome.ACCEPTED, **more) -> Answer:
    """As the exchange writes it, and a sender reads it."""
    fields = {
        "source_topic": TOPIC,
        "source_offset": offset,
        "agency": "VN-CUSTOMS",
        "received_at": "2026-11-22T00:00:00Z",
        "outcome": outcome,
    }
    return answer(encode(Receipt.model_validate({**fields, **more})))


def test_a_receipt_after_the_delivery_closes_the_message():
    ledger = Ledger()
    ledger.delivered(ref(0), TOPIC, 10)
    assert ledger.waiting == 1
    ledger.received(receipt(10))
    assert (ledger.waiting, ledger.answered) == (0, 1)
    assert ledger.finish().good


def test_a_receipt_before_the_delivery_closes_it_too():
    ledger = Ledger()
    ledger.received(receipt(10))
    ledger.delivered(ref(0), TOPIC, 10)
    ledger.all_delivered()
    assert (ledger.waiting, ledger.answered) == (0, 1)


def test_receipts_of_another_sending_are_passed_over():
    ledger = Ledger()
    ledger.received(receipt(9))
    ledger.delivered(ref(0), TOPIC, 10)
    ledger.all_delivered()
    ledger.delivered(ref(1), TOPIC, 9)
    assert (ledger.waiting, ledger.answered) == (2, 0)


def test_a_rejection_names_the_line_of_the_file():
    ledger = Ledger()
    ledger.delivered(ref(6), TOPIC, 1)
    ledger.received(receipt(1, Outcome.REJECTED, reason=Reason.UNKNOWN_CODE, field="lines.0.unit", detail="no such unit"))
    summary = ledger.finish()
    assert summary.refusals == [Rejection("line 7", "VN-CUSTOMS", "c6", Reason.UNKNOWN_CODE, "lines.0.unit", "no such unit")]
    assert not summary.good


def test_rejections_are_in_the_order_of_the_file():
    ledger = Ledger()
    for number in (10, 2, 9):
        ledger.rejected(Rejected(reason=Reason.NOT_JSON, detail="x", where=f"line {number}"))
    ledger.rejected(Rejected(reason=Reason.BAD_FILE, detail="x"))
    assert [refusal.where for refusal in ledger.finish().refusals] == ["", "line 2", "line 9", "line 10"]


def test_a_message_without_a_receipt_is_not_good():
    ledger = Ledger()
    ledger.delivered(ref(0), TOPIC, 1)
    summary = ledger.finish()
    assert (summary.unanswered, summary.good) == (1, False)


def an_account() -> Ledger:
    ledger = Ledger()
    ledger.summary.read = 4
    for number, outcome in enumerate((Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.CORRECTED)):
        ledger.delivered(ref(number), TOPIC, number)
        notice = Notice(code="unknown_field", field="x", detail="not known")
        ledger.received(receipt(number, outcome, warnings=(notice,) if number == 0 else ()))
    ledger.rejected(Rejected(reason=Reason.NOT_JSON, detail="no JSON", where="line 4"))
    ledger.summary.notes.append("look here")
    return ledger


def test_the_account_for_people_says_what_became_of_everything():
    text = as_text(an_account().finish(), "cases.jsonl")
    assert text.splitlines()[0] == "cases.jsonl: 4 read, 3 sent"
    for expected in ("accepted            1", "duplicate           1", "corrected           1", "rejected            1  (not_json 1)"):
        assert expected in text
    assert "taken with a notice: unknown_field 1" in text
    assert "line 1: unknown_field (x): not known" in text
    assert "note: look here" in text
    assert "line 4: not_json (message): no JSON" in text


def test_the_account_for_scripts_has_every_figure_and_rejection():
    found = as_json(an_account().finish(), "cases.jsonl")
    assert {key: found[key] for key in ("read", "sent", "accepted", "duplicate", "corrected", "stale", "withdrawn", "rejected")} == {
        "read": 4,
        "sent": 3,
        "accepted": 1,
        "duplicate": 1,
        "corrected": 1,
        "stale": 0,
        "withdrawn": 0,
        "rejected": 1,
    }
    assert found["rejected_by_reason"] == {"not_json": 1}
    assert found["rejections"][0]["where"] == "line 4"
    assert found["notices_by_code"] == {"unknown_field": 1}
    assert [(one["where"], one["case_no"], one["detail"]) for one in found["notices"]] == [("line 1", "c0", "not known")]


def test_of_very_many_notices_all_are_counted_and_the_first_are_kept_in_the_order_of_the_file():
    ledger = Ledger()
    notice = Notice(code="unknown_field", field="x", detail="not known")
    for number in reversed(range(MOST_NOTICES // 2 + 1)):
        ledger.delivered(ref(number), TOPIC, number)
        ledger.received(receipt(number, warnings=(notice, notice)))
    summary = ledger.finish()
    assert summary.noticed == {"unknown_field": MOST_NOTICES // 2 + 1}
    assert len(summary.remarks) == MOST_NOTICES
    assert summary.remarks[0].where == "line 2"


def test_what_was_sent_before_an_interruption_and_what_is_missing_is_said():
    ledger = Ledger()
    ledger.delivered(ref(0), TOPIC, 1)
    ledger.summary.resumed = 1
    lines = as_lines(ledger.finish(), "x")
    assert lines[0].endswith("1 sent, 1 of them before an interruption")
    assert any("no receipt" in line for line in lines)


def test_the_first_notices_are_shown_with_their_line_case_and_sentence(capsys):
    ledger = Ledger()
    for number in range(7):
        ledger.delivered(ref(number), TOPIC, number)
        ledger.received(receipt(number, warnings=(Notice(code="unknown_field", field="x", detail="is not a field"),)))
    assert say(ledger.finish(), "cases.jsonl", as_json=False, report=None) == 0
    shown = capsys.readouterr().out
    assert [line.split()[:4] for line in shown.splitlines() if "is not a field" in line] == [
        ["line", str(number + 1), f"c{number}", "unknown_field"] for number in range(5)
    ]
    assert "and more notices; --report FILE writes them" in shown


def test_a_stale_message_is_for_somebody_to_look_at_and_says_what_to_do(capsys, tmp_path):
    ledger = Ledger()
    for offset, detail in ((0, "say correction to go back to it"), (1, None)):
        ledger.delivered(ref(offset), TOPIC, offset)
        ledger.received(receipt(offset, Outcome.STALE, detail=detail))
    summary = ledger.finish()
    assert not summary.good
    assert say(summary, "a.csv", as_json=False, report=None) == 1
    shown = capsys.readouterr().out
    assert "look at it: the exchange has something newer" in shown
    for expected in ("line 1", "c0", "say correction to go back to it", "line 2", "c1", "send it as a correction"):
        assert expected in shown
    assert [one["case_no"] for one in as_json(summary, "a.csv")["stale_messages"]] == ["c0", "c1"]
    assert "line 1: stale (message): say correction to go back to it" in as_text(summary, "a.csv")
