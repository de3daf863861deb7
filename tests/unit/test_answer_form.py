"""A form in, the answer or what is wrong with it out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import pytest

from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.sinks.delivery.answers.form import Wrong, about, fields, forms_of, read
from mekong.sinks.delivery.words import SAID

ALERT = json.loads((Path(__file__).parents[1] / "examples" / "alerts" / "good" / "spike-open.json").read_text())
NOW = datetime(2026, 5, 3, 9, tzinfo=UTC)
FORM = "nonce-of-a-page"


def notification(*items: dict[str, object]) -> Notification:
    return Notification(
        notification_id=UUID(int=5), subscription="duty", member="VN-CUSTOMS", reason=Reason.ALERT, raised_at=NOW, language="en",
        subject="Spike", text="Nine cases.", items=items,
    )  # fmt: skip


ONE = notification(ALERT)
TWO = notification(ALERT, {**ALERT, "series": "network/drug"})
MUTE = {"kind": "mute", "series": "VN-CUSTOMS/drug", "until": "2026-05-10", "text": "known operation"}


def answer(given: dict[str, str], to: Notification = ONE, now: datetime = NOW) -> Answer:
    found = read({"form": FORM, **given}, about(to), now)
    assert isinstance(found, Answer), found
    return found


def wrong(given: dict[str, str], to: Notification = ONE) -> str:
    found = read({"form": FORM, **given}, about(to), NOW)
    assert isinstance(found, Wrong), found
    assert set(SAID[found.sentence]) == {"en", "vi", "zh"}
    return found.sentence


def test_each_form_becomes_its_answer():
    seen = answer({"kind": "acknowledge"})
    assert (seen.subscription, seen.notification_id, seen.kind, seen.at) == ("duty", UUID(int=5), AnswerKind.ACKNOWLEDGE, NOW)
    judged = answer({"kind": "verdict", "verdict": "explained", "text": " a festival \r\n"})
    assert (judged.verdict, judged.text, judged.series) == ("explained", "a festival", None)
    muted = answer(MUTE)
    assert (muted.series, muted.until, muted.text) == ("VN-CUSTOMS/drug", datetime(2026, 5, 11, tzinfo=UTC), "known operation")
    assert answer({"kind": "note", "text": "第一行\r\n第二行\x00"}).text == "第一行\n第二行"


def test_the_same_form_sent_again_is_the_same_answer_and_any_other_is_not():
    later = NOW.replace(hour=23)
    ids = [answer(MUTE).answer_id, answer(MUTE, now=later).answer_id]
    assert ids[0] == ids[1]
    others = [answer({**MUTE, "until": "2026-05-12"}), answer({**MUTE, "form": "nonce-of-another"}), answer({"kind": "acknowledge"})]
    assert len({ids[0], *(one.answer_id for one in others)}) == 4


def test_a_verdict_may_be_on_one_alert_of_several():
    assert answer({"kind": "verdict", "verdict": "real", "series": "network/drug"}, TWO).series == "network/drug"
    assert answer({"kind": "verdict", "verdict": "real", "series": ""}, TWO).series is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "bad_kind"),
        ({"kind": "test"}, "bad_kind"),
        ({"kind": "acknowledge", "form": ""}, "bad_form"),
        ({"kind": "acknowledge", "form": "<script>alert(1)"}, "bad_form"),
        ({"kind": "verdict"}, "bad_verdict"),
        ({"kind": "verdict", "verdict": "maybe"}, "bad_verdict"),
        ({"kind": "verdict", "verdict": "real", "series": "LA-CUSTOMS"}, "bad_series"),
        ({**MUTE, "series": "LA-CUSTOMS"}, "bad_series"),
        ({**MUTE, "series": ""}, "bad_series"),
        ({**MUTE, "text": " \r\n "}, "bad_text"),
        ({**MUTE, "until": ""}, "bad_until"),
        ({**MUTE, "until": "soon"}, "bad_until"),
        ({**MUTE, "until": "2026-05-02"}, "bad_until"),
        ({**MUTE, "until": "2027-05-04"}, "bad_until"),
        ({"kind": "note"}, "bad_text"),
        ({"kind": "note", "text": "x" * 1_001}, "bad_length"),
        ({"kind": "note", "text": "call +84 912 345 678"}, "bad_identifier"),
    ],
)
def test_what_is_no_answer_is_refused_with_a_sentence(given, said):
    assert wrong(given) == said


@pytest.mark.parametrize("until", ["2026-05-03", "2027-05-03"])
def test_a_mute_ends_today_at_the_earliest_and_in_a_year_at_the_latest(until):
    assert answer({**MUTE, "until": until}).until is not None


def test_what_looks_like_an_identifier_is_recorded_when_the_writer_says_that_it_is_none():
    assert answer({"kind": "note", "text": "call +84 912 345 678", "sure": "1"}).text == "call +84 912 345 678"


def test_a_message_of_a_member_can_be_seen_and_noted_but_there_is_nothing_to_judge_or_mute():
    message = notification({"event_id": "e", "case_no": "W-1"})
    assert forms_of(message) == (AnswerKind.ACKNOWLEDGE, AnswerKind.NOTE)
    assert wrong({"kind": "verdict", "verdict": "real"}, message) == "bad_kind"


def test_a_body_that_is_no_form_has_no_fields():
    assert fields(urlencode({"text": "ghi chú ✓", "kind": "note"}).encode()) == {"text": "ghi chú ✓", "kind": "note"}
    for body in (b"\xff\xfe", b"a=1&" * 40, b"", b'{"kind":"note"}'):
        assert "kind" not in fields(body)
