"""The body of a webhook, what its answer means, and the mail."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from html import escape
from pathlib import Path
from uuid import UUID

import pytest

from mekong.schemas.errors import Refused
from mekong.schemas.keys import Keys
from mekong.schemas.notifications import DeliveryState, Notification, Reason
from mekong.sinks.delivery.links import Links
from mekong.sinks.delivery.mail import compose, server_of
from mekong.sinks.delivery.payload import MOST_BYTES, MOST_ITEMS, body
from mekong.sinks.delivery.poster import asked_s, judged
from mekong.sinks.delivery.schedule import LONGEST_WAIT_S

ALERT = json.loads((Path(__file__).parents[1] / "examples" / "alerts" / "good" / "spike-open.json").read_text())


def notification(*items: dict[str, object], text: str = "Nine cases.\nTwice.\n\nMore.", language: str = "vi") -> Notification:
    return Notification(
        notification_id=UUID(int=5),
        subscription="duty",
        member="VN-CUSTOMS",
        reason=Reason.ALERT,
        raised_at=datetime(2026, 5, 3, 8, tzinfo=UTC),
        language=language,
        subject="Tăng đột biến: ma túy",
        text=text,
        items=items,
    )


def test_a_body_tells_the_alert_and_its_sentence_in_the_subscribers_language_but_no_case():
    found = json.loads(body(notification(ALERT)))
    assert found["type"] == "mekong.alert"
    assert found["timestamp"] == "2026-05-03T08:00:00+00:00"
    (item,) = found["data"]["items"]
    assert item["alert_id"] == ALERT["alert_id"]
    assert item["sentence"] == ALERT["sentences"]["vi"]
    assert not {"event_ids", "sql", "explain", "sentences"} & set(item)


def test_a_warning_goes_with_what_the_member_wrote():
    version = {
        "event_id": str(UUID(int=1)),
        "agency": "LA-CUSTOMS",
        "case_no": "W-1",
        "content": {"to": ["VN-CUSTOMS"]},
        "content_hash": "1:00",
    }
    (item,) = json.loads(body(notification(version)))["data"]["items"]
    assert item == {"event_id": str(UUID(int=1)), "agency": "LA-CUSTOMS", "case_no": "W-1", "content": {"to": ["VN-CUSTOMS"]}}


def test_a_body_is_the_same_at_every_attempt():
    assert body(notification(ALERT)) == body(Notification.model_validate_json(notification(ALERT).model_dump_json()))


def test_a_body_names_the_link_to_answer_by_where_there_is_one():
    link = Links("https://alerts.example.org", Keys.of("links to answers", b"hush")).link(notification(ALERT), 7)
    data = json.loads(body(notification(ALERT), link))["data"]
    assert data["answer_url"].startswith("https://alerts.example.org/v1/answers/duty.")
    assert data["answer_until"] == "2026-06-02T08:00:00+00:00"
    assert "answer_url" not in json.loads(body(notification(ALERT)))["data"]


def test_what_has_no_room_is_counted():
    many = json.loads(body(notification(*[ALERT] * (MOST_ITEMS + 3))))
    assert (len(many["data"]["items"]), many["data"]["more"]) == (MOST_ITEMS, 3)
    large = body(notification({"event_id": "x", "content": {"method_note": "x" * MOST_BYTES}}))
    assert len(large) < MOST_BYTES
    assert json.loads(large)["data"]["more"] == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, DeliveryState.SENT),
        (204, DeliveryState.SENT),
        (301, DeliveryState.RETRYING),
        (307, DeliveryState.RETRYING),
        (404, DeliveryState.RETRYING),
        (410, DeliveryState.PARKED),
        (500, DeliveryState.RETRYING),
    ],
)
def test_what_the_status_of_an_answer_means(status, state):
    assert judged(status).state is state


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("", 0.0),
        ("99999", LONGEST_WAIT_S),
        ("1000000", LONGEST_WAIT_S),
        ("9" * 400, LONGEST_WAIT_S),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("\u0661\u0662", 0.0),
        ("soon", 0.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60.0),
        ("Wednesday, 21-Oct-26 07:28:00 GMT", 60.0),
        ("Wed Oct 21 07:28:00 2026", 60.0),
        ("Wed, 21 Oct 2026 09:28:00 +0200", 60.0),
        ("Wed, 21 Oct 2026 07:26:00 GMT", 0.0),
        ("Fri, 21 Oct 2033 07:28:00 GMT", LONGEST_WAIT_S),
        ("Wed, 99 Oct 2026 99:28:00 GMT", 0.0),
    ],
)
def test_a_receiver_may_ask_for_a_wait_in_seconds_or_until_a_time(header, wait_s):
    assert asked_s(header, datetime(2026, 10, 21, 7, 27, tzinfo=UTC)) == wait_s
    assert judged(503, wait_s).wait_s == wait_s


def test_a_mail_has_the_words_in_plain_text_and_html_and_an_id_that_never_changes():
    mail = BytesParser(policy=policy.default).parsebytes(
        compose(notification(text="A <b> & c.\n\nMore."), "duty@example.org", "mekong@example.net").as_bytes()
    )
    assert mail["Subject"] == "Tăng đột biến: ma túy"
    assert mail["Message-ID"] == f"<{UUID(int=5)}@example.net>"
    assert mail["Content-Language"] == "vi"
    plain, html = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert plain.strip() == "A <b> & c.\n\nMore."
    assert ">A &lt;b&gt; &amp; c.</p>" in html
    assert '<html lang="vi">' in html


WEEKLY = Notification.model_validate_json((Path(__file__).parents[1] / "examples" / "notifications" / "good" / "weekly.json").read_bytes())


def test_a_webhook_has_the_figures_of_each_section_of_a_weekly_summary():
    found = json.loads(body(WEEKLY))
    assert found["type"] == "mekong.weekly"
    assert [one["section"] for one in found["data"]["items"]] == ["feed", "account"]
    assert found["data"]["items"][0]["figures"]["recent"] == {"messages": 340, "rejected": 12}


def test_a_mail_of_a_weekly_summary_has_a_row_for_each_section_and_marks_what_needs_a_look():
    mail = compose(WEEKLY, "duty@example.org", "exchange@example.org")
    plain, html = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert plain.startswith("What your agency sent\n- Rejected: 12 of 340 messages")
    for section in WEEKLY.items:
        assert f">{section['title']}</p>" in html
        for line in section["lines"]:
            (tag,) = re.findall(f"<p ([^>]*)>{re.escape(escape(line['text']))}</p>", html)
            assert ("font-weight:bold" in tag) is line["needs_a_look"]
    assert "- Rejected" not in html


def test_a_subject_cannot_add_a_header():
    mail = compose(notification().model_copy(update={"subject": "a\r\nBcc: x@example.org"}), "duty@example.org", "mekong@example.net")
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, None, None, False)),
        ("smtp://mail.example", ("mail.example", 587, None, None, False)),
        ("smtps://u%40x:p%3A@mail.example", ("mail.example", 465, "u@x", "p:", True)),
    ],
)
def test_the_address_of_a_mail_server(url, server):
    assert server_of(url) == server


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://x:port"])
def test_what_is_no_mail_server_is_refused(url):
    with pytest.raises(Refused, match="MEKONG_SMTP_URL"):
        server_of(url)
